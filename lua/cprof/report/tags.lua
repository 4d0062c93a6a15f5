-- What the labels of a profile add up to, as `go tool pprof -tags` prints it
-- (that of Go 1.26: shares are of the profile's total).
--
--   text = { key ": Total " value " of " value " (" share ")\n"
--            { value " (" share "): " label "\n" } "\n" }
--         | "no labels\n", where pprof prints nothing

local cell = require "cprof.report.cell"
local labels = require "cprof.report.labels"
local units = require "cprof.units"

local abs, format = math.abs, string.format

local M = {
  name = "tags",
  summary = "show labels, and how much each of their values has",
  OPTIONS = {},
}


-- The entry of a label's value under its key, made at first sight.
local function find_value(keys, key, label, value)
  local entry = keys[key]
  if not entry then
    entry = { key = key, total = 0, values = {}, by_text = {} }
    keys[key] = entry
    keys[#keys + 1] = entry
  end
  local found = entry.by_text[label]
  if not found then
    found = { label = label, value = 0 }
    entry.by_text[label] = found
    entry.values[#entry.values + 1] = found
  end
  entry.total = entry.total + value
  found.value = found.value + value
  return found
end


-- Adds what the samples with a label add up to.
local function add_label(keys, label, value, unit, view)
  local text = labels.text(label.str or label.num, unit, view.output_unit)
  local found = find_value(keys, label.key, text, value)
  if label.num then
    found.number, found.unit = label.num, unit
  end
end


local function by_value(a, b)
  if abs(a.value) ~= abs(b.value) then
    return abs(a.value) > abs(b.value)
  end
  return a.label < b.label
end


local function share(value, total)
  return total == 0 and 0 or value / total
end


-- Keys by name, values by size, with shares.
local function finish(keys, total)
  local list = {}
  for i, entry in ipairs(keys) do
    table.sort(entry.values, by_value)
    for _, value in ipairs(entry.values) do
      value.share = share(value.value, total)
    end
    list[i] = {
      key = entry.key, total = entry.total, values = entry.values,
      share = share(entry.total, total),
    }
  end
  table.sort(list, function(a, b)
    return a.key < b.key
  end)
  return list
end


--- The labels' sums.
---@param view table as `view.new` gives it
---@return table|nil data {tags = {{key, total, share, values = {{label, value,
---  share, number, unit}}}}, total}; shares are parts of 1; number and unit
---  only of labels that are numbers
---@return string? message
---@return string? code
function M.data(view)
  local sets, message, code = view.profile:label_sets(view.index)
  if not sets then
    return nil, message, code
  end
  local label_units, keys = labels.units(sets), {}
  for _, set in ipairs(sets) do
    for _, label in ipairs(set.labels) do
      add_label(keys, label, set.value, label_units[label.key], view)
    end
  end
  return { tags = finish(keys, view.total), total = view.total }
end


-- What stands left of a label.
local function value_text(value, view)
  local text = units.label(value, view.unit, view.output_unit)
  if view.total > 0 then
    text = format("%s (%s)", text, units.percentage(value, view.total))
  end
  return text .. ":"
end


local function total_text(tag, view)
  local text = format("Total %s of %s",
    units.label(tag.total, view.unit, view.output_unit),
    units.label(view.total, view.unit, view.output_unit))
  if view.total > 0 then
    text = format("%s (%s)", text, units.percentage(tag.total, view.total))
  end
  return text
end


-- The key with its total, its labels in two columns below.
local function add_tag(lines, tag, view)
  local texts, width = {}, 0
  for i, value in ipairs(tag.values) do
    texts[i] = value_text(value.value, view)
    width = math.max(width, labels.width(texts[i]))
  end
  width = width + labels.width(tag.key) + 3 -- ":", a blank before each column
  lines[#lines + 1] = format(" %s: %s", cell.plain(tag.key),
    total_text(tag, view))
  for i, value in ipairs(tag.values) do
    lines[#lines + 1] = labels.pad(texts[i], width) .. " "
      .. cell.plain(value.label)
  end
  lines[#lines + 1] = ""
end


--- The report.
---@param data table of `data`
---@param view table the same
---@return string lines, each with its line end
function M.text(data, view)
  local lines = {}
  for _, tag in ipairs(data.tags) do
    add_tag(lines, tag, view)
  end
  return #lines > 0 and table.concat(lines, "\n") .. "\n" or "no labels\n"
end


return M
