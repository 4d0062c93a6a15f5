-- Every stack with its labels and its value, as `go tool pprof -traces` prints
-- them: leaf first, the value beside the leaf.
--
--   text  = { header "\n" } { rule { label "\n" } frame { frame } } rule
--   label = key ":  " value          frame = [ value ] name "\n"

local frames = require "cprof.report.frames"
local header = require "cprof.report.header"
local labels = require "cprof.report.labels"
local units = require "cprof.units"

local abs, format = math.abs, string.format

local M = {
  name = "traces",
  summary = "print every stack as it was sampled, leaf first",
  OPTIONS = {
    {
      name = "n", type = "number", min = 1, max = 1000000, short = "n",
      argname = "N",
      message = "only the stacks with the largest values",
    },
  },
}

local RULE = ("-"):rep(11) .. "+" .. ("-"):rep(55)


-- The n with the largest values, in that order; equal ones as they came.
local function largest(stacks, n)
  local order = {}
  for i, stack in ipairs(stacks) do
    order[i] = { place = i, size = abs(stack.value), stack = stack }
  end
  table.sort(order, function(a, b)
    if a.size ~= b.size then
      return a.size > b.size
    end
    return a.place < b.place
  end)
  local kept = {}
  for i = 1, math.min(n, #order) do
    kept[i] = order[i].stack
  end
  return kept
end


-- A sample without frames is no trace.
local function with_frames(stacks)
  local kept = {}
  for _, stack in ipairs(stacks) do
    if stack.frames[1] then
      kept[#kept + 1] = stack
    end
  end
  return kept
end


--- The stacks.
---@param view table as `view.new` gives it
---@param asked table {n = integer or nil}
---@return table|nil data {stacks = {{value, values, frames, labels, units}},
---  left_out = integer, label_units = {key = unit}}
---@return string? message
---@return string? code
function M.data(view, asked)
  local all, message, code = view.profile:stacks(view.index)
  if not all then
    return nil, message, code
  end
  local stacks = with_frames(all)
  local count = #stacks
  if asked.n and asked.n < count then
    stacks = largest(stacks, asked.n)
  end
  return {
    stacks = stacks,
    left_out = count - #stacks,
    label_units = labels.units(view.profile:label_sets(view.index)),
  }
end


-- The labels of one type in pprof's order: that of the padded lines, which
-- puts short keys first.
local function add_labels(lines, stack, data, kind)
  local found = {}
  for _, label in ipairs(labels.sorted(stack)) do
    if type(label.values[1]) == kind then
      local texts = {}
      for i, value in ipairs(label.values) do
        texts[i] = labels.text(value, data.label_units[label.key])
      end
      found[#found + 1] = format("%s:  %s", labels.pad(label.key, 10),
        table.concat(texts, " "))
    end
  end
  table.sort(found)
  for _, line in ipairs(found) do
    lines[#lines + 1] = line
  end
end


-- A function that gives the line of a frame, without a value.
local function new_liner(data, view)
  local name_of = frames.namer(data.stacks, view.granularity)
  local made = {}
  return function(frame)
    local line = made[frame]
    if not line then
      line = format("%10s   %s%s", "", name_of(frame),
        frame.is_inline and " (inline)" or "")
      made[frame] = line
    end
    return line
  end
end


local function add_stack(lines, stack, data, view, line_of)
  lines[#lines + 1] = RULE
  add_labels(lines, stack, data, "string")
  add_labels(lines, stack, data, "number")
  local value = units.label(stack.value, view.unit, view.output_unit)
  for i, frame in ipairs(stack.frames) do
    lines[#lines + 1] = i == 1
      and labels.pad(value, 10) .. line_of(frame):sub(11) or line_of(frame)
  end
end


--- The report.
---@param data table of `data`
---@param view table the same
---@return string lines, each with its line end
function M.text(data, view)
  local lines = header.lines(view, view.output_unit)
  local line_of = new_liner(data, view)
  for _, stack in ipairs(data.stacks) do
    add_stack(lines, stack, data, view, line_of)
  end
  lines[#lines + 1] = RULE
  if data.left_out > 0 then
    lines[#lines + 1] = format("%d stacks with smaller values are left out",
      data.left_out)
  end
  return table.concat(lines, "\n") .. "\n"
end


return M
