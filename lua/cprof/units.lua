-- Units as pprof knows and converts them, and numbers as `go tool pprof` prints
-- them: 1.50s, 512.01kB, 62.50%. Pure.

local abs, format = math.abs, string.format

local M = {}

-- The families, each ascending: the name that is printed, the factor, and the
-- spellings in a profile, of which a plural is one, too. `fallback` is what a
-- value gets that no unit fits, or for which one of another family is wanted.
local FAMILIES = {
  {
    fallback = { name = "B", factor = 1 },
    { name = "B", factor = 1, "b", "byte" },
    { name = "kB", factor = 1024, "kb", "kbyte", "kilobyte" },
    { name = "MB", factor = 1024 ^ 2, "mb", "mbyte", "megabyte" },
    { name = "GB", factor = 1024 ^ 3, "gb", "gbyte", "gigabyte" },
    { name = "TB", factor = 1024 ^ 4, "tb", "tbyte", "terabyte" },
    { name = "PB", factor = 1024 ^ 5, "pb", "pbyte", "petabyte" },
  },
  {
    fallback = { name = "s", factor = 1e9 },
    { name = "ns", factor = 1, "ns", "nanosecond" },
    { name = "us", factor = 1e3, "us", "microsecond", "μs" },
    { name = "ms", factor = 1e6, "ms", "millisecond" },
    { name = "s", factor = 1e9, "s", "sec", "second" },
    { name = "hrs", factor = 3600e9, "hour", "hr" },
  },
  { -- Google's compute units
    fallback = { name = "GCU", factor = 1 },
    { name = "n*GCU", factor = 1e-9, "nanogcu" },
    { name = "u*GCU", factor = 1e-6, "microgcu" },
    { name = "m*GCU", factor = 1e-3, "milligcu" },
    { name = "GCU", factor = 1, "gcu" },
    { name = "k*GCU", factor = 1e3, "kilogcu" },
    { name = "M*GCU", factor = 1e6, "megagcu" },
    { name = "G*GCU", factor = 1e9, "gigagcu" },
    { name = "T*GCU", factor = 1e12, "teragcu" },
    { name = "P*GCU", factor = 1e15, "petagcu" },
  },
}

-- Spelling -> {family, unit}.
local UNITS = {}

for _, family in ipairs(FAMILIES) do
  for _, unit in ipairs(family) do
    UNITS[unit.name:lower()] = { family, unit }
    for _, spelling in ipairs(unit) do
      UNITS[spelling] = { family, unit }
    end
  end
end

-- Units that say nothing beside a number.
local SILENT = { count = true, sample = true, unit = true }

-- What may be asked for instead of a unit: the one that fits each value, and
-- the one that fits the smallest of a report.
local FITTING = { auto = true, minimum = true }


-- Family and unit of a spelling; nothing when there is none.
local function find(spelling)
  spelling = spelling:lower()
  if #spelling > 2 then
    spelling = spelling:gsub("s$", "")
  end
  local known = UNITS[spelling]
  if known then
    return known[1], known[2]
  end
end


-- LuaJIT rounds a tie up, C and Go to the even digit: ties of two significant
-- digits below 1.
local SMALL_TIES = { [0.0625] = 0.062, [0.125] = 0.12, [0.625] = 0.62 }


-- Two decimals; a tie, which is an odd number of eighths, to the even digit.
local function two_decimals(value)
  if value * 8 % 2 == 1 then
    local hundredths = math.floor(value * 100)
    value = (hundredths + hundredths % 2) / 100
  end
  return format("%.2f", value)
end


-- The largest unit of a family in which the value is at least 1.
local function fitting(family, value)
  local best = family.fallback
  for _, unit in ipairs(family) do
    if value >= unit.factor then
      best = unit
    end
  end
  return best
end


--- Whether a value can be printed in a unit.
---@param name string "ms", "kB", "seconds", "auto", "minimum"
---@return boolean
function M.is_unit(name)
  return FITTING[name] or SILENT[name] or find(name) ~= nil
end


--- What one of a unit is worth in another.
---@param from string
---@param to string
---@return number|nil ratio nil: they do not convert into each other
function M.ratio(from, to)
  local family, unit = find(from)
  local other_family, other = find(to)
  if from == to then
    return 1
  elseif family and family == other_family then
    return unit.factor / other.factor
  end
end


--- Scales a value to a unit.
---@param value number in `unit`
---@param unit string as in a profile: "nanoseconds", "bytes", "count"
---@param to? string such as "ms" or "kB"; "auto", "minimum" and nil: the
---  fitting one; one of another kind gives seconds or bytes
---@return number scaled
---@return string unit "" for counts
function M.scale(value, unit, to)
  local family, from = find(unit)
  if not family then
    return value, SILENT[unit] and "" or unit
  end
  local base = value * from.factor
  local chosen
  if to == nil or FITTING[to] then
    chosen = fitting(family, abs(base))
  else
    local to_family, wanted = find(to)
    chosen = to_family == family and wanted or family.fallback
  end
  return base / chosen.factor, chosen.name
end


--- As `scale`, but what has no known unit is taken to be in the unit asked for,
--- as pprof compares labels with ranges.
---@param value number
---@param from string its unit
---@param to string as for `scale`
---@return number converted
---@return string unit "" where it says nothing
function M.convert(value, from, to)
  value = value + 0.0 -- Go's float64; integers would wrap
  if find(from) then
    return M.scale(value, from, to)
  end
  return value, (SILENT[to] or FITTING[to]) and "" or to
end


--- A value with its unit, such as "1.50s", "10ms", "0".
---@param value number in `unit`
---@param unit string as in a profile
---@param to? string as for `scale`
---@return string
function M.label(value, unit, to)
  local scaled, name = M.scale(value, unit, to)
  local text = two_decimals(scaled):gsub("%.00$", "")
  if text == "0" or text == "-0" then
    return "0"
  end
  -- A unit is what a file says: a zero byte is none that `%10s` would take.
  return text .. name:gsub("%c", "?")
end


--- The share of a total, six characters wide: "62.50%", "  100%".
---@param value number
---@param total number 0 gives "    0%"
---@return string
function M.percentage(value, total)
  local ratio = total == 0 and 0 or abs(value / total) * 100
  if ratio >= 99.95 and ratio <= 100.05 then
    return "  100%"
  elseif ratio >= 1 then
    return format("%5s%%", two_decimals(ratio))
  end
  return format("%5.2g%%", SMALL_TIES[ratio] or ratio)
end


-- The smallest value of the rows that is not 0, flat before cum.
local function rows_smallest(rows, default)
  local smallest
  for _, row in ipairs(rows) do
    local value = abs(row.flat ~= 0 and row.flat or row.cum)
    if value > 0 and (not smallest or value < smallest) then
      smallest = value
    end
  end
  return smallest or default
end


--- The one unit in which pprof prints all rows of a report.
---@param rows table[] with `flat` and `cum`
---@param total number
---@param unit string of the values, as in a profile
---@return string unit to hand to `label`
function M.common(rows, total, unit)
  local smallest = rows_smallest(rows, total)
  local _, low = M.scale(smallest, unit)
  local _, high = M.scale(total, unit)
  if low ~= high and smallest * 100 < total then
    _, low = M.scale(smallest * 100, unit)
  end
  return low
end


return M
