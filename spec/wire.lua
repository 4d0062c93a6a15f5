-- Spells the fields of a profile.proto byte by byte, without cprof: for
-- spec/made.lua and the random profiles of spec/differential. Numbers are
-- whole and below 2^53 in size; the grammar is csrc/proto/profile.proto. Not a
-- spec.

local char, floor = string.char, math.floor

local M = {}

local VARINT, BYTES = 0, 2 -- wire types
local HALF = 2 ^ 32
local LAST = 9 -- a varint has at most ten bytes of 7 bits


-- The two's complement of a negative number takes all ten bytes.
local function negative(value)
  local low = value % HALF
  local high = (floor(value / HALF)) % HALF
  local out = {}
  for i = 1, LAST do
    out[i] = char(low % 128 + 128)
    low = floor(low / 128) + high % 128 * 2 ^ 25
    high = floor(high / 128)
  end
  return table.concat(out) .. char(low % 128)
end


--- A varint.
---@param value integer
---@return string
function M.varint(value)
  if value < 0 then
    return negative(value)
  end
  local out = ""
  while value >= 128 do
    out = out .. char(value % 128 + 128)
    value = floor(value / 128)
  end
  return out .. char(value)
end


--- A field that is a number; nothing for 0, its default.
---@param field integer
---@param value integer|nil
---@return string
function M.number(field, value)
  if not value or value == 0 then
    return ""
  end
  return M.varint(field * 8 + VARINT) .. M.varint(value)
end


--- A field of bytes: a string, a message, packed numbers.
---@param field integer
---@param value string
---@return string
function M.bytes(field, value)
  return M.varint(field * 8 + BYTES) .. M.varint(#value) .. value
end


--- A field of packed numbers.
---@param field integer
---@param values integer[]
---@return string
function M.packed(field, values)
  local out = {}
  for i, value in ipairs(values) do
    out[i] = M.varint(value)
  end
  return #out == 0 and "" or M.bytes(field, table.concat(out))
end


--- A string table, and the function that gives a text's index in it.
---@return string[] list the first is index 0
---@return fun(text: string|nil): integer put
function M.strings()
  local list, index = { "" }, { [""] = 0 }
  return list, function(text)
    text = text or ""
    if not index[text] then
      index[text] = #list
      list[#list + 1] = text
    end
    return index[text]
  end
end


return M
