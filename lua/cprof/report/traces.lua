-- Every stack with its labels and its value, as `go tool pprof -traces` prints
-- them: leaf first, the value beside the leaf.
--
--   text  = { header "\n" } { rule { label "\n" } frame { frame } } rule
--   label = key ":  " value          frame = [ value ] name "\n"

local budget = require "cprof.report.budget"
local cell = require "cprof.report.cell"
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
-- puts short keys first. Gives how many of `left` bytes are not taken; nil when
-- these are too few.
local function add_labels(lines, sorted, data, kind, left)
  local found = {}
  for _, label in ipairs(sorted) do
    if type(label.values[1]) == kind then
      local texts = {}
      for i, value in ipairs(label.values) do
        texts[i] = labels.text(value, data.label_units[label.key])
        left = left - #texts[i]
        if left < 0 then
          return nil
        end
      end
      found[#found + 1] = cell.plain(format("%s:  %s",
        labels.pad(label.key, 10), table.concat(texts, " ")))
      left = left - #label.key
    end
  end
  table.sort(found)
  for _, line in ipairs(found) do
    lines[#lines + 1] = line .. "\n"
  end
  return left >= 0 and left or nil
end


-- The lines of a stack's labels; nil when they have more than `left` bytes.
local function labels_text(stack, data, left)
  if not next(stack.labels or {}) then
    return ""
  end
  local lines, sorted = {}, labels.sorted(stack)
  left = add_labels(lines, sorted, data, "string", left)
  left = left and add_labels(lines, sorted, data, "number", left)
  return left and table.concat(lines)
end


-- A function that gives the line of a frame, without a value.
local function new_liner(data, view)
  local name_of = frames.names(data.stacks, view.granularity).label
  local made = {}
  return function(frame)
    local line = made[frame]
    if not line then
      line = (" "):rep(13) .. name_of(frame)
        .. (frame.is_inline and " (inline)" or "") .. "\n"
      made[frame] = line
    end
    return line
  end
end


-- The text of a stack and how many bytes may still be written; nil when it is
-- longer than `left`. `parts` is for this function to use.
local function stack_text(parts, stack, data, view, line_of, left)
  local above = labels_text(stack, data, left)
  if not above then
    return nil
  end
  parts[1] = RULE .. "\n" .. above
  parts[2] = labels.pad(units.label(stack.value, view.unit, view.output_unit),
    10)
  left = left - #parts[1] - #parts[2] + 10
  for i, frame in ipairs(stack.frames) do
    local line = line_of(frame)
    left = left - #line
    if left < 0 then
      return nil
    end
    parts[i + 2] = line
  end
  parts[3] = parts[3]:sub(11) -- beside the value
  return table.concat(parts, "", 1, #stack.frames + 2), left
end


--- The report.
---@param data table of `data`
---@param view table the same
---@return string|nil lines, each with its line end
---@return string? message
---@return string? code "limit": they would be too many
function M.text(data, view)
  local bytes = budget.of(data.stacks)
  local texts = { table.concat(header.lines(view, view.output_unit), "\n")
    .. "\n" }
  local line_of, parts, left = new_liner(data, view), {}, bytes
  for i, stack in ipairs(data.stacks) do
    texts[i + 1], left = stack_text(parts, stack, data, view, line_of, left)
    if not left then
      return budget.fail(bytes, true)
    end
  end
  texts[#texts + 1] = RULE .. "\n"
  if data.left_out > 0 then
    texts[#texts + 1] = format(
      "%d stacks with smaller values are left out\n", data.left_out)
  end
  return table.concat(texts)
end


return M
