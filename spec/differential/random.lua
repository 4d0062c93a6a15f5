-- Random valid profiles, the same for a seed on every VM: all that readers of
-- pprof must cope with. Names without newlines, one string for each basename
-- of a mapping, so that a line of a report tells which row it is.

local wire = require "spec.wire"

local M = {}

local MODULUS, FACTOR = 2147483647, 16807 -- Park and Miller's generator

local NAMES = {
  "main", "main.work", "pkg.(*T).Method", "pkg.F[...]", "hot", "hot.inner",
  "std::vector<int>::push_back(int)", "operator()", "a/b.c", "runtime.goexit",
  "(anonymous namespace)::f(char const*)", "<lambda>", ".ppc", "M:f",
  "t[\"x\"]", "runtime.mallocgc", "malloc", "caf\195\169", "[gc]", "main@x.lua",
}
local FILES = {
  "", "x.lua", "./x.lua", "/src/a//b.c", "/src/a/b.c", "/src/../lib/m.go",
  "main.go", "/proc/self/cwd/w.c",
}
local OBJECTS = { "", "/usr/bin/prog", "/lib/libc.so.6", "[vdso]", "[lua]" }
local TYPES = {
  { "samples", "count" }, { "cpu", "nanoseconds" }, { "space", "bytes" },
  { "delay", "microseconds" }, { "things", "widgets" },
}
local KEYS = { "route", "thread", "kind" }
local TEXTS = { "/a", "/b", "/a/b", "x y", "caf\195\169", "1" }
local NUMBER_KEYS = { "bytes", "size", "latency", "request" }
local UNITS = { "", "bytes", "kilobytes", "ms", "requests" }
local DROP = { "malloc|runtime\\..*", "hot", "std::.*", "pkg\\.F.*" }
local KEEP = { "runtime\\.goexit", "hot\\.inner" }


