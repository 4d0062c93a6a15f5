-- What became of each function between two profiles, as a table, and which of
-- the differences chance explains.
--
-- The noise floor: a sampled value has a variance, which the core tells from
-- the sample counts; the difference of two values has the sum of theirs. One
-- that is within z standard deviations is marked: with z = 3, of the functions
-- that did not change about 1 in 370 goes unmarked.

local merge = require "cprof.merge"
local nodes = require "cprof.report.nodes"
local units = require "cprof.units"
local view_of = require "cprof.report.view"

local abs, format, sqrt = math.abs, string.format, math.sqrt

local M = {
  name = "compare",
  summary = "compare two profiles, noise marked",
  OPTIONS = {
    {
      name = "base", type = "profile", required = "profile",
      argname = "BASE", message = "the profile to compare with",
    },
    {
      name = "n", type = "number", default = 20, min = 1, max = 1000000,
      short = "n", argname = "N", message = "rows to show",
    },
    {
      name = "sort", type = "string", default = "flat",
      choices = { "flat", "cum" },
      message = "which value is compared",
    },
    {
      name = "granularity", type = "string", default = "filefunctions",
      choices = { "definitions", "functions", "filefunctions", "files",
        "lines", "addresses" },
      message = "what makes one row; a definition is another one when its "
        .. "file has changed above it",
    },
    {
      name = "z", type = "real", default = 3, min = 0, max = 100,
      argname = "Z", message = "standard deviations that chance is given",
    },
    {
      name = "normalize", type = "boolean", default = false,
      message = "scale the profile to the total of the base",
    },
  },
}


-- ----------------------------------------------------------------- data ----

-- The rows of a view with variances, {rows, total, noise}; nil, message, code.
local function load_side(view, factor)
  local rows, total, noise = view_of.rows(view, { noise = true })
  if not rows then
    return nil, total, noise
  end
  return { rows = rows, total = view.total * factor, noise = noise,
    factor = factor }
end


local function node_parts(row)
  return { row.name, row.filename, row.start_line or 0, row.line or 0,
    row.address or "", row.object or "" }
end


local function new_row(row)
  return {
    name = row.name, filename = row.filename, start_line = row.start_line,
    line = row.line, address = row.address, object = row.object,
    base = 0, value = 0, variance = 0,
  }
end


