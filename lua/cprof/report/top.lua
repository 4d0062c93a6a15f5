-- The table of `go tool pprof -top`: flat and cumulative values a function.
-- Where several functions have one name, which pprof adds up, each has a row of
-- its own and tells its place. Pure: rows, total and unit are handed in.

local path = require "cprof.path"
local units = require "cprof.report.units"
local format = string.format

local M = {}


-- pprof's order: the value, then the name, then the other value.
local function comparator(first, second)
  return function(a, b)
    local a1, b1 = math.abs(a[first]), math.abs(b[first])
    if a1 ~= b1 then
      return a1 > b1
    elseif a.name ~= b.name then
      return a.name < b.name
    end
    local a2, b2 = math.abs(a[second]), math.abs(b[second])
    if a2 ~= b2 then
      return a2 > b2
    elseif a.filename ~= b.filename then
      return a.filename < b.filename
    end
    return a.start_line < b.start_line
  end
end

local ORDERS = {
  flat = comparator("flat", "cum"),
  cum = comparator("cum", "flat"),
}


local function share(value, total)
  return total == 0 and 0 or value / total
end


--- The first rows in order, with shares.
---@param rows table[] {name, filename, start_line, flat, cum}, any order
---@param total number of all samples
---@param options table {n = integer, sort = "flat"|"cum"}
---@return table[] copies with flat_share, sum_share, cum_share (1 is all)
function M.rows(rows, total, options)
  local sorted, out, sum = {}, {}, 0
  for i, row in ipairs(rows) do
    sorted[i] = row
  end
  table.sort(sorted, ORDERS[options.sort])
  for i = 1, math.min(options.n, #sorted) do
    local row = sorted[i]
    sum = sum + row.flat
    out[i] = {
      name = row.name, filename = row.filename, start_line = row.start_line,
      flat = row.flat, cum = row.cum, flat_share = share(row.flat, total),
      sum_share = share(sum, total), cum_share = share(row.cum, total),
    }
  end
  return out
end


-- pprof's "Showing nodes" lines.
local function summary(shown, count, view, unit)
  local sum = 0
  for _, row in ipairs(shown) do
    sum = sum + row.flat
  end
  local lines = {
    format("Showing nodes accounting for %s, %s of %s total",
      units.label(sum, view.unit, unit),
      (units.percentage(sum, view.total):gsub("^ +", "")),
      units.label(view.total, view.unit, unit)),
  }
  if #shown < count then
    lines[2] = format("Showing top %d nodes out of %d", #shown, count)
  end
  return lines
end


-- The name of each row as it is shown.
local function row_labels(rows)
  local counts = {}
  for _, row in ipairs(rows) do
    counts[row.name] = (counts[row.name] or 0) + 1
  end
  return function(row)
    if counts[row.name] == 1 then
      return row.name
    end
    return format("%s (%s:%.0f)", row.name, path.base(row.filename),
      row.start_line)
  end
end


local function row_line(row, label, sum, view, unit)
  local total = view.total
  return format("%10s %s %s %10s %s  %s",
    units.label(row.flat, view.unit, unit),
    units.percentage(row.flat, total), units.percentage(sum, total),
    units.label(row.cum, view.unit, unit),
    units.percentage(row.cum, total), label)
end


--- The report as lines.
---@param rows table[] as for `rows`
---@param view table {type = string, unit = string, total = number}
---@param options table {n = integer, sort = "flat"|"cum"}
---@return string[] lines without line ends
---@return integer head the number of the line with the column names
function M.lines(rows, view, options)
  local unit = units.common(rows, view.total, view.unit)
  local shown, sum = M.rows(rows, view.total, options), 0
  local lines = summary(shown, #rows, view, unit)
  table.insert(lines, 1, "Type: " .. view.type)
  local head = #lines + 1
  lines[head] = format("%10s %5s%% %5s%% %10s %5s%%",
    "flat", "flat", "sum", "cum", "cum")
  local label = row_labels(rows)
  for _, row in ipairs(shown) do
    sum = sum + row.flat
    lines[#lines + 1] = row_line(row, label(row), sum, view, unit)
  end
  return lines, head
end


return M
