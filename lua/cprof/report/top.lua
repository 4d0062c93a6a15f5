-- The table of `go tool pprof -top`: flat and cumulative values of each node.
-- Definitions of one name, which pprof adds up, each have a row of their own.

local header = require "cprof.report.header"
local nodes = require "cprof.report.nodes"
local units = require "cprof.units"
local view_of = require "cprof.report.view"

local format = string.format

local M = {
  name = "top",
  summary = "show the functions that cost the most",
  OPTIONS = {
    {
      name = "n", type = "number", default = 20, min = 1, max = 1000000,
      short = "n", argname = "N", message = "rows to show",
    },
    nodes.SORT,
    nodes.NODEFRACTION,
  },
}


-- Says of the rows that are shown how they were called, where the profile has
-- inlined calls; nil, message, code.
local function add_inlines(view, rows)
  if (view.info.inlined or 0) == 0 then
    return true
  end
  local keep, by_node = {}, {}
  for i, row in ipairs(rows) do
    keep[i], by_node[row.node] = row.node, row
  end
  local graph, message, code = view.profile:graph({
    index = view.index, granularity = view.granularity, keep = keep,
    edges = false,
  })
  if not graph then
    return nil, message, code
  end
  for _, node in ipairs(graph.nodes) do
    local row = by_node[node.node]
    row.inline = node.inline
  end
  return true
end


--- The rows with the largest values.
---@param view table as `view.new` gives it
---@param asked table {n, sort, nodefraction}
---@return table|nil data {rows = {{label, name, filename, start_line, line,
---  address, object, flat, cum, flat_share, sum_share, cum_share, inline =
---  "inline"|"partial-inline"|nil}, …}, count = rows there are, dropped = rows
---  that nodefraction left out, total, type, unit, output_unit}
---@return string? message
---@return string? code
function M.data(view, asked)
  local rows, message, code = view_of.rows(view)
  if not rows then
    return nil, message, code
  end
  local names = nodes.names(rows, view.granularity)
  local chosen, of = nodes.choose(rows, asked, names.order)
  local ok, wrong, why = add_inlines(view, chosen)
  if not ok then
    return nil, wrong, why
  end
  return {
    rows = nodes.finish(chosen, view.total, names.label),
    count = of.count, dropped = of.dropped,
    nodefraction = asked.nodefraction, total = view.total, type = view.type,
    unit = view.unit, output_unit = view_of.output_unit(view, chosen),
  }
end


local function row_line(row, sum, view, unit)
  local total = view.total
  return format("%10s %s %s %10s %s  %s%s",
    units.label(row.flat, view.unit, unit),
    units.percentage(row.flat, total), units.percentage(sum, total),
    units.label(row.cum, view.unit, unit),
    units.percentage(row.cum, total), row.label,
    row.inline and " (" .. row.inline .. ")" or "")
end


--- The report as a text.
---@param data table as `data` gives it
---@param view table
---@return string
function M.text(data, view)
  local unit, sum = data.output_unit, 0
  local lines = header.lines(view, unit)
  view_of.add_summary(lines, view, data)
  lines[#lines + 1] = format("%10s %5s%% %5s%% %10s %5s%%",
    "flat", "flat", "sum", "cum", "cum")
  for _, row in ipairs(data.rows) do
    sum = sum + row.flat
    lines[#lines + 1] = row_line(row, sum, view, unit)
  end
  return table.concat(lines, "\n") .. "\n"
end


return M
