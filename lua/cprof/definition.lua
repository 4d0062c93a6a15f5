-- The name that a line of Lua source gives to the function defined on it.
-- Pure text work for cprof.names; knows no file and no VM.
--
--   local function f · function M.f · function M:f
--   f = function · M.f = function · t["x"] = function · x = x or function
--
-- Several functions of one line cannot be told apart by (source, line): none of
-- them gets a name.

local M = {}

local NAME_MAX = 200 -- bytes; what is longer is no name
local LEFT_MAX = 400 -- bytes looked at before the keyword
local WORD = "[%a_\128-\255][%w_\128-\255]*"
local PATH_END = "[%w_%.:\128-\255]+$"


-- The end of the string that opens with a quote at this position.
local function quote_end(line, at)
  local quote, pos = line:sub(at, at), at + 1
  while true do
    local hit = line:find("[\\" .. quote .. "]", pos)
    if not hit then
      return #line
    elseif line:sub(hit, hit) == quote then
      return hit
    end
    pos = hit + 2
  end
end


-- The end of the long bracket that opens at this position, or nil.
local function bracket_end(line, at)
  local level = line:match("^%[(=*)%[", at)
  if level then
    local _, stop = line:find("]" .. level .. "]", at, true)
    return stop or #line
  end
end


-- Where the string or comment that opens here ends, and what covers it.
local function opaque_end(line, at)
  local char = line:sub(at, at)
  if char == "-" then
    if line:sub(at + 1, at + 1) == "-" then
      return bracket_end(line, at + 2) or #line, " "
    end
  elseif char == "[" then
    return bracket_end(line, at), "\1"
  else
    return quote_end(line, at), "\1"
  end
end


-- The line with comments blanked and strings covered, byte for byte as long.
local function mask(line)
  local out, pos = {}, 1
  while true do
    local at = line:find("[\"'%[%-]", pos)
    if not at then
      out[#out + 1] = line:sub(pos)
      return table.concat(out)
    end
    local stop, cover = opaque_end(line, at)
    out[#out + 1] = line:sub(pos, at - 1)
    out[#out + 1] = stop and cover:rep(stop - at + 1) or line:sub(at, at)
    pos = (stop or at) + 1
  end
end


-- `["x"]` as ".x"; other keys as they are written.
local function key_text(key)
  local quoted = key:match("^%s*[\"'](.*)[\"']%s*$")
  if quoted and quoted:match("^" .. WORD .. "$") then
    return "." .. quoted
  end
  return "[" .. key .. "]", not quoted
end


-- The expression that ends this text, `M.x`, `t["x"]`: what is assigned to.
local function target_name(masked, raw)
  local name, needs_base, last = "", false, #masked
  while true do
    local at = masked:sub(1, last):find("%b[]$")
    if not at then
      break
    end
    local text, indexed = key_text(raw:sub(at + 1, last - 1))
    name, needs_base, last = text .. name, indexed, at - 1
  end
  local base = masked:sub(1, last):match(PATH_END) or ""
  if needs_base and base == "" then
    return nil
  end
  return (((base .. name):gsub("^[%.:]+", "")))
end


-- The text up to the `=` whose right side begins with this function.
local function assigned_part(masked)
  return masked:match("^(.*[^=<>~])=%s*$")
    or masked:match("^(.*[^=<>~])=[^=][^(){},]*%f[%w_]or%s*$")
    or masked:match("^(.*[^=<>~])=[^=][^(){},]*%f[%w_]and%s*$")
end


-- What comes before `function`: an assignment or a table field.
local function assigned_name(masked, raw)
  local left = assigned_part(masked)
  if not left then
    return nil
  end
  local listed = left:match("%f[%w_]local%s+(" .. WORD .. ")%s*,[%w_%s,]*$")
  if listed then
    return listed
  end
  left = left:gsub("%s+$", ""):gsub("%s*<%s*%a+%s*>$", "")
  return target_name(left, raw:sub(1, #left))
end


-- What comes after `function`: the name of a statement.
local function statement_name(masked)
  return masked:match("^%s+([%a_\128-\255][%w_%.:\128-\255]*)%s*%(")
end


-- The name of the definition whose keyword lies at first..last.
local function keyword_name(masked, raw, first, last)
  local from = math.max(1, first - LEFT_MAX)
  local name = statement_name(masked:sub(last + 1))
    or assigned_name(masked:sub(from, first - 1), raw:sub(from))
  if name and name ~= "" and #name <= NAME_MAX then
    return name
  end
end


-- The bytes of the keyword at or after this position, or nil.
local function find_keyword(masked, pos)
  return masked:find("%f[%w_]function%f[^%w_]", pos)
end


--- The name of the function that is defined on a line.
---@param line? string the line of the source, without its end
---@param previous? string the line before it, read when an assignment may
---  have begun there
---@return string|nil name "f", "M.f", "M:f"; nil when it has none
---@return boolean? is_shared several functions are defined on the line
function M.parse(line, previous)
  if not line then
    return nil
  end
  local masked, pos = mask(line), 1
  if previous and masked:match("^%s*function%s*%(") then
    line, masked = previous .. " " .. line, mask(previous) .. " " .. masked
    pos = #previous + 2
  end
  local first, last = find_keyword(masked, pos)
  if not first then
    return nil
  elseif find_keyword(masked, last + 1) then
    return nil, true
  end
  return keyword_name(masked, line, first, last)
end


return M