-- Adds the nodes of one side; `field` is "base" or "value".
local function add_side(found, list, side, field, sort)
  local factor, key_of = side.factor, found.key_of
  for _, node in ipairs(side.rows) do
    local key = key_of(node_parts(node))
    local row = found.rows[key]
    if not row then
      row = new_row(node)
      found.rows[key], list[#list + 1] = row, row
    end
    row["has_" .. field] = true
    row[field] = row[field] + node[sort] * factor
    row.variance = row.variance
      + (node[sort .. "_variance"] or 0) * factor * factor
  end
end


-- "gone" and "new" are functions that one of the profiles does not have.
local function state_of(row)
  if row.delta == 0 then
    return "same"
  elseif not row.has_base then
    return "new"
  elseif not row.has_value then
    return "gone"
  end
  return row.delta > 0 and "more" or "less"
end


local function is_noise(delta, variance, z)
  return delta ~= 0 and abs(delta) <= z * sqrt(variance)
end


-- What follows from the two values; is_noise is nil where it is not known.
local function finish_row(row, z, knows_noise)
  row.delta = row.value - row.base
  row.state = state_of(row)
  if knows_noise then
    row.is_noise = is_noise(row.delta, row.variance, z)
    row.deviation = sqrt(row.variance)
  end
  row.variance, row.has_base, row.has_value = nil, nil, nil
end


-- Where in a file a node is, for the order of those of one name.
local function place_text(row)
  return format("%.0f\0%.0f\0%s", row.start_line or 0, row.line or 0,
    row.address or "")
end


local function by_delta(a, b)
  if abs(a.delta) ~= abs(b.delta) then
    return abs(a.delta) > abs(b.delta)
  elseif a.name ~= b.name then
    return a.name < b.name
  elseif a.filename ~= b.filename then
    return a.filename < b.filename
  end
  local one, other = place_text(a), place_text(b)
  if one ~= other then
    return one < other
  end
  return (a.object or "") < (b.object or "")
end


-- The variance of a side's total: its flat values are apart from each other.
local function total_variance(side)
  local sum = 0
  for _, row in ipairs(side.rows) do
    sum = sum + (row.flat_variance or 0) * side.factor * side.factor
  end
  return sum
end


local function totals_of(base, new, z, knows_noise)
  local totals = { base = base.total, value = new.total,
    delta = new.total - base.total }
  if knows_noise then
    local variance = total_variance(base) + total_variance(new)
    totals.is_noise = is_noise(totals.delta, variance, z)
    totals.deviation = sqrt(variance)
  end
  return totals
end


-- Whether the base has the type that is compared, or nil, message, code.
local function check_type(view, base)
  local info = base:info()
  local ok, message, code = merge.check_common(view.info, info,
    "compare profiles of one kind")
  if not ok then
    return nil, message, code
  end
  local names = {}
  for i, kind in ipairs(info.sample_types) do
    if kind.type == view.type then
      return true
    end
    names[i] = kind.type
  end
  return nil, format("the base has no sample type %q (types: %s); choose one"
    .. " that both have", view.type, table.concat(names, ", ")), "range"
end


-- The view of the base, which is made like the profile's own.
local function base_view(view, asked)
  local ok, wrong, why = check_type(view, asked.base)
  if not ok then
    return nil, wrong, why
  end
  local alike = {}
  for name, value in pairs(asked) do
    alike[name] = value
  end
  alike.sample = view.type
  local other, message, code = view_of.new(asked.base, alike)
  if not other then
    return nil, "compare: base: " .. message, code
  end
  return other
end


-- Both sides in the units of `view`.
local function load_sides(view, asked)
  local other, message, code = base_view(view, asked)
  if not other then
    return nil, message, code
  end
  local factor = units.ratio(other.unit, view.unit)
  if not factor then
    return nil, format("compare: the base has %s/%s, the profile %s/%s",
      other.type, other.unit, view.type, view.unit), "format"
  end
  local scale = 1
  if asked.normalize and view.total ~= 0 then
    scale = other.total * factor / view.total
  end
  local base, new
  base, message, code = load_side(other, factor)
  if not base then
    return nil, message, code
  end
  new, message, code = load_side(view, scale)
  if not new then
    return nil, message, code
  end
  return base, new
end


--- The differences.
---@param view table as `view.new` gives it
---@param asked table {base = profile, sort = "flat"|"cum", z = 3, normalize =
---  bool, and the options of every view, which the base gets, too}
---@return table|nil data {rows = {{name, filename, start_line, base, value,
---  delta, state = "new"|"gone"|"more"|"less"|"same", is_noise, deviation}},
---  totals = {base, value, delta, is_noise, deviation}, noise = "signals"|
---  "bytes"|"none", z}, all rows, the largest difference first; in the
---  profile's unit; is_noise and deviation (one standard deviation of delta)
---  are nil where the profiles do not tell their sample counts
---@return string? message
---@return string? code "format": the units do not go together
function M.data(view, asked)
  local base, new, code = load_sides(view, asked)
  if not base then
    return nil, new, code
  end
  local sort, z = asked.sort or "flat", asked.z or 3
  local knows_noise = base.noise == new.noise and new.noise ~= "none"
  local list, found = {}, { rows = {}, key_of = nodes.keyer() }
  add_side(found, list, base, "base", sort)
  add_side(found, list, new, "value", sort)
  for _, row in ipairs(list) do
    finish_row(row, z, knows_noise)
  end
  table.sort(list, by_delta)
  return {
    rows = list, totals = totals_of(base, new, z, knows_noise),
    noise = knows_noise and new.noise or "none", z = z,
  }
end


-- ----------------------------------------------------------------- text ----

local function delta_text(value, view, unit)
  return (value > 0 and "+" or "") .. units.label(value, view.unit, unit)
end


-- What there is no share of is "-".
local function signed_share(delta, total)
  if total == 0 then
    return format("%7s", "-")
  end
  local text = units.percentage(delta, total):gsub("^ +", "")
  local sign = delta > 0 and "+" or delta < 0 and "-" or ""
  return format("%7s", sign .. text)
end


-- The first n of the rows that differ, and how many do.
local function shown_rows(rows, n)
  local shown, count = {}, 0
  for _, row in ipairs(rows) do
    if row.delta ~= 0 then
      count = count + 1
      if count <= n then
        shown[count] = row
      end
    end
  end
  return shown, count
end


-- One unit for all numbers of the table.
local function common_unit(shown, totals, view)
  local rows = {}
  for i, row in ipairs(shown) do
    rows[i] = { flat = row.delta, cum = math.max(abs(row.base),
      abs(row.value)) }
  end
  return view_of.output_unit({
    output_unit = view.output_unit, unit = view.unit,
    total = math.max(abs(totals.base), abs(totals.value)),
  }, rows)
end


local function mark(entry)
  return entry.is_noise and "~" or " "
end


local function totals_line(totals, view, unit)
  local share = signed_share(totals.delta, totals.base):gsub("^ +", "")
  return format("Total: %s, base %s: %s%s%s",
    units.label(totals.value, view.unit, unit),
    units.label(totals.base, view.unit, unit),
    delta_text(totals.delta, view, unit),
    totals.base ~= 0 and " (" .. share .. ")" or "",
    totals.is_noise and " ~" or "")
end


-- What `~` means, or why it is not there.
local function noise_line(data)
  if data.noise == "none" then
    return "Noise: not known; these profiles count what no clock has sampled, "
      .. "or do not tell how"
  end
  return format("~ is within %g standard deviations of sampling: chance"
    .. " explains it", data.z)
end


-- The rows that are shown, below a line of their columns.
local function add_table(lines, shown, data, view, unit)
  lines[#lines + 1] = format("%10s %10s %10s   %7s %-5s %s", "base", "value",
    "delta", "of base", "state", "name")
  local label = nodes.namer(data.rows, view.granularity)
  for _, row in ipairs(shown) do
    lines[#lines + 1] = format("%10s %10s %10s %s %s %-5s %s",
      units.label(row.base, view.unit, unit),
      units.label(row.value, view.unit, unit),
      delta_text(row.delta, view, unit), mark(row),
      signed_share(row.delta, data.totals.base), row.state, label(row))
  end
end


--- The report: the rows that differ, each difference with its share of the
--- base's total.
---@param data table of `data`
---@param view table the same
---@param asked table {n = 20}
---@return string lines, each with its line end
function M.text(data, view, asked)
  local shown, count = shown_rows(data.rows, asked.n or 20)
  local unit = common_unit(shown, data.totals, view)
  local lines = { "Type: " .. view.type, totals_line(data.totals, view, unit) }
  if count == 0 then
    lines[#lines + 1] = "no differences"
    return table.concat(lines, "\n") .. "\n"
  end
  lines[#lines + 1] = noise_line(data)
  if #shown < count then
    lines[#lines + 1] = format("Showing top %d of %d differences", #shown,
      count)
  end
  add_table(lines, shown, data, view, unit)
  return table.concat(lines, "\n") .. "\n"
end


return M
