-- Numbers as `go tool pprof` prints them: 1.50s, 512.01kB, 62.50%.
-- Pure; used by every report.

local abs, format = math.abs, string.format

local M = {}

-- Ascending; the first names of `aliases` are what pprof accepts in files.
local MEMORY = {
  fallback = "B",
  { name = "B", factor = 1 },
  { name = "kB", factor = 1024 },
  { name = "MB", factor = 1024 ^ 2 },
  { name = "GB", factor = 1024 ^ 3 },
  { name = "TB", factor = 1024 ^ 4 },
  { name = "PB", factor = 1024 ^ 5 },
}
local TIME = {
  fallback = "s",
  { name = "ns", factor = 1 },
  { name = "us", factor = 1e3 },
  { name = "ms", factor = 1e6 },
  { name = "s", factor = 1e9 },
  { name = "hrs", factor = 3600e9 },
}

-- Spelling in a profile -> family and factor.
local UNITS = {
  b = { MEMORY, 1 }, byte = { MEMORY, 1 }, bytes = { MEMORY, 1 },
  kb = { MEMORY, 1024 }, kilobyte = { MEMORY, 1024 },
  mb = { MEMORY, 1024 ^ 2 }, megabyte = { MEMORY, 1024 ^ 2 },
  gb = { MEMORY, 1024 ^ 3 }, gigabyte = { MEMORY, 1024 ^ 3 },
  ns = { TIME, 1 }, nanosecond = { TIME, 1 }, nanoseconds = { TIME, 1 },
  us = { TIME, 1e3 }, microsecond = { TIME, 1e3 },
  microseconds = { TIME, 1e3 },
  ms = { TIME, 1e6 }, millisecond = { TIME, 1e6 },
  milliseconds = { TIME, 1e6 },
  s = { TIME, 1e9 }, sec = { TIME, 1e9 }, second = { TIME, 1e9 },
  seconds = { TIME, 1e9 },
}

-- Units that say nothing beside a number.
local SILENT = { count = true, sample = true, unit = true }


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


-- The entry of a family that fits: the one named `to`, else the largest in
-- which the value is at least 1, else the family's fallback.
local function family_unit(family, value, to)
  local best
  for _, unit in ipairs(family) do
    if unit.name == to then
      return unit
    elseif value >= unit.factor then
      best = unit
    end
  end
  return best or family_unit(family, value, family.fallback)
end


--- Scales a value to a unit.
---@param value number in `unit`
---@param unit string as in a profile: "nanoseconds", "bytes", "count"
---@param to? string a name such as "ms" or "kB"; the fitting one by default
---@return number scaled
---@return string unit "" for counts
function M.scale(value, unit, to)
  local known = UNITS[unit:lower()]
  if not known then
    return value, SILENT[unit] and "" or unit
  end
  local base = value * known[2]
  local chosen = family_unit(known[1], abs(base), to)
  return base / chosen.factor, chosen.name
end


--- A value with its unit, such as "1.50s", "10ms", "0".
---@param value number in `unit`
---@param unit string as in a profile
---@param to? string a name such as "ms"; the fitting one by default
---@return string
function M.label(value, unit, to)
  local scaled, name = M.scale(value, unit, to)
  local text = two_decimals(scaled):gsub("%.00$", "")
  if text == "0" or text == "-0" then
    return "0"
  end
  return text .. name
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
