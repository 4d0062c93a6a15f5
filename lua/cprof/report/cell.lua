-- Foreign text within a line of a report: a profile's names and comments may
-- hold line feeds, which would forge lines, and whatever steers a terminal.

local find, gsub = string.find, string.gsub

local M = {}


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


return M
