-- The readable form of a profile (Go's `debug=1`): a header, then the stacks
-- with their values, the largest first.
--
--   text  = header { "\n" stack }
--   header = type " profile: total " number " " unit "\n" { "# " … "\n" }
--   stack = number " @ " value " " share "\n"
--           [ "# labels: {" "k":"v", … "}\n" ] { "#\t" name "\t" place "\n" }

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


local function frame_lines(frames)
  local lines, width = {}, 1
  for _, frame in ipairs(frames) do
    width = math.max(width, #frame.name)
  end
  width = math.min(width, 40)
  for i, frame in ipairs(frames) do
    local place = frame.filename or ""
    if frame.line and frame.line > 0 then
      place = place .. ":" .. integer(frame.line)
    end
    -- not by format: "%-0s" is none, and %-9s refuses a name with a zero byte
    lines[i] = "#\t" .. frame.name .. (" "):rep(width - #frame.name) .. "\t"
      .. place .. "\n"
  end
  return table.concat(lines)
end


local function label_line(labels)
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
  end
  return "# labels: {" .. table.concat(parts, ", ") .. "}\n"
end


-- Value and text of each stack, equal texts summed.
local function merge(stacks)
  local list, by_text = {}, {}
  for _, stack in ipairs(stacks) do
    local text = label_line(stack.labels) .. frame_lines(stack.frames)
    local entry = by_text[text]
    if not entry then
      entry = { value = 0, text = text }
      by_text[text] = entry
      list[#list + 1] = entry
    end
    entry.value = entry.value + stack.value
  end
  return list
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
---@return string
function M.render(info, stacks, view)
  local parts = { header(info, view) }
  local merged = merge(stacks)
  table.sort(merged, by_value)
  for _, entry in ipairs(merged) do
    parts[#parts + 1] = format("\n%s @ %s %s\n%s", integer(entry.value),
      units.label(entry.value, view.unit),
      (units.percentage(entry.value, view.total):gsub("^ +", "")), entry.text)
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
---@return string
function M.text(data, view)
  return M.render(view.info, data.stacks, view)
end


return M
