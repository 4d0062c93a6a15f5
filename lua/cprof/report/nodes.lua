-- What reports say of nodes, the rows of `profile:rows`: their names, as
-- `go tool pprof` writes them, their order, and which of them are shown. Pure.

local path = require "cprof.path"

local abs, format = math.abs, string.format

local M = {
  --- What chooses nodes; a report's `n` has a default of its own.
  SORT = {
    name = "sort", type = "string", default = "flat",
    choices = { "flat", "cum" },
    message = "the order: by own or by cumulative value",
  },
  NODEFRACTION = {
    name = "nodefraction", type = "real", default = 0, min = 0, max = 1,
    argname = "PART",
    message = "leave out functions with less than this part of the total",
  },
}


local PARTS_MAX = 16 -- of a path, in a label; then the whole


-- ---------------------------------------------------------------- names ----

local function or_empty(text)
  return text or ""
end


-- What has neither name nor file: "[lib.so]", "<unknown>".
local function object_name(row)
  local base = or_empty(row.object):match("([^/]+)/*$")
  return base and "[" .. base .. "]" or "<unknown>"
end


-- "000000000040a2b4"
local function address_text(address)
  local digits = address:gsub("^0x", "")
  return ("0"):rep(16 - #digits) .. digits
end


local function place(row)
  local text = or_empty(row.filename)
  if (row.line or 0) ~= 0 then
    text = format("%s:%.0f", text, row.line)
    if row.column then
      text = format("%s:%.0f", text, row.column)
    end
  end
  return text
end


-- pprof's name: what there is of address, name, file and line.
local function full_name(row)
  local parts, where = {}, place(row)
  if row.address then
    parts[1] = address_text(row.address)
  end
  if row.name ~= "" then
    parts[#parts + 1] = row.name
  end
  if where ~= "" then
    parts[#parts + 1] = where
  elseif row.name == "" then
    parts[#parts + 1] = object_name(row)
  end
  return table.concat(parts, " ")
end


-- The last parts of a path, as many as asked for, or the whole.
local function tail(filename, parts, count)
  if count > PARTS_MAX or count > #parts then
    return filename
  end
  return table.concat(parts, "/", #parts - count + 1)
end


local function split(filename)
  local parts = {}
  for part in filename:gmatch("[^/]+") do
    parts[#parts + 1] = part
  end
  return parts
end


-- With so many last parts, are they different?
local function is_enough(list, count)
  local seen = {}
  for _, item in ipairs(list) do
    local text = tail(item.filename, item.parts, count)
    if seen[text] then
      return false
    end
    seen[text] = true
  end
  return true
end


-- Files of the same base by which one place is told from the other.
local function set_tails(tails, filenames)
  local list, count = {}, 2
  for i, filename in ipairs(filenames) do
    list[i] = { filename = filename, parts = split(filename) }
  end
  while count <= PARTS_MAX and not is_enough(list, count) do
    count = count + 1
  end
  for _, item in ipairs(list) do
    tails[item.filename] = tail(item.filename, item.parts, count)
  end
end


local function short_label(row)
  return format("%s (%s:%.0f)", row.name, path.base(or_empty(row.filename)),
    row.start_line)
end


-- For every label that is that of several files: file -> more of its path.
local function longer_places(rows, counts)
  local files, known, longer = {}, {}, {}
  for _, row in ipairs(rows) do
    if row.name ~= "" and counts[row.name] > 1 then
      local label, filename = short_label(row), or_empty(row.filename)
      files[label], known[label] = files[label] or {}, known[label] or {}
      if not known[label][filename] then
        known[label][filename] = true
        table.insert(files[label], filename)
      end
    end
  end
  for label, filenames in pairs(files) do
    if #filenames > 1 then
      longer[label] = {}
      set_tails(longer[label], filenames)
    end
  end
  return longer
end


-- Definitions go by their names; those of one name tell their places, with
-- as much of the path as tells them apart.
local function definition_namer(rows)
  local counts = {}
  for _, row in ipairs(rows) do
    counts[row.name] = (counts[row.name] or 0) + 1
  end
  local longer = longer_places(rows, counts)
  return function(row)
    local filename = or_empty(row.filename)
    if row.name ~= "" and (counts[row.name] or 1) == 1 then
      return row.name
    elseif row.name ~= "" then
      local label = short_label(row)
      local more = longer[label] and longer[label][filename]
      return more and format("%s (%s:%.0f)", row.name, more, row.start_line)
        or label
    elseif filename ~= "" then
      return format("%s:%.0f", filename, row.start_line)
    end
    return object_name(row)
  end
end


--- A function that gives the name of a row, which is made when first asked
--- for.
---@param rows table[] all rows of the report
---@param granularity? string as options have it; definitions by default
---@return fun(row: table): string
function M.namer(rows, granularity)
  local made, make = {}, full_name
  if granularity == nil or granularity == "definitions" then
    make = definition_namer(rows)
  end
  return function(row)
    local name = made[row]
    if not name then
      name = make(row)
      made[row] = name
    end
    return name
  end
end


-- ---------------------------------------------------------------- order ----

local LAST = { "filename", "start_line", "line", "node" }


-- Below all else rows differ in what they are.
local function by_place(a, b)
  for _, key in ipairs(LAST) do
    local one, other = a[key], b[key]
    if one ~= other and one and other then
      return one < other
    end
  end
  return false
end


-- pprof's order: the value, then the name, then the other value.
local function comparator(first, second, name_of)
  return function(a, b)
    local a1, b1 = abs(a[first]), abs(b[first])
    if a1 ~= b1 then
      return a1 > b1
    end
    local a_name, b_name = name_of(a), name_of(b)
    if a_name ~= b_name then
      return a_name < b_name
    end
    local a2, b2 = abs(a[second]), abs(b[second])
    if a2 ~= b2 then
      return a2 > b2
    end
    return by_place(a, b)
  end
end


-- ------------------------------------------------------------ selection ----

local function truncate(value)
  return value < 0 and math.ceil(value) or math.floor(value)
end


--- A part of a value, as pprof cuts it off: whole, without a sign.
---@param value number
---@param fraction? number 0 by default
---@return number
function M.cutoff(value, fraction)
  return abs(truncate(value * (fraction or 0)))
end


-- The rows whose cum is not below the cutoff.
local function heavy_rows(rows, fraction)
  local sum, kept = 0, {}
  for _, row in ipairs(rows) do
    sum = sum + row.flat
  end
  local cutoff = M.cutoff(sum, fraction)
  for _, row in ipairs(rows) do
    if abs(row.cum) >= cutoff then
      kept[#kept + 1] = row
    end
  end
  return kept, sum
end


--- Which rows a report shows, in order.
---@param rows table[] {name, filename, start_line, flat, cum}, any order
---@param asked table {n? = integer, sort = "flat"|"cum", nodefraction? = part}
---@param name_of fun(row: table): string
---@return table[] chosen the same tables
---@return table of {count = rows to choose from, dropped = those that were too
---  light, sum = flat of all}
function M.choose(rows, asked, name_of)
  local kept, sum = heavy_rows(rows, asked.nodefraction)
  local of = { count = #kept, dropped = #rows - #kept, sum = sum }
  if asked.sort == "cum" then
    table.sort(kept, comparator("cum", "flat", name_of))
  else
    table.sort(kept, comparator("flat", "cum", name_of))
  end
  for i = #kept, (asked.n or #kept) + 1, -1 do
    kept[i] = nil
  end
  return kept, of
end


local function share(value, total)
  return total == 0 and 0 or value / total
end


--- Copies of rows with what reports add.
---@param rows table[] in order
---@param total number what shares are of
---@param name_of fun(row: table): string
---@return table[] rows with label, flat_share, sum_share, cum_share (1 is all)
function M.finish(rows, total, name_of)
  local out, sum = {}, 0
  for i, row in ipairs(rows) do
    local copy = {}
    for key, value in pairs(row) do
      copy[key] = value
    end
    sum = sum + row.flat
    copy.label = name_of(row)
    copy.flat_share = share(row.flat, total)
    copy.sum_share = share(sum, total)
    copy.cum_share = share(row.cum, total)
    out[i] = copy
  end
  return out
end


return M
