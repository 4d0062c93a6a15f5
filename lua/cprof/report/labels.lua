-- The labels of stacks as pprof reads and prints them.
--
-- A number without a unit of its own has that which other numbers of its key
-- have, else one that its key names ("bytes"), else none.

local tags = require "cprof.tags"
local units = require "cprof.units"

local M = {}

local function is_known(unit)
  return units.ratio(unit, "ns") ~= nil or units.ratio(unit, "B") ~= nil
end


-- Labels as a list. A key has one value, and where it has several the core
-- gives all of the sample's labels as `label_list`.
local function list_of(stack)
  if stack.label_list then
    return stack.label_list
  end
  local list, own_units = {}, stack.units or {}
  for key, value in pairs(stack.labels or {}) do
    list[#list + 1] = { key = key, value = value, unit = own_units[key] }
  end
  return list
end


--- The unit of each key that has numbers.
---@param sets table[] as `profile:label_sets()` gives them
---@return table<string, string> units "" where a number says all
function M.units(sets)
  local lists = {}
  for i, set in ipairs(sets) do
    lists[i] = set.labels
  end
  local found = tags.units_of(lists)
  for key, unit in pairs(found) do
    found[key] = is_known(unit) and unit or ""
  end
  return found
end


--- The labels of a stack, texts before numbers, each by key, the values of one
--- key as they came.
---@param stack table with `labels` and maybe `units`
---@return table[] labels {key = string, values = string[] or number[]}
function M.sorted(stack)
  local list, by_kind = {}, { string = {}, number = {} }
  for _, label in ipairs(list_of(stack)) do
    -- as for pprof, a number 0 that has no unit is no label
    if label.value ~= 0 or label.unit then
      local known = by_kind[type(label.value)]
      local entry = known[label.key]
      if not entry then
        entry = { key = label.key, values = {} }
        known[label.key], list[#list + 1] = entry, entry
      end
      entry.values[#entry.values + 1] = label.value
    end
  end
  table.sort(list, function(a, b)
    local a_kind, b_kind = type(a.values[1]), type(b.values[1])
    if a_kind ~= b_kind then
      return a_kind == "string"
    end
    return a.key < b.key
  end)
  return list
end


--- A value as it is printed: "GET", "512kB", "7".
---@param value string|number
---@param unit? string of a number; "" or nil: none
---@param to? string the unit to print it in; the fitting one by default
---@return string
function M.text(value, unit, to)
  if type(value) == "string" then
    return value
  end
  return units.label(value, unit == "" and "count" or unit or "count", to)
end


--- The characters of a text, which may be fewer than its bytes.
---@param text string
---@return integer
function M.width(text)
  local _, count = text:gsub("[^\128-\191]", "")
  return count
end


--- A text with blanks before it.
---@param text string
---@param width integer characters; a longer text stays as it is
---@return string
function M.pad(text, width)
  return (" "):rep(width - M.width(text)) .. text
end


return M
