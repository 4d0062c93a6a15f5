-- The readable form of a profile (Go's `debug=1`): a header, then the stacks
-- with their values, the largest first.
--
--   text  = header { "\n" stack }
--   header = type " profile: total " number " " unit "\n" { "# " … "\n" }
--   stack = number " @ " value " " share "\n"
--           [ "# labels: {" "k":"v", … "}\n" ] { "#\t" name "\t" place "\n" }

local budget = require "cprof.report.budget"
local units = require "cprof.units"
local format = string.format

local M = {
  name = "text",
  summary = "print every stack with its labels and values",
  WITHOUT = { unit = true, granularity = true }, -- see cprof.profile
  OPTIONS = {},
}


-- `%d` refuses floats on 5.4 and cuts beyond 2^31 on some builds.
local function integer(value)
  return format("%.0f", value)
end


-- What a frame's line ends with: where it is.
local function place_of(frame)
  local place = frame.filename or ""
  if frame.line and frame.line > 0 then
    place = place .. ":" .. integer(frame.line)
  end
  return "\t" .. place .. "\n"
end


-- The width of the column of names.
local function width_of(frames)
  local width = 1
  for _, frame in ipairs(frames) do
    width = math.max(width, #frame.name)
  end
  return math.min(width, 40)
end


-- A function that gives the lines of frames; nil when they, and what comes
-- before them, have more than `max` bytes. Their parts are made once.
local function new_liner(max)
  local places, parts = {}, {}
  return function(frames, before)
    local width, size, count = width_of(frames), #before, 1
    parts[1] = before
    for _, frame in ipairs(frames) do
      local name, place = frame.name, places[frame]
      if not place then
        place = place_of(frame)
        places[frame] = place
      end
      -- not by format: "%-0s" is none, and %-9s refuses a zero byte
      local blanks = (" "):rep(width - #name)
      size = size + 2 + #name + #blanks + #place
      if size > max then
        return nil
      end
      parts[count + 1], parts[count + 2] = "#\t", name
      parts[count + 3], parts[count + 4] = blanks, place
      count = count + 4
    end
    return table.concat(parts, "", 1, count)
  end
end


-- The line of labels; nil when it has more than `max` bytes.
local function label_line(labels, max)
  local keys, parts = {}, {}
  for key in pairs(labels or {}) do
    keys[#keys + 1] = key
  end
  if #keys == 0 then
    return ""
  end
  table.sort(keys)
  for i, key in ipairs(keys) do
    parts[i] = format("%q:%q", key, tostring(labels[key]))
    max = max - #parts[i]
    if max < 0 then
      return nil
    end
  end
  return "# labels: {" .. table.concat(parts, ", ") .. "}\n"
end


-- Value and text of each stack, equal texts summed, and how many bytes of
-- `left` are not taken; nil when these are too few.
local function merge(stacks, left)
  local list, by_text, lines_of, max = {}, {}, new_liner(left), left
  for _, stack in ipairs(stacks) do
    local labels = label_line(stack.labels, max)
    local text = labels and lines_of(stack.frames, labels)
    if not text then
      return nil
    end
    local entry = by_text[text]
    if not entry then
      left = left - #text
      if left < 0 then
        return nil
      end
      entry = { value = 0, text = text }
      by_text[text] = entry
      list[#list + 1] = entry
    end
    entry.value = entry.value + stack.value
  end
  return list, left
end


local function by_value(a, b)
  if a.value ~= b.value then
    return a.value > b.value
  end
  return a.text < b.text
end


local function header(info, view)
  local lines = {
    format("%s profile: total %s %s\n", view.type, integer(view.total),
      view.unit),
    format("# duration: %s\n", units.label(info.duration_ns, "nanoseconds")),
  }
  local period = info.period_type
  if period then
    lines[#lines + 1] = format("# period: %s/%s %s\n", period.type,
      period.unit, integer(info.period))
  end
  for _, comment in ipairs(info.comments) do
    lines[#lines + 1] = "# " .. comment:gsub("[\r\n]", " ") .. "\n"
  end
  return table.concat(lines)
end


--- Renders the text.
---@param info table as `profile:info()` gives it
---@param stacks table[] {value, frames = {{name, filename, line}}, labels}
---@param view table {type = string, unit = string, total = number}
---@return string|nil
---@return string? message
---@return string? code "limit": it would be too long
function M.render(info, stacks, view)
  local parts, bytes = { header(info, view) }, budget.of(stacks)
  local merged, left = merge(stacks, bytes)
  if not merged then
    return budget.fail(bytes)
  end
  table.sort(merged, by_value)
  for _, entry in ipairs(merged) do
    local head = format("\n%s @ %s %s\n", integer(entry.value),
      units.label(entry.value, view.unit),
      (units.percentage(entry.value, view.total):gsub("^ +", "")))
    left = left - #head
    if left < 0 then
      return budget.fail(bytes)
    end
    parts[#parts + 1], parts[#parts + 2] = head, entry.text
  end
  return table.concat(parts)
end


--- All stacks.
---@param view table as `view.new` gives it
---@return table|nil data {stacks = as `profile:stacks` gives them}
---@return string? message
---@return string? code
function M.data(view)
  local stacks, message, code = view.profile:stacks(view.index)
  if not stacks then
    return nil, message, code
  end
  return { stacks = stacks }
end


--- The report as a text.
---@param data table as `data` gives it
---@param view table
---@return string|nil
---@return string? message
---@return string? code "limit": it would be too long
function M.text(data, view)
  return M.render(view.info, data.stacks, view)
end


return M
