-- A profile of very many distinct stacks, as the bytes of a profile.proto
-- message: no session takes so many samples in a test's time. Used by
-- spec/conformance/profiles.lua; the grammar is csrc/proto/profile.proto.

local char, floor = string.char, math.floor

local M = {}

local MS = 1000000
local BASE = 50 -- functions a level
local LEVELS = 4
local VARINT, BYTES = 0, 2 -- wire types


local function varint(value)
  local out = ""
  while value >= 128 do
    out = out .. char(value % 128 + 128)
    value = floor(value / 128)
  end
  return out .. char(value)
end


local function number(field, value)
  return varint(field * 8 + VARINT) .. varint(value)
end


local function bytes(field, value)
  return varint(field * 8 + BYTES) .. varint(#value) .. value
end


-- Strings by index, from 0, and the function that adds one.
local function new_strings()
  local list, index = { "" }, { [""] = 0 }
  return list, function(text)
    if not index[text] then
      index[text] = #list
      list[#list + 1] = text
    end
    return index[text]
  end
end


local function value_type(put, kind, unit)
  return number(1, put(kind)) .. number(2, put(unit))
end


-- The functions and locations that are used, one location a function.
local function add_tables(out, put, used)
  local file = put("generated.lua")
  for id = 1, LEVELS * BASE do
    if used[id] then
      out[#out + 1] = bytes(4, number(1, id) .. number(2, 1)
        .. bytes(4, number(1, id) .. number(2, id)))
      out[#out + 1] = bytes(5, number(1, id) .. number(2, put("f" .. id))
        .. number(4, file) .. number(5, id))
    end
  end
end


-- Sample `i`: the digits of i to the base BASE choose a function a level, so
-- that no two of BASE ^ LEVELS stacks are the same.
local function sample(i, used)
  local ids = ""
  for level = 0, LEVELS - 1 do
    local id = level * BASE + i % BASE + 1
    used[id] = true
    ids = ids .. varint(id)
    i = floor(i / BASE)
  end
  return bytes(2, bytes(1, ids) .. bytes(2, varint(1) .. varint(MS)))
end


--- A profile of so many distinct stacks, 1 ms each.
---@param count integer at most 6250000
---@return string bytes not gzipped
function M.stacks(count)
  local strings, put = new_strings()
  local used = {}
  local out = {
    bytes(1, value_type(put, "samples", "count")),
    bytes(1, value_type(put, "cpu", "nanoseconds")),
    bytes(3, number(1, 1) .. number(5, put("[lua]")) .. number(7, 1)
      .. number(8, 1) .. number(9, 1) .. number(10, 1)),
    number(9, 1700000000 * 1e9), number(10, count * MS),
    bytes(11, value_type(put, "cpu", "nanoseconds")), number(12, MS),
    number(13, put("cprof.made=spec")), number(14, put("cpu")),
  }
  for i = 0, count - 1 do
    out[#out + 1] = sample(i, used)
  end
  add_tables(out, put, used)
  for _, text in ipairs(strings) do
    out[#out + 1] = bytes(6, text)
  end
  return table.concat(out)
end


return M
