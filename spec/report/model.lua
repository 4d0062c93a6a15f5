-- A profile made of tables, for the specs of reports: it answers what the
-- core's profiles answer, by counting again in the plainest way. Not a spec.
--
--   model.new({ types = { { "cpu", "nanoseconds" } },
--     stacks = { { values = { 30 }, "hot a.lua:1:4", "main a.lua:0:9",
--       labels = { k = "v" } } } })
--
-- A frame is "name file:start_line:line", leaf first.

local M = {}

local model_methods = {}
local model_mt = { __index = model_methods }

-- What makes two frames one node.
local KEYS = {
  definitions = { "name", "filename", "start_line" },
  functions = { "name" },
  filefunctions = { "name", "filename" },
  files = { "filename" },
  lines = { "name", "filename", "line" },
  addresses = { "name", "filename", "line", "address" },
}


-- One table a frame, as the core shares them.
local function frame_of(cache, text)
  local name, filename, start_line, line, address =
    text:match("^(.-) (%S+):(%-?%d+):(%-?%d+)@?(%S*)$")
  local frame = cache[text] or {
    name = name or text, filename = filename or "",
    start_line = tonumber(start_line) or 0, line = tonumber(line) or 0,
    address = address ~= "" and address or nil,
  }
  cache[text] = frame
  return frame
end


local function stack_of(cache, given)
  local frames = {}
  for i, text in ipairs(given) do
    frames[i] = frame_of(cache, text)
  end
  return {
    frames = frames, values = given.values, labels = given.labels or {},
    units = given.units,
  }
end


--- Makes a profile.
---@param given table {types, stacks, info = fields that differ, noise}
---@return table profile
function M.new(given)
  local cache, stacks, types = {}, {}, {}
  for i, stack in ipairs(given.stacks) do
    stacks[i] = stack_of(cache, stack)
  end
  for i, pair in ipairs(given.types or { { "cpu", "nanoseconds" } }) do
    types[i] = { type = pair[1], unit = pair[2] }
  end
  local info = {
    sample_types = types, default_index = #types, samples = #stacks,
    period_type = { type = "cpu", unit = "nanoseconds" }, period = 10,
    time_ns = 0, duration_ns = 0, comments = {}, mappings = {},
    locations = 0, functions = 0, default_sample_type = "", doc_url = "",
  }
  for key, value in pairs(given.info or {}) do
    info[key] = value
  end
  return setmetatable({ list = stacks, about = info,
    noise = given.noise or "signals" }, model_mt)
end


--- A view of a model, as cprof.report.view makes one.
---@param given table as for `new`, or a model
---@param fields? table what is to differ
---@return table view
function M.view(given, fields)
  local profile = getmetatable(given) == model_mt and given or M.new(given)
  local info = profile:info()
  local index = info.default_index
  local kind = info.sample_types[index] or {}
  local view = {
    profile = profile, whole = profile, info = info, index = index,
    type = kind.type, unit = kind.unit,
    total = index and profile:total(index) or 0, output_unit = "minimum",
    granularity = "definitions", warnings = {},
  }
  for key, value in pairs(fields or {}) do
    view[key] = value
  end
  return view
end


function model_methods:info()
  return self.about
end


function model_methods:stacks(index)
  local out = {}
  for i, stack in ipairs(self.list) do
    out[i] = {
      value = stack.values[index], values = stack.values,
      frames = stack.frames, labels = stack.labels, units = stack.units,
    }
  end
  return out
end


function model_methods:label_sets(index)
  local sets = {}
  for i, stack in ipairs(self.list) do
    local list, own_units = {}, stack.units or {}
    for key, value in pairs(stack.labels) do
      local is_text = type(value) == "string"
      list[#list + 1] = {
        key = key, str = is_text and value or nil,
        num = not is_text and value or nil,
        unit = not is_text and (own_units[key] or "") or nil,
      }
    end
    sets[i] = { labels = list, value = stack.values[index] }
  end
  return sets
end


function model_methods:total(index)
  local total = 0
  for _, stack in ipairs(self.list) do
    total = total + math.abs(stack.values[index])
  end
  return total
end


-- The node of a frame, made at first sight.
local function node_of(nodes, frame, granularity)
  local parts, row = {}, { flat = 0, cum = 0 }
  row.name, row.filename, row.start_line, row.line = "", "", 0, 0
  for i, key in ipairs(KEYS[granularity]) do
    parts[i] = tostring(frame[key])
    row[key] = frame[key]
  end
  row.flat_variance, row.cum_variance = 0, 0
  local text = table.concat(parts, "\0")
  if not nodes[text] then
    row.number = #nodes + 1
    nodes[row.number], nodes[text] = row, row
  end
  return nodes[text]
end


local function add_cum(stack, value, nodes, granularity)
  local seen = {}
  for _, frame in ipairs(stack.frames) do
    local node = node_of(nodes, frame, granularity)
    if not seen[node] then
      seen[node] = true
      node.cum = node.cum + value
      node.cum_variance = node.cum_variance + value * value / stack.values[1]
    end
  end
end


-- Flat and cum of every node; variances as of Poisson counts, which are the
-- first type.
function model_methods:rows(asked)
  local nodes, granularity = {}, asked.granularity or "definitions"
  for _, stack in ipairs(self.list) do
    local value = stack.values[asked.index]
    if stack.frames[1] and value ~= 0 then
      add_cum(stack, value, nodes, granularity)
      local leaf = node_of(nodes, stack.frames[1], granularity)
      leaf.flat = leaf.flat + value
      leaf.flat_variance = leaf.flat_variance
        + value * value / stack.values[1]
    end
  end
  local rows = {}
  for i, node in ipairs(nodes) do
    rows[i] = node
  end
  return rows, self:total(asked.index), asked.noise and self.noise or nil
end


local function add_edge(edges, seen, pair, value)
  local key = pair.from .. ">" .. pair.to
  if seen[key] or pair.from == pair.to then
    return
  end
  seen[key] = true
  if not edges[key] then
    edges[key] = { from = pair.from, to = pair.to, value = 0 }
    edges[#edges + 1] = edges[key]
  end
  edges[key].value = edges[key].value + value
end


-- Nodes and edges, each edge once a sample.
function model_methods:graph(asked)
  local rows, total = self:rows(asked)
  local numbers, edges = {}, {}
  for _, row in ipairs(rows) do
    numbers[node_of(numbers, row, asked.granularity or "definitions")] =
      row.number
  end
  for _, stack in ipairs(self.list) do
    local seen, value = {}, stack.values[asked.index]
    for i = #stack.frames, 2, -1 do
      local from = node_of(numbers, stack.frames[i], asked.granularity)
      local to = node_of(numbers, stack.frames[i - 1], asked.granularity)
      add_edge(edges, seen, { from = from.number, to = to.number }, value)
    end
  end
  local list = {}
  for i, edge in ipairs(edges) do
    list[i] = edge
  end
  return { nodes = rows, edges = list }, total
end


return M
