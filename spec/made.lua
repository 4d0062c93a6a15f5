-- Profiles as a spec writes them down, their bytes made without cprof. Not a
-- spec. A profile is a list of samples:
--
--   made.profile({
--     { "main;work@a.lua:7;leaf@a.lua", 10 },
--     { "main;inner|outer@b.lua#x.so", 20, { url = "/a", n = { 3, "kb" } } },
--     drop_frames = "malloc",
--   })
--
-- A sample is
--   stack   "root;…;leaf", or "" for none
--   value   a number, or a list of one for each type
--   labels  {key = value}, a value being a text, a number or {number, unit};
--           where keys repeat or have an order a list of {key, value, unit}
-- A frame is
--   name@file:line    a function and its line; @file and :line may be absent
--   inner|outer       inner is inlined in outer: one location
--   …#object          the location has an address in this file; "#object"
--                     alone has no function
--   …#[object]        in what is no file, as cprof's own "[lua]": no addresses,
--                     but all names
-- Equal frames are one location, equal "name@file" one function.
--
-- Beside the samples, all absent unless given:
--   types         {{type, unit}, …}; else samples/count and cpu/nanoseconds
--                 where values are lists, cpu/nanoseconds where they are not
--   period_type   {type, unit}, with `period`
--   default       the name of the default type
--   time          when, in ns since 1970, and `duration`, in ns
--   comments      a list of texts
--   drop_frames, keep_frames  regular expressions

local wire = require "spec.wire"

local bytes, number = wire.bytes, wire.number

local M = {}

local CPU = { "cpu", "nanoseconds" }
local TYPES = { { "samples", "count" }, CPU }
local MAPPING_BYTES = 65536

-- Fields of a Profile.
local SAMPLE_TYPE, SAMPLE, MAPPING, LOCATION, FUNCTION = 1, 2, 3, 4, 5
local STRING, DROP_FRAMES, KEEP_FRAMES, TIME, DURATION = 6, 7, 8, 9, 10
local PERIOD_TYPE, PERIOD, COMMENT, DEFAULT = 11, 12, 13, 14


-- Ids from 1 by key; `make(id, key)` makes the entry of a new one.
local function new_ids(make)
  local ids, count = {}, 0
  return function(key)
    if not ids[key] then
      count = count + 1
      ids[key] = count
      make(count, key)
    end
    return ids[key]
  end
end


local function is_file(object)
  return object and not object:find("^%[")
end


-- A message in the making: its parts in `out`, its strings, and `put(text)`,
-- which gives a string's index.
local function new_writer()
  local writer = { out = {} }
  writer.strings, writer.put = wire.strings()
  return writer
end


