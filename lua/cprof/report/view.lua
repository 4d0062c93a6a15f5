-- What every report starts from: the profile as the filters leave it, the
-- sample type, the unit, the granularity, and the total that shares are of.

local filter = require "cprof.filter"
local header = require "cprof.report.header"
local nodes = require "cprof.report.nodes"
local units = require "cprof.units"

local format = string.format

local M = {}

--- What every report takes: this, and the filters.
M.OPTIONS = {
  {
    name = "sample", type = "index", argname = "TYPE",
    message = "the sample type: its name, or its number from 1",
  },
  {
    name = "unit", type = "text", default = "minimum", argname = "UNIT",
    message = "the unit of values: ms, kB, …; minimum: one that fits all; "
      .. "auto: each its own",
  },
  {
    name = "granularity", type = "string", default = "definitions",
    choices = { "definitions", "functions", "filefunctions", "files", "lines",
      "addresses" },
    message = "what makes one row",
  },
  {
    name = "relative_percentages", type = "boolean", default = false,
    message = "shares of what the filters leave, not of the whole profile",
  },
}

for _, field in ipairs(filter.OPTIONS) do
  M.OPTIONS[#M.OPTIONS + 1] = field
end


-- --------------------------------------------------------- sample types ----

local function type_names(info)
  local names = {}
  for i, kind in ipairs(info.sample_types) do
    names[i] = kind.type
  end
  return table.concat(names, ", ")
end


--- The number of a sample type.
---@param info table as `profile:info()` gives it
---@param given? string|number its name or number; the profile's default else
---@return integer|nil index
---@return string? message
---@return string? code "range"
function M.find_index(info, given)
  given = given or info.default_index
  if not given then
    return nil, "the profile has no sample types", "range"
  end
  for i, kind in ipairs(info.sample_types) do
    if given == kind.type then
      return i
    end
  end
  local number = tonumber(given) -- a shell has no numbers but in strings
  if number and info.sample_types[number] then
    return number
  end
  return nil, format("no sample type %q (types: %s)", tostring(given),
    type_names(info)), "range"
end


-- -------------------------------------------------------------- filters ----

-- Whether the profile must be filtered: something is asked for that is not
-- the default, or the file itself names frames to drop.
local function is_filtered(info, asked)
  for _, field in ipairs(filter.OPTIONS) do
    local value = asked[field.name]
    if value ~= nil and value ~= "" and value ~= field.default then
      return true
    end
  end
  return (info.drop_frames or "") ~= "" and asked.drop_frames == true
end


-- The profile that is left, and warnings; nil, message, code.
local function filtered(profile, info, asked)
  if not is_filtered(info, asked) then
    return profile, {}
  end
  return filter.run(profile, asked)
end


-- The filters as pprof's header lists them.
local function active_filters(asked)
  local list = {}
  for _, field in ipairs(filter.OPTIONS) do
    local value = asked[field.name]
    if type(value) == "function" then
      value = "<function>"
    end
    if type(value) == "string" and value ~= "" then
      list[#list + 1] = field.name .. "=" .. value
    end
  end
  return list
end


-- ----------------------------------------------------------------- view ----

local function check_unit(unit)
  if unit ~= nil and not units.is_unit(unit) then
    return nil, format("no unit %q (units: auto, minimum, ns, us, ms, s, hrs, "
      .. "B, kB, MB, GB, TB, PB)", unit), "range"
  end
  return true
end


-- Sets what is said of one sample type; nil, message, code.
local function fill_values(view, asked, profile)
  local kind = view.info.sample_types[view.index]
  view.type, view.unit = kind.type, kind.unit
  local of = asked.relative_percentages and view.profile or profile
  local total, message, code = of:total(view.index)
  if not total then
    return nil, message, code
  end
  view.total = total
  return view
end


--- Makes a view.
---@param profile userdata
---@param asked table the values of `view.OPTIONS`, checked
---@param is_untyped? boolean a profile without sample types is allowed
---@return table|nil view {profile = what the filters leave, whole = what there
---  was before them, info = of the whole, index, type, unit, total = of the
---  whole profile unless relative_percentages, output_unit = "minimum"|"auto"|a
---  unit, granularity, filters = string[], warnings = string[]}; of an untyped
---  one index, type, unit are nil
---@return string? message
---@return string? code
function M.new(profile, asked, is_untyped)
  local info = profile:info()
  local ok, message, code = check_unit(asked.unit)
  if not ok then
    return nil, message, code
  end
  local left, warnings, why = filtered(profile, info, asked)
  if not left then
    return nil, warnings, why
  end
  local view = {
    profile = left, whole = profile, info = info, total = 0,
    output_unit = asked.unit or "minimum",
    granularity = asked.granularity or "definitions",
    filters = active_filters(asked), warnings = warnings or {},
  }
  if is_untyped and not info.sample_types[1] and not asked.sample then
    return view
  end
  view.index, message, code = M.find_index(info, asked.sample)
  if not view.index then
    return nil, message, code
  end
  return fill_values(view, asked, profile)
end


-- -------------------------------------------------------- for reports ----

--- The rows of a view.
---@param view table
---@param asked? table more of what `profile:rows` takes: {noise = true}
---@return table[]|nil rows, their total unless nil
---@return string|number message
---@return string? code
function M.rows(view, asked)
  return view.profile:rows({
    index = view.index, granularity = view.granularity,
    noise = asked and asked.noise,
  })
end


--- The unit in which values are printed that belong together.
---@param view table
---@param rows table[] with `flat` and `cum`
---@return string unit for `units.label`
function M.output_unit(view, rows)
  if view.output_unit and view.output_unit ~= "minimum" then
    return view.output_unit
  end
  return units.common(rows, view.total, view.unit)
end


-- --------------------------------------------------------------- summary ----

-- Every filter on a line of its own, cut.
local function add_filters(lines, filters)
  if not filters or #filters == 0 then
    return
  end
  lines[#lines + 1] = "Active filters:"
  for _, text in ipairs(filters) do
    lines[#lines + 1] = "   " .. (#text > 80 and text:sub(1, 80) .. "…"
      or text)
  end
end


local function sum_flat(rows)
  local sum = 0
  for _, row in ipairs(rows) do
    sum = sum + row.flat
  end
  return sum
end


--- What a table of nodes opens with: filters, how much of the total is shown,
--- and how many nodes are not.
---@param lines string[] to append to, without line ends
---@param view table
---@param data table {rows = those shown, count, dropped, output_unit,
---  nodefraction, sum = what is accounted for, by default that of the rows}
function M.add_summary(lines, view, data)
  local sum, unit = data.sum or sum_flat(data.rows), data.output_unit
  add_filters(lines, view.filters)
  lines[#lines + 1] = format("Showing nodes accounting for %s, %s of %s total",
    units.label(sum, view.unit, unit), header.share(sum, view.total),
    units.label(view.total, view.unit, unit))
  if view.total ~= 0 and data.dropped > 0 then
    lines[#lines + 1] = format("Dropped %d node%s (cum <= %s)", data.dropped,
      data.dropped == 1 and "" or "s",
      units.label(nodes.cutoff(view.total, data.nodefraction), view.unit,
        unit))
  end
  if view.total ~= 0 and #data.rows > 0 and #data.rows < data.count then
    lines[#lines + 1] = format("Showing top %d nodes out of %d", #data.rows,
      data.count)
  end
end


return M
