-- JSON: what any report gives as data, and a document of a whole profile.
-- Pure; written here, not by lua-cjson, which keeps 14 digits of a number, and
-- writes {} for every empty table (2.1.0).
--
-- A table with keys 1..n is an array, any other an object, its keys sorted. An
-- empty one is [], but {} where a map of names is meant (MAPS). Whole numbers
-- are written with all their digits, beyond 2^53, too, where the VM has them:
-- a reader that keeps doubles rounds them itself. What JSON has no number for
-- (nan, inf) is null, bytes that are no UTF-8 are U+FFFD.

local budget = require "cprof.report.budget"
local frames = require "cprof.report.frames"

local floor, format, huge = math.floor, string.format, math.huge
local math_type = rawget(math, "type") -- 5.4 has integers

local M = {
  name = "json",
  summary = "print the whole profile as one JSON document",
  WITHOUT = { unit = true, granularity = true }, -- see cprof.profile
  OPTIONS = {
    {
      name = "stacks", type = "boolean", default = true,
      message = "with all stacks, not the head alone",
    },
  },
}

local WHOLE_MAX = 2 ^ 63 -- from here on no integer has been in a profile
local DEPTH_MAX = 100 -- a report is flat; a table that holds itself is not
local REPLACEMENT = "\239\191\189"

-- Fields that hold maps: from a name to a value.
local MAPS = { labels = true, units = true }


-- -------------------------------------------------------------- strings ----

local ESCAPES = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f",
  ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}

-- The well-formed sequences of more than a byte (Unicode, table 3-7).
local SEQUENCES = {
  "^[\194-\223][\128-\191]",
  "^\224[\160-\191][\128-\191]",
  "^[\225-\236\238\239][\128-\191][\128-\191]",
  "^\237[\128-\159][\128-\191]",
  "^\240[\144-\191][\128-\191][\128-\191]",
  "^[\241-\243][\128-\191][\128-\191][\128-\191]",
  "^\244[\128-\143][\128-\191][\128-\191]",
}


-- The last byte of the sequence that begins here, or nil.
local function sequence_end(text, at)
  for _, pattern in ipairs(SEQUENCES) do
    local _, last = text:find(pattern, at)
    if last then
      return last
    end
  end
end


