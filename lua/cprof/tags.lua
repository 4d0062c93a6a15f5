-- Labels as filters see them, with the meanings of `go tool pprof`'s tagfocus,
-- tagignore, tagroot and tagleaf. Labels are what core.match_samples gives: a
-- list of {key =, str =} and {key =, num =, unit =}.

local core = require "cprof.core"
local regex = require "cprof.regex"
local units_of = require "cprof.units"

local format = string.format

local M = {}

-- Keys whose numbers are sizes though nothing says so.
local BYTES = { alignment = true, request = true }

local INT_MAX, INT_MIN = "9223372036854775807", "9223372036854775808"


-- ----------------------------------------------------------------- units ----

local function keep_unit(found, others, label)
  local key, unit = label.key, label.unit
  found[key] = found[key] or ""
  if unit == "" or found[key] == unit then
    return
  elseif found[key] == "" then
    found[key] = unit
  else
    others[key] = others[key] or {}
    others[key][unit] = true
  end
end


--- The unit of each key that has numbers: the first one that is said, else one
--- that the key is known for, else the key's own name.
---@param lists table[] labels of samples, each set of them once
---@return table<string, string> units
---@return table<string, table> others the other units of a key, a set
function M.units_of(lists)
  local found, others = {}, {}
  for _, labels in ipairs(lists) do
    for _, label in ipairs(labels) do
      if label.num then
        keep_unit(found, others, label)
      end
    end
  end
  for key, unit in pairs(found) do
    if unit == "" then
      found[key] = BYTES[key] and "bytes" or key
    end
  end
  return found, others
end


