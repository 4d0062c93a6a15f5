-- The file that kcachegrind and callgrind_annotate read. Facts of the format:
-- valgrind's manual, "Callgrind Format Specification".
--
--   file  = "version: 1\ncreator: …\npositions: " [ "instr " ] "line\n"
--           "events: " event "\n" { block } "\ntotals: " integer "\n"
--   block = "\n" "ob=" name "\n" "fl=" name "\n" "fn=" name "\n" cost { call }
--   call  = "cob=" name "\n" "cfi=" name "\n" "cfn=" name "\n"
--           "calls=1 " position "\n" cost
--   cost  = position " " integer "\n"     position = [ "0x…" " " ] line
--   name  = "(" number ")" [ " " text ]   the text only the first time
--
-- Values are whole numbers of the profile's own unit, or of the one asked for.
-- A profile does not count calls. A call of 0, as pprof writes it, makes
-- callgrind_annotate take the callee's cost for the caller's own: it is 1.

local units = require "cprof.units"

local format, floor, max = string.format, math.floor, math.max

local M = {
  name = "callgrind",
  summary = "print a file for kcachegrind and callgrind_annotate",
  WITHOUT = { granularity = true }, -- see cprof.profile
  OPTIONS = {},
}

local UNKNOWN = "???" -- as valgrind writes it


-- Whether a unit is asked for, not one that fits.
local function is_unit(name)
  return name ~= nil and name ~= "minimum" and name ~= "auto"
end


--- The graph: a node per place that runs, an edge per call between places.
---@param view table as `view.new` gives it
---@return table|nil data {nodes = {{name, filename, line, address, object,
---  flat, cum}}, edges = {{from, to, value}}, event = string, total}
---@return string? message
---@return string? code "range": values below zero
function M.data(view)
  local graph, total, code = view.profile:graph({
    index = view.index, granularity = "addresses",
  })
  if not graph then
    return nil, total, code
  end
  for _, node in ipairs(graph.nodes) do
    if node.flat < 0 or node.cum < 0 then
      return nil, "callgrind has no values below zero, as a difference of two"
        .. " profiles does", "range"
    end
  end
  return {
    nodes = graph.nodes, edges = graph.edges, total = view.total,
    event = M.event(view),
  }
end


--- The name of what is counted: one word.
---@param view table
---@return string "cpu(ns)"
function M.event(view)
  local unit = view.unit
  if is_unit(view.output_unit) then
    unit = select(2, units.scale(1, view.unit, view.output_unit))
  end
  local short = { nanoseconds = "ns", bytes = "B" }
  local event = format("%s(%s)", view.type, short[unit] or unit)
  return (event:gsub("[%s%c:]", "_"))
end


-- The numbers of names: "(1) name" at first, "(1)" from then on.
local function new_namer()
  local numbers, shorts, count = {}, {}, 0
  return function(given)
    local short = shorts[given or ""]
    if short then
      return short
    end
    local name = given and given:gsub("%c", " "):gsub("^%s+", "") or ""
    name = name ~= "" and name or UNKNOWN
    local number = numbers[name]
    if not number then
      count = count + 1
      numbers[name] = count
    end
    short = format("(%d)", number or count)
    shorts[given or ""] = short
    return number and short or short .. " " .. name
  end
end


-- A node without a function goes by its address.
local function node_name(node)
  return node.name ~= "" and node.name or node.address
end


-- Where a node is, as a cost line begins.
local function position(node, with_address)
  local line = format("%.0f", max(node.line or 0, 0))
  return with_address and (node.address or "0x0") .. " " .. line or line
end


local function has_addresses(nodes)
  for _, node in ipairs(nodes) do
    if node.address and node.address ~= "0x0" then
      return true
    end
  end
  return false
end


-- Calls by caller.
local function calls_of(data)
  local calls = {}
  for _, edge in ipairs(data.edges) do
    local list = calls[edge.from]
    if list then
      list[#list + 1] = edge
    else
      calls[edge.from] = { edge }
    end
  end
  return calls
end


-- What a call of a node says of the node.
local function callee_text(writer, callee)
  return "cob=" .. writer.objects(callee.object)
    .. "\ncfi=" .. writer.files(callee.filename)
    .. "\ncfn=" .. writer.functions(node_name(callee))
    .. "\ncalls=1 " .. position(callee, writer.with_address) .. "\n"
end


-- The text is kept once its names have been written before.
local function callee_of(writer, number)
  local text = writer.callees[number]
  if not text then
    local callee = writer.nodes[number]
    text = callee_text(writer, callee)
    writer.callees[number] = callee_text(writer, callee)
  end
  return text
end


-- Appends the block of a node as one text; `writer` has what blocks share.
local function add_node(writer, node, calls)
  local flat, place =
    writer.scale(node.flat), position(node, writer.with_address) .. " "
  local parts = {
    "\nob=" .. writer.objects(node.object),
    "\nfl=" .. writer.files(node.filename),
    "\nfn=" .. writer.functions(node_name(node)), "\n",
    place, format("%.0f\n", flat),
  }
  local count = #parts
  for _, edge in ipairs(calls or {}) do
    parts[count + 1], parts[count + 2] = callee_of(writer, edge.to), place
    parts[count + 3] = format("%.0f\n", writer.scale(edge.value))
    count = count + 3
  end
  writer[#writer + 1] = table.concat(parts)
  writer.total = writer.total + flat
end


local function new_scale(view)
  if not is_unit(view.output_unit) then
    return function(value)
      return value
    end
  end
  return function(value)
    return floor((units.scale(value, view.unit, view.output_unit)))
  end
end


--- The file.
---@param data table of `data`
---@param view table the same
---@return string lines, each with its line end
function M.text(data, view)
  local with_address = has_addresses(data.nodes)
  local writer = {
    "version: 1\ncreator: cprof\n",
    "positions: " .. (with_address and "instr line" or "line") .. "\n",
    "events: " .. data.event .. "\n",
    nodes = data.nodes, with_address = with_address, scale = new_scale(view),
    total = 0.0, callees = {}, objects = new_namer(), files = new_namer(),
    functions = new_namer(),
  }
  local calls = calls_of(data)
  for i, node in ipairs(data.nodes) do
    add_node(writer, node, calls[i])
  end
  writer[#writer + 1] = format("\ntotals: %.0f\n", writer.total)
  return table.concat(writer)
end


return M
