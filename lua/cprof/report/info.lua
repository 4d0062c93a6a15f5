-- Everything about a profile but its stacks: types with totals, time, what is
-- mapped, labels, what cprof cost and lost, comments. With filters it is of
-- what they leave; but what cprof cost and lost is of the whole profile, and so
-- are its shares of cpu.
--
--   text = { name " " value "\n" }    a name may come several times

local cell = require "cprof.report.cell"
local header = require "cprof.report.header"
local merge = require "cprof.merge"
local units = require "cprof.units"

local format = string.format

local M = {
  name = "info",
  summary = "tell what a profile holds",
  OPTIONS = {},
}


-- ----------------------------------------------------------------- data ----

-- The sample types with their totals.
local function types_of(profile, info)
  local types = {}
  for i, kind in ipairs(info.sample_types) do
    types[i] = {
      type = kind.type, unit = kind.unit, total = profile:total(i),
      is_default = i == info.default_index,
    }
  end
  return types
end


-- The total of the type cpu before any filter, or nil.
local function whole_cpu_ns(view)
  for i, kind in ipairs(view.info.sample_types) do
    local ratio = kind.type == "cpu" and units.ratio(kind.unit, "ns")
    if ratio then
      return (view.whole:total(i) or 0) * ratio
    end
  end
end


-- What cprof cost; nothing of a profile that does not tell.
local function cost_of(numbers, cpu_ns)
  if not numbers.handler_ns or not numbers.safepoint_ns then
    return nil
  end
  local total_ns = numbers.handler_ns + numbers.safepoint_ns
  return {
    handler_ns = numbers.handler_ns, safepoint_ns = numbers.safepoint_ns,
    total_ns = total_ns, memory_bytes = numbers.memory_bytes,
    share = cpu_ns and cpu_ns > 0 and total_ns / cpu_ns or nil,
  }
end


-- What was lost; nothing of a profile that does not tell.
local function losses_of(numbers, cpu_ns)
  if not numbers.lost then
    return nil
  end
  local lost_ns = numbers.lost_ns or 0
  return {
    samples = numbers.lost, ns = lost_ns,
    share = cpu_ns and cpu_ns > 0 and lost_ns / cpu_ns or nil,
  }
end