--- The same of a profile.
---@param profile userdata
---@return table<string, string>|nil units
---@return table<string, table>|string others or a message
---@return string? code "memory", "limit"
function M.units(profile)
  local lists = {}
  local _, message, code = core.match_samples(profile, function(labels)
    lists[#lists + 1] = labels
  end)
  if message then
    return nil, message, code
  end
  return M.units_of(lists)
end


-- ---------------------------------------------------------------- ranges ----

local function fits(sign, digits)
  digits = digits:gsub("^0+", "")
  local limit = sign == "-" and INT_MIN or INT_MAX
  return #digits < #limit or #digits == #limit and digits <= limit
end


-- "-12kb" as {value =, unit =}; nil when it is none, or nil and a message.
local function parse_bound(text)
  local sign, digits, unit = text:match("^([+-]?)([0-9]+)([A-Za-z]*)$")
  if not digits then
    return nil
  elseif not fits(sign, digits) then
    return nil, format("%s does not fit 64 bits", regex.show(sign .. digits))
  end
  local value = tonumber(digits) + 0.0
  return { value = sign == "-" and -value or value, unit = unit }
end


-- The texts of both bounds; "" for one that is left out.
local function split_range(text)
  local low, high = text:match("^([^:]*):([^:]*)$")
  if not low then
    return text, text
  end
  return low, high
end


-- Both bounds, false for one that is left out; nil when the text is no range,
-- or nil and a message.
local function parse_bounds(text)
  local low_text, high_text = split_range(text)
  if low_text == "" and high_text == "" then
    return nil
  end
  local low, high, message = false, false, nil
  if low_text ~= "" then
    low, message = parse_bound(low_text)
  end
  if low ~= nil and high_text ~= "" then
    high, message = parse_bound(high_text)
  end
  if low == nil or high == nil then
    return nil, message
  end
  return low, high
end


-- A function (value, unit) -> inside; nil when the text is no range, or nil
-- and a message. Both bounds are in the unit of the first.
local function parse_range(text)
  local low, high = parse_bounds(text)
  if low == nil then
    return nil, high
  end
  local first = low or high
  local _, unit = units_of.convert(first.value, first.unit, first.unit)
  local low_value = low and units_of.convert(low.value, low.unit, low.unit)
  local high_value, high_unit
  if high then
    high_value, high_unit = units_of.convert(high.value, high.unit, unit)
  end
  if high and high_unit ~= unit then
    return nil
  end
  return function(value, value_unit)
    local converted, name = units_of.convert(value, value_unit, unit)
    return name == unit and (not low or converted >= low_value)
      and (not high or converted <= high_value)
  end
end


local function in_range(key, is_inside, units)
  return function(labels)
    for _, label in ipairs(labels) do
      if label.num and (key == "" or label.key == key)
        and is_inside(label.num, units[label.key]) then
        return true
      end
    end
    return false
  end
end


-- --------------------------------------------------------------- patterns ----

local function compile_list(text)
  local matches = {}
  for part in (text .. ","):gmatch("([^,]*),") do
    local match, message, code = regex.compile(part)
    if not match then
      return nil, message, code
    end
    matches[#matches + 1] = match
  end
  return matches
end


local function any_matches(labels, key, match)
  for _, label in ipairs(labels) do
    if label.str and label.key == key and match(label.str) then
      return true
    end
  end
  return false
end


local function any_pair_matches(labels, match)
  for _, label in ipairs(labels) do
    if label.str and match(label.key .. ":" .. label.str) then
      return true
    end
  end
  return false
end


-- One pattern is enough for the values of a key; without a key, all of them
-- must match some "key:value".
local function matching(key, matches)
  if key ~= "" then
    return function(labels)
      for _, match in ipairs(matches) do
        if any_matches(labels, key, match) then
          return true
        end
      end
      return false
    end
  end
  return function(labels)
    for _, match in ipairs(matches) do
      if not any_pair_matches(labels, match) then
        return false
      end
    end
    return true
  end
end


--- Reads a filter of labels: "regex,regex", "key=regex,regex", or a range of
--- numbers, "32kb", ":64kb", "4mb:", "12kb:64mb", "key=:64kb".
---@param text string|function a function gets a sample's labels
---@param get_units fun(): table units as `M.units`; called for ranges only
---@return (fun(labels: table[]): boolean)|nil predicate
---@return string|boolean message or whether the text was read as a range
---@return string? code "range", "state", and those of get_units
function M.compile(text, get_units)
  if type(text) == "function" then
    return text, false
  end
  local key, value = text:match("^([^=]*)=(.*)$")
  key, value = key or "", value or text
  local is_inside, wrong = parse_range(value)
  if wrong then
    return nil, wrong, "range"
  elseif is_inside then
    local units, message, code = get_units()
    if not units then
      return nil, message, code
    end
    return in_range(key, is_inside, units), true
  end
  local matches, message, code = compile_list(value)
  if not matches then
    return nil, message, code
  end
  return matching(key, matches), false
end


-- ---------------------------------------------------------------- frames ----

local function number_text(value, unit)
  local text = units_of.label(value, "")
  return text == "0" and text or text .. unit
end


-- Numbers of a key, and whether any of them has a unit.
local function collect(labels, key)
  local texts, numbers, has_unit = {}, {}, false
  for _, label in ipairs(labels) do
    if label.key == key and label.str then
      texts[#texts + 1] = label.str
    elseif label.key == key then
      numbers[#numbers + 1] = label
      has_unit = has_unit or label.unit ~= ""
    end
  end
  return texts, numbers, has_unit
end


--- The values of a key as tagroot and tagleaf name a frame: texts first, then
--- numbers in the output unit, separated by commas; "" without any.
---@param labels table[]
---@param key string
---@param unit string of the output; "minimum" for the one that fits
---@return string
function M.text(labels, key, unit)
  local texts, numbers, has_unit = collect(labels, key)
  for _, label in ipairs(numbers) do
    texts[#texts + 1] = has_unit
      and number_text(units_of.convert(label.num, label.unit, unit))
      or number_text(label.num, "")
  end
  return table.concat(texts, ",")
end


--- The keys of a comma separated list.
---@param text string
---@return string[]
function M.keys(text)
  local keys = {}
  for key in text:gmatch("[^,]+") do
    keys[#keys + 1] = key
  end
  return keys
end


return M