local function add(writer, field, value)
  writer.out[#writer.out + 1] = bytes(field, value)
end


-- A function's id by "name@file".
local function function_ids(writer)
  local put = writer.put
  return new_ids(function(id, text)
    local name, file = text:match("^(.*)@(.*)$")
    add(writer, FUNCTION, number(1, id) .. number(2, put(name or text))
      .. number(4, put(file)))
  end)
end


local function mapping_ids(writer)
  return new_ids(function(id, object)
    local start = id * MAPPING_BYTES
    add(writer, MAPPING, number(1, id) .. number(5, writer.put(object))
      .. (is_file(object)
        and number(2, start) .. number(3, start + MAPPING_BYTES - 1)
        or number(7, 1) .. number(8, 1) .. number(9, 1) .. number(10, 1)))
  end)
end


-- A location's id by "inner@file:line|outer#object".
local function location_ids(writer)
  local function_id, mapping_id = function_ids(writer), mapping_ids(writer)
  return new_ids(function(id, text)
    local frames, object = text:match("^(.*)#(.*)$")
    local mapping = object and mapping_id(object) or 0
    local address = is_file(object) and mapping * MAPPING_BYTES + id or 0
    local out = { number(1, id), number(2, mapping), number(3, address) }
    for frame in (frames or text):gmatch("[^|]+") do
      local name, line = frame:match("^(.*@.*):(%d+)$")
      out[#out + 1] = bytes(4, number(1, function_id(name or frame))
        .. number(2, tonumber(line)))
    end
    add(writer, LOCATION, table.concat(out))
  end)
end


-- Labels as a list of {key, value, unit}: those of a map by key, so that bytes
-- are the same on every VM.
local function label_list(labels)
  local list, keys = {}, {}
  for key in pairs(labels) do
    keys[#keys + 1] = type(key) == "string" and key or nil
  end
  table.sort(keys)
  for i, key in ipairs(keys) do
    local value = labels[key]
    list[i] = type(value) == "table" and { key, value[1], value[2] }
      or { key, value }
  end
  for _, label in ipairs(labels) do
    list[#list + 1] = label
  end
  return list
end


local function label_of(put, label)
  local value = label[2]
  return number(1, put(label[1]))
    .. (type(value) == "string" and number(2, put(value)) or number(3, value))
    .. number(4, put(label[3]))
end


local function values_of(sample)
  return type(sample[2]) == "table" and sample[2] or { sample[2] }
end


local function add_sample(writer, location_id, sample)
  local ids = {}
  for text in sample[1]:gmatch("[^;]+") do
    table.insert(ids, 1, location_id(text))
  end
  local out = { wire.packed(1, ids), wire.packed(2, values_of(sample)) }
  for _, label in ipairs(label_list(sample[3] or {})) do
    out[#out + 1] = bytes(3, label_of(writer.put, label))
  end
  add(writer, SAMPLE, table.concat(out))
end


local function types_of(given)
  if given.types then
    return given.types
  end
  return given[1] and type(given[1][2]) == "table" and TYPES or { CPU }
end


local function value_type(put, kind)
  return number(1, put(kind[1])) .. number(2, put(kind[2]))
end


local function add_head(writer, given)
  local put = writer.put
  for _, kind in ipairs(types_of(given)) do
    add(writer, SAMPLE_TYPE, value_type(put, kind))
  end
  if given.period_type then
    add(writer, PERIOD_TYPE, value_type(put, given.period_type))
  end
  local comments = {}
  for i, comment in ipairs(given.comments or {}) do
    comments[i] = put(comment)
  end
  writer.out[#writer.out + 1] = number(DROP_FRAMES, put(given.drop_frames))
    .. number(KEEP_FRAMES, put(given.keep_frames))
    .. number(TIME, given.time) .. number(DURATION, given.duration)
    .. number(PERIOD, given.period) .. wire.packed(COMMENT, comments)
    .. number(DEFAULT, put(given.default))
end


--- The bytes of a profile, not gzipped.
---@param given table see above
---@return string
function M.bytes(given)
  local writer = new_writer()
  local location_id = location_ids(writer)
  add_head(writer, given)
  for _, sample in ipairs(given) do
    add_sample(writer, location_id, sample)
  end
  for _, text in ipairs(writer.strings) do
    add(writer, STRING, text)
  end
  return table.concat(writer.out)
end


--- The same as a profile, with the methods of Lua. Needs the core.
---@param given table see above
---@return userdata
function M.profile(given)
  require "cprof"
  return assert(require("cprof.core").read(M.bytes(given)))
end


local function name_of(frame)
  return frame.name
end


--- "root;…;leaf" of a stack as profile:stacks gives it.
---@param stack table
---@param text_of? fun(frame: table): string a frame's name by default
---@return string
function M.path(stack, text_of)
  local texts, count = {}, #stack.frames
  for i, frame in ipairs(stack.frames) do
    texts[count - i + 1] = (text_of or name_of)(frame)
  end
  return table.concat(texts, ";")
end


-- "root;…;leaf key=value", labels sorted.
local function spell_stack(stack)
  local labels = {}
  for key, value in pairs(stack.labels) do
    labels[#labels + 1] = " " .. key .. "=" .. tostring(value)
  end
  table.sort(labels)
  return M.path(stack) .. table.concat(labels)
end


--- What a profile says: values by "root;…;leaf key=value", names only.
---@param profile userdata
---@return table<string, number[]>
function M.spell(profile)
  local says = {}
  for _, stack in ipairs(profile:stacks(1)) do
    local text = spell_stack(stack)
    assert(not says[text], text .. " is there twice")
    says[text] = stack.values
  end
  return says
end


return M