-- The entry of a label's key, made at first sight.
local function find_key(list, keys, key)
  local entry = keys[key]
  if not entry then
    entry = { key = key, values = 0 }
    keys[key], list[#list + 1] = entry, entry
    keys[entry] = {} -- the values that it has
  end
  return entry, keys[entry]
end


-- The keys of the labels, each with the number of its values.
local function labels_of(view)
  local list, keys = {}, {}
  local sets, message, code = {}, nil, nil
  if view.index then -- else there are no samples
    sets, message, code = view.profile:label_sets(view.index)
  end
  if not sets then
    return nil, message, code
  end
  for _, set in ipairs(sets) do
    for _, label in ipairs(set.labels) do
      local value = label.str or label.num
      local entry, seen = find_key(list, keys, label.key)
      entry.values = entry.values + (seen[value] and 0 or 1)
      seen[value] = true
    end
  end
  table.sort(list, function(a, b)
    return a.key < b.key
  end)
  return list
end


--- Everything about the file.
---@param view table as `view.new` gives it
---@return table|nil data {types = {{type, unit, total, is_default}},
---  default_type, period_type = {type, unit}, period, time_ns, duration_ns,
---  stacks, locations, functions, mappings, labels = {{key, values = how
---  many}}, cost = {total_ns, handler_ns, safepoint_ns, memory_bytes, share} or
---  nil, losses = {samples, ns, share} or nil, comments, doc_url, drop_frames,
---  keep_frames}; shares are of cpu, the whole
---  profile's, parts of 1
---@return string? message
---@return string? code "memory"
function M.data(view)
  local info = view.profile:info()
  local label_keys, message, code = labels_of(view)
  if not label_keys then
    return nil, message, code
  end
  local numbers, cpu_ns = merge.counters({ info.comments }), whole_cpu_ns(view)
  local default = info.sample_types[info.default_index]
  return {
    types = types_of(view.profile, info),
    default_type = default and default.type,
    period_type = info.period_type,
    period = info.period,
    time_ns = info.time_ns,
    duration_ns = info.duration_ns,
    stacks = info.samples,
    locations = info.locations,
    functions = info.functions,
    mappings = info.mappings,
    labels = label_keys,
    cost = cost_of(numbers, cpu_ns),
    losses = losses_of(numbers, cpu_ns),
    comments = info.comments,
    doc_url = info.doc_url,
    drop_frames = info.drop_frames,
    keep_frames = info.keep_frames,
  }
end


-- ----------------------------------------------------------------- text ----

local function kind_text(kind)
  return kind.type .. "/" .. kind.unit
end


local function types_text(types)
  local parts = {}
  for i, kind in ipairs(types) do
    parts[i] = kind_text(kind) .. (kind.is_default and " (default)" or "")
  end
  return table.concat(parts, ", ")
end


-- The total of a type; of a time, its share of the duration, too.
local function total_text(kind, duration_ns)
  local text = units.label(kind.total, kind.unit) .. " of " .. kind.type
  local ratio = units.ratio(kind.unit, "ns")
  if ratio and duration_ns > 0 then
    text = format("%s, %s of the duration", text,
      header.share(kind.total * ratio, duration_ns))
  end
  return text
end


local function share_of_cpu(share)
  return share and ", " .. header.share(share, 1) .. " of cpu" or ""
end


local function mapping_text(mapping)
  local name = mapping.filename ~= "" and mapping.filename or "-"
  local text = format("%s at %s", name, mapping.memory_start)
  if mapping.build_id ~= "" then
    text = text .. ", build id " .. mapping.build_id
  end
  return text
end


local function label_text(label)
  return format("%s, %.0f %s", label.key, label.values,
    label.values == 1 and "value" or "values")
end


local function cost_text(cost)
  local text = units.label(cost.total_ns, "nanoseconds")
    .. share_of_cpu(cost.share)
  if cost.memory_bytes then
    text = text .. ", " .. units.label(cost.memory_bytes, "bytes")
  end
  return text
end


local function losses_text(losses)
  return format("%.0f samples, %s%s", losses.samples,
    units.label(losses.ns, "nanoseconds"), share_of_cpu(losses.share))
end


-- A row per entry of a list.
local function add_each(rows, name, list, text_of)
  for _, entry in ipairs(list) do
    rows[#rows + 1] = { name, text_of(entry) }
  end
end


-- The default type before the others.
local function add_totals(rows, data)
  for _, is_default in ipairs({ true, false }) do
    for _, kind in ipairs(data.types) do
      if kind.is_default == is_default and kind.total then
        rows[#rows + 1] = { "total", total_text(kind, data.duration_ns) }
      end
    end
  end
end


-- What only some profiles have.
local function add_rest(rows, data)
  local function add(name, text)
    if text and text ~= "" then
      rows[#rows + 1] = { name, text }
    end
  end
  add("cost", data.cost and cost_text(data.cost))
  add("lost", data.losses and losses_text(data.losses))
  add("doc", data.doc_url)
  add("drop", data.drop_frames)
  add("keep", data.keep_frames)
end


local function count_text(value)
  return format("%.0f", value)
end


local function head_rows(data)
  local period = data.period_type
  local rows = {
    { "types", types_text(data.types) },
    { "period", period and format("%s %.0f", kind_text(period), data.period) },
  }
  if data.time_ns ~= 0 then
    rows[#rows + 1] = { "time", header.time(data.time_ns) }
  end
  if data.duration_ns ~= 0 then
    rows[#rows + 1] =
      { "duration", units.label(data.duration_ns, "nanoseconds") }
  end
  return rows
end


--- The report.
---@param data table of `data`
---@return string lines, each with its line end
function M.text(data)
  local rows = head_rows(data)
  add_totals(rows, data)
  rows[#rows + 1] = { "stacks", count_text(data.stacks) }
  rows[#rows + 1] = { "locations", count_text(data.locations) }
  rows[#rows + 1] = { "functions", count_text(data.functions) }
  rows[#rows + 1] = { "mappings", count_text(#data.mappings) }
  add_each(rows, "mapping", data.mappings, mapping_text)
  add_each(rows, "label", data.labels, label_text)
  add_rest(rows, data)
  add_each(rows, "comment", data.comments, tostring)
  local lines = {}
  for i, row in ipairs(rows) do
    local is_empty = not row[2] or row[2] == ""
    lines[i] = format("%-10s %s\n", row[1],
      is_empty and "-" or cell.plain(row[2]))
  end
  return table.concat(lines)
end


return M
