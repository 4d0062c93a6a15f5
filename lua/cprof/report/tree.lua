-- The table of `go tool pprof -tree`: every node between those that call it
-- and those that it calls.

local header = require "cprof.report.header"
local nodes = require "cprof.report.nodes"
local units = require "cprof.units"
local view_of = require "cprof.report.view"

local abs, format = math.abs, string.format

local M = {
  name = "tree",
  summary = "show functions with their callers and callees",
  OPTIONS = {
    {
      name = "n", type = "number", default = 80, min = 1, max = 1000000,
      short = "n", argname = "N", message = "functions to show",
    },
    nodes.SORT,
    nodes.NODEFRACTION,
    {
      name = "edgefraction", type = "real", default = 0, min = 0, max = 1,
      argname = "PART",
      message = "leave out calls with less than this part of the total",
    },
  },
}

local SEPARATOR = ("-"):rep(58) .. "+" .. ("-"):rep(13)
local LEGEND = "      flat  flat%   sum%        cum   cum%   calls calls% "
  .. "+ context \t \t "


-- ----------------------------------------------------------------- data ----

-- pprof's order of edges: the value, the caller's name, the callee's.
local function comparator(graph, order)
  local list = graph.nodes
  return function(a, b)
    local a_value, b_value = abs(a.value), abs(b.value)
    if a_value ~= b_value then
      return a_value > b_value
    end
    local by_name = a.from == b.from and 0 or order(list[a.from], list[b.from])
    if by_name == 0 and a.to ~= b.to then
      by_name = order(list[a.to], list[b.to])
    end
    return by_name < 0
  end
end


-- The edges in order, those below the cutoff left out.
local function sorted_edges(graph, cutoff, order)
  local list = {}
  for _, edge in ipairs(graph.edges) do
    if abs(edge.value) >= cutoff then
      list[#list + 1] = edge
    end
  end
  table.sort(list, comparator(graph, order))
  return list
end


local function end_of(edge, label)
  return { label = label, value = edge.value, is_inline = edge.is_inline,
    is_residual = edge.is_residual }
end


-- Hangs the edges on the rows that are shown.
local function add_edges(rows, graph, edges, label_of)
  local by_node = {}
  for _, row in ipairs(rows) do
    row.callers, row.callees = {}, {}
    by_node[row.node] = row
  end
  for _, edge in ipairs(edges) do
    local caller, callee = graph.nodes[edge.from], graph.nodes[edge.to]
    local from, to = by_node[caller.node], by_node[callee.node]
    if from then
      from.callees[#from.callees + 1] = end_of(edge, label_of(callee))
    end
    if to then
      to.callers[#to.callers + 1] = end_of(edge, label_of(caller))
    end
  end
end


local function numbers_of(rows)
  local numbers = {}
  for i, row in ipairs(rows) do
    numbers[i] = row.node
  end
  return numbers
end


--- Rows with their neighbours, for tree and peek.
---@param view table
---@param chosen table[] rows in order
---@param how table {choice = "keep": edges lead over the rows that are not
---  chosen, "around": to and from them, nil: all rows are chosen;
---  names = as `nodes.names` gives them; cutoff? = the least edge}
---@return table[]|nil rows copies, with what `data` says of them
---@return string? message
---@return string? code
function M.surround(view, chosen, how)
  local wanted = { index = view.index, granularity = view.granularity }
  if how.choice then
    wanted[how.choice] = numbers_of(chosen)
  end
  local graph, message, code = view.profile:graph(wanted)
  if not graph then
    return nil, message, code
  end
  local rows = nodes.finish(chosen, view.total, how.names.label)
  add_edges(rows, graph, sorted_edges(graph, how.cutoff or 0,
    how.names.order), how.names.label)
  return rows
end


--- The nodes with the largest values, each with its neighbours.
---@param view table as `view.new` gives it
---@param asked table {n, sort, nodefraction, edgefraction}
---@return table|nil data {rows = as those of top, each with callers and
---  callees = {{label, value, is_inline, is_residual}, …}, the largest first;
---  count, dropped, total, type, unit, output_unit}
---@return string? message
---@return string? code
function M.data(view, asked)
  local rows, message, code = view_of.rows(view)
  if not rows then
    return nil, message, code
  end
  local names = nodes.names(rows, view.granularity)
  local chosen, of = nodes.choose(rows, asked, names.order)
  local shown, wrong, why = M.surround(view, chosen, {
    choice = #chosen < #rows and "keep" or nil, names = names,
    cutoff = nodes.cutoff(of.sum, asked.edgefraction),
  })
  if not shown then
    return nil, wrong, why
  end
  return {
    rows = shown, count = of.count, dropped = of.dropped,
    nodefraction = asked.nodefraction, total = view.total, type = view.type,
    unit = view.unit, output_unit = view_of.output_unit(view, chosen),
  }
end


-- ----------------------------------------------------------------- text ----

-- A line of the context: a caller above its node, a callee below it.
local function edge_line(edge, row, view, unit)
  return format("%50s %s |   %s%s", units.label(edge.value, view.unit, unit),
    units.percentage(edge.value, row.cum), edge.label,
    edge.is_inline and " (inline)" or "")
end


local function row_line(row, sum, view, unit)
  return format("%10s %s %s %10s %s                | %s",
    units.label(row.flat, view.unit, unit),
    units.percentage(row.flat, view.total),
    units.percentage(sum, view.total),
    units.label(row.cum, view.unit, unit),
    units.percentage(row.cum, view.total), row.label)
end


--- The report as a text, for tree and peek.
---@param data table as `data` gives it
---@param view table
---@return string
function M.text(data, view)
  local unit, sum = data.output_unit, 0
  local lines = header.lines(view, unit)
  local function add(line)
    lines[#lines + 1] = line
  end
  view_of.add_summary(lines, view, data)
  add(SEPARATOR)
  add(LEGEND)
  for _, row in ipairs(data.rows) do
    add(SEPARATOR)
    for _, edge in ipairs(row.callers) do
      add(edge_line(edge, row, view, unit))
    end
    sum = sum + row.flat
    add(row_line(row, sum, view, unit))
    for _, edge in ipairs(row.callees) do
      add(edge_line(edge, row, view, unit))
    end
  end
  if #data.rows > 0 then
    add(SEPARATOR)
  end
  return table.concat(lines, "\n") .. "\n"
end


return M
