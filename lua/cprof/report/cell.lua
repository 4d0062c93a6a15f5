-- Foreign text within a line of a report: a profile's names and comments may
-- be of any length, hold line feeds, which would forge lines, and whatever
-- steers a terminal.

local find, gsub = string.find, string.gsub

local M = {}

local TEXT_MAX = 4096 -- bytes of a name or a path


--- The text with every control character as "?", those of U+0080 to U+009F
--- among them.
---@param text string
---@return string
function M.plain(text)
  if not find(text, "[%c\194]") then
    return text
  end
  return (gsub(gsub(text, "%c", "?"), "\194[\128-\159]", "?"))
end


--- A long text without its middle; no character is cut.
---@param text string
---@return string of about 4 KiB at most
function M.short(text)
  if #text <= TEXT_MAX then
    return text
  end
  local half = TEXT_MAX / 2
  local first, last = half, #text - half + 1
  while first > half - 4 and find(text, "^[\128-\191]", first + 1) do
    first = first - 1
  end
  while last < #text - half + 4 and find(text, "^[\128-\191]", last) do
    last = last + 1
  end
  return text:sub(1, first) .. "…" .. text:sub(last)
end


return M