--- A text whose bytes are UTF-8: every other byte is replaced by U+FFFD.
---@param text string
---@return string
function M.clean(text)
  local at = text:find("[\128-\255]")
  if not at then
    return text
  end
  local parts, from = {}, 1
  while at do
    local last = sequence_end(text, at)
    if not last then
      parts[#parts + 1] = text:sub(from, at - 1)
      parts[#parts + 1] = REPLACEMENT
      from = at + 1
    end
    at = text:find("[\128-\255]", (last or at) + 1)
  end
  parts[#parts + 1] = text:sub(from)
  return table.concat(parts)
end


local function escape(char)
  return ESCAPES[char] or format("\\u%04x", char:byte())
end


-- Zero bytes are spelled: LuaJIT's patterns take them, Lua 5.1's do not.
local function encode_string(text)
  return '"' .. M.clean(text):gsub('[%c"\\\127]', escape) .. '"'
end


-- -------------------------------------------------------------- numbers ----

local function encode_number(value)
  if math_type and math_type(value) == "integer" then
    return format("%d", value)
  elseif value ~= value or value == huge or value == -huge then
    return "null"
  elseif value == floor(value) and value > -WHOLE_MAX and value < WHOLE_MAX then
    return (format("%.0f", value):gsub("^%-0$", "0"))
  end
  return format("%.17g", value)
end


-- --------------------------------------------------------------- tables ----

local encoders


-- Appends the text of a value; `state` has the parts, the known strings, and
-- how many bytes may still be written.
local function put(state, value, key, depth)
  local encode = encoders[type(value)]
  if not encode then
    error("json.encode: a report holds a " .. type(value), 0)
  end
  encode(state, value, key, depth)
end


-- Once there are too many bytes nothing is kept any more.
local function add(state, text)
  local left = state.left - #text
  state.left = left
  if left >= 0 then
    local count = state.count + 1
    state.count = count
    state[count] = text
  end
end


-- Names and files come again and again.
local function put_string(state, value)
  local text = state.strings[value]
  if not text then
    text = encode_string(value)
    state.strings[value] = text
  end
  add(state, text)
end


-- Whether Lua itself writes this number as JSON has it.
local function is_plain(value)
  if math_type then
    return math_type(value) == "integer"
  end
  return value % 1 == 0 and value > -1e14 and value < 1e14
    and 1 / value ~= -huge -- it is no -0
end


-- The numbers of a list as one text, nil when it holds something else. Most
-- lists are those of stacks.
local function numbers_text(list)
  local count, parts = #list, list
  for i = 1, count do
    local value = list[i]
    if type(value) ~= "number" then
      return nil
    elseif parts == list and not is_plain(value) then
      parts = {}
    end
  end
  for i = 1, parts == list and 0 or count do
    parts[i] = encode_number(list[i])
  end
  return "[" .. table.concat(parts, ",", 1, count) .. "]"
end


local function put_array(state, list, depth)
  local numbers = numbers_text(list)
  if numbers then
    return add(state, numbers)
  end
  for i = 1, #list do
    add(state, i == 1 and "[" or ",")
    put(state, list[i], nil, depth)
  end
  add(state, "]")
end


local function key_text(key)
  return type(key) == "number" and encode_number(key) or tostring(key)
end


local function by_text(a, b)
  return key_text(a) < key_text(b)
end


local function put_object(state, map, depth)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys, by_text)
  for i, key in ipairs(keys) do
    add(state, i == 1 and "{" or ",")
    put_string(state, key_text(key))
    add(state, ":")
    put(state, map[key], key, depth)
  end
  add(state, "}")
end


local function is_array(map)
  local count = #map
  for key in pairs(map) do
    if type(key) ~= "number" or key < 1 or key > count or key % 1 ~= 0 then
      return false
    end
  end
  return true
end


local function put_table(state, map, key, depth)
  if depth > DEPTH_MAX then
    error("json.encode: tables within tables without end", 0)
  elseif next(map) == nil then
    add(state, MAPS[key] and "{}" or "[]")
  elseif is_array(map) then
    put_array(state, map, depth + 1)
  else
    put_object(state, map, depth + 1)
  end
end


encoders = {
  string = put_string,
  table = put_table,
  ["nil"] = function(state)
    add(state, "null")
  end,
  number = function(state, value)
    add(state, encode_number(value))
  end,
  boolean = function(state, value)
    add(state, tostring(value))
  end,
}


--- The JSON of what a report gives as data.
---@param data any tables, strings, numbers, booleans
---@param max? number of bytes; any number by default
---@return string|nil text one line, without a line end; nil when it is longer
function M.encode(data, max)
  local state = { strings = {}, count = 0, left = max or huge }
  put(state, data, nil, 1)
  return state.left >= 0 and table.concat(state, "", 1, state.count) or nil
end


-- ------------------------------------------------------------- document ----

-- The stacks with frames as numbers, from 0, of a list that is shared.
local function index_stacks(stacks)
  local list, index = frames.indexer()
  local known, out = {}, {}
  for i, stack in ipairs(stacks) do
    local numbers = known[stack.frames]
    if not numbers then
      numbers = {}
      for j, frame in ipairs(stack.frames) do
        numbers[j] = index(frame, frame)
      end
      known[stack.frames] = numbers
    end
    out[i] = {
      frames = numbers, labels = stack.labels, units = stack.units,
      values = stack.values,
    }
  end
  return list, out
end


--- The document: what the file is about, and its stacks.
---@param view table as `view.new` gives it
---@param asked table {stacks = true}
---@return table|nil data {info, sample = {index, type, unit, total},
---  frames = {{name, filename, start_line, line}}, stacks = {{frames =
---  {number from 0, leaf first}, values, labels, units}}}
---@return string? message
---@return string? code
function M.data(view, asked)
  local data = {
    info = view.info,
    sample = {
      index = view.index, type = view.type, unit = view.unit,
      total = view.total,
    },
  }
  if asked.stacks ~= false then
    local stacks, message, code = view.profile:stacks(view.index)
    if not stacks then
      return nil, message, code
    end
    data.frames, data.stacks = index_stacks(stacks)
  end
  return data
end


--- The document as a text.
---@param data table of `data`
---@return string|nil one line with its line end
---@return string? message
---@return string? code "limit": it would be too long
function M.text(data)
  local bytes = budget.of(data.stacks or {}, true)
  local text = M.encode(data, bytes)
  if not text then
    return budget.fail(bytes)
  end
  return text .. "\n"
end


return M