-- below(n): 0 … n-1; pick(list): one of it.
local function new_dice(seed)
  local state = seed % (MODULUS - 1) + 1
  local dice = {}
  function dice.below(limit)
    state = state * FACTOR % MODULUS
    return state % limit
  end
  function dice.pick(list)
    return list[dice.below(#list) + 1]
  end
  function dice.chance(percent)
    return dice.below(100) < percent
  end
  for _ = 1, 3 do
    dice.below(2)
  end
  return dice
end


-- Ids need not be indices.
local function id_of(made, i)
  return made.stride * i
end


local function put_types(made)
  local dice, out = made.dice, made.out
  local first = dice.below(#TYPES)
  made.type_count = 1 + dice.below(3)
  for i = 1, made.type_count do
    local kind = TYPES[(first + i) % #TYPES + 1]
    out[#out + 1] = wire.bytes(1, wire.number(1, made.put(kind[1]))
      .. wire.number(2, made.put(kind[2])))
    if dice.chance(20) then
      made.default_type = kind[1]
    end
  end
end


local function put_mappings(made)
  local dice, out = made.dice, made.out
  made.mappings = dice.below(#OBJECTS)
  for i = 1, made.mappings do
    local flags = dice.below(16)
    out[#out + 1] = wire.bytes(3, wire.number(1, id_of(made, i))
      .. wire.number(2, i * 2 ^ 24) .. wire.number(3, i * 2 ^ 24 + 2 ^ 20)
      .. wire.number(4, dice.below(3) * 4096)
      .. wire.number(5, made.put(OBJECTS[i + 1]))
      .. wire.number(6, dice.chance(50) and made.put("id" .. i) or 0)
      .. wire.number(7, flags % 2) .. wire.number(8, dice.below(2))
      .. wire.number(9, dice.below(2)) .. wire.number(10, dice.below(2)))
  end
end


local function put_functions(made, size)
  local dice, out = made.dice, made.out
  made.functions = 1 + dice.below(size)
  for i = 1, made.functions do
    local name = dice.chance(95) and dice.pick(NAMES) or ""
    local system = dice.chance(50) and name or dice.chance(50) and "_Z" .. i
      or ""
    out[#out + 1] = wire.bytes(5, wire.number(1, id_of(made, i))
      .. wire.number(2, made.put(name)) .. wire.number(3, made.put(system))
      .. wire.number(4, made.put(dice.pick(FILES)))
      .. wire.number(5, name ~= "" and dice.below(3) * 10 or 0))
  end
end


local function lines_of(made)
  local dice, lines = made.dice, ""
  for _ = 1, dice.chance(70) and 1 or dice.below(4) do
    lines = lines .. wire.bytes(4,
      wire.number(1, id_of(made, 1 + dice.below(made.functions)))
      .. wire.number(2, dice.below(4) * 7))
  end
  return lines
end


local function put_locations(made, size)
  local dice, out = made.dice, made.out
  made.locations = 1 + dice.below(size)
  for i = 1, made.locations do
    local mapping = dice.below(made.mappings + 1)
    local address = mapping > 0 and mapping * 2 ^ 24 + dice.below(64) * 16
      or dice.below(3) * 4096
    out[#out + 1] = wire.bytes(4, wire.number(1, id_of(made, i))
      .. wire.number(2, mapping > 0 and id_of(made, mapping) or 0)
      .. wire.number(3, address) .. lines_of(made)
      .. wire.number(5, dice.chance(5) and 1 or 0))
  end
end


local function label(made, used)
  local dice, put = made.dice, made.put
  if dice.chance(60) then
    return wire.bytes(3, wire.number(1, put(dice.pick(KEYS)))
      .. wire.number(2, put(dice.pick(TEXTS))))
  end
  local key = dice.pick(NUMBER_KEYS)
  local unit = used[key] or dice.pick(UNITS)
  used[key] = unit
  return wire.bytes(3, wire.number(1, put(key))
    .. wire.number(3, (dice.below(9) - 2) * 512)
    .. wire.number(4, put(unit)))
end


-- The unit of a key is that of its first sample. Go 1.19 does not see one of
-- zeros, 1.26 does: such samples have no labels here.
local function is_zero(values)
  for _, value in ipairs(values) do
    if value ~= 0 then
      return false
    end
  end
  return true
end


local function put_samples(made, size)
  local dice, out = made.dice, made.out
  for _ = 1, dice.below(size + 1) do
    local ids, values, labels = {}, {}, ""
    for i = 1, dice.below(9) do
      ids[i] = id_of(made, 1 + dice.below(made.locations))
    end
    for i = 1, made.type_count do
      values[i] = dice.below(1000) * (dice.chance(10) and 0 or 1)
        * (dice.chance(made.negative) and -1 or 1) * 10 ^ dice.below(6)
    end
    local used = {}
    for _ = 1, is_zero(values) and 0 or dice.below(4) do
      labels = labels .. label(made, used)
    end
    out[#out + 1] = wire.bytes(2, wire.packed(1, ids)
      .. wire.packed(2, values) .. labels)
  end
end


local function put_rest(made)
  local dice, out, put = made.dice, made.out, made.put
  if dice.chance(30) then
    out[#out + 1] = wire.number(7, put(dice.pick(DROP)))
    out[#out + 1] = dice.chance(50) and wire.number(8, put(dice.pick(KEEP)))
      or ""
  end
  out[#out + 1] = wire.number(9, dice.below(2) * 1700000000 * 10 ^ 9)
  out[#out + 1] = wire.number(10, dice.below(3) * 10 ^ 9)
  out[#out + 1] = wire.bytes(11, wire.number(1, put("cpu"))
    .. wire.number(2, put("nanoseconds")))
  out[#out + 1] = wire.number(12, dice.below(3) * 10 ^ 7)
  for i = 1, dice.below(3) do
    out[#out + 1] = wire.packed(13, { put("comment " .. i) })
  end
  out[#out + 1] = wire.number(14, put(made.default_type))
end


--- A random profile, not gzipped.
---@param seed integer the same seed gives the same bytes
---@param salt? integer another one: other samples of the same functions
---@param size? integer about how much of everything, 40
---@return string bytes
function M.profile(seed, salt, size)
  local strings, put = wire.strings()
  local made = { dice = new_dice(seed), out = {}, put = put }
  size = size or 40
  made.stride = 1 + made.dice.below(3)
  made.negative = made.dice.chance(20) and 30 or 0
  put_types(made)
  put_mappings(made)
  put_functions(made, size)
  put_locations(made, size)
  if salt then
    made.dice = new_dice(seed * 1000 + salt)
  end
  put_samples(made, size)
  put_rest(made)
  for _, text in ipairs(strings) do
    made.out[#made.out + 1] = wire.bytes(6, text)
  end
  return table.concat(made.out)
end


return M
