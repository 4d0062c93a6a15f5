-- What reports say of nodes, the rows of `profile:rows`: their names, as
-- `go tool pprof` writes them, their order, and which of them are shown. Pure.

local cell = require "cprof.report.cell"
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

-- A name is made of parts, in order: what rows share, such as a long name, is
-- not copied for each of them. A label is its name, with long parts cut.

local function or_empty(text)
  return text or ""
end


-- Each different argument is computed once.
local function memoize(compute)
  local known = {}
  return function(key)
    local value = known[key]
    if value == nil then
      value = compute(key)
      known[key] = value
    end
    return value
  end
end


local function last_or_false(object)
  return path.last(object) or false
end


-- What has neither name nor file: "[lib.so]", "<unknown>".
local function add_object(parts, row, last_of)
  local last = last_of(or_empty(row.object))
  if last then
    parts[#parts + 1], parts[#parts + 2], parts[#parts + 3] = "[", last, "]"
  else
    parts[#parts + 1] = "<unknown>"
  end
end


-- "000000000040a2b4"
local function address_text(address)
  local digits = address:gsub("^0x", "")
  return ("0"):rep(16 - #digits) .. digits
end


local function has_place(row)
  return or_empty(row.filename) ~= "" or (row.line or 0) ~= 0
end


local function add_place(parts, row)
  parts[#parts + 1] = or_empty(row.filename)
  if (row.line or 0) ~= 0 then
    parts[#parts + 1] = format(":%.0f", row.line)
    if row.column then
      parts[#parts + 1] = format(":%.0f", row.column)
    end
  end
end


-- pprof's name: what there is of address, name, file and line.
local function full_namer()
  local last_of = memoize(last_or_false)
  return function(row)
    local parts = {}
    if row.address then
      parts[1] = address_text(row.address) .. " "
    end
    if row.name ~= "" then
      parts[#parts + 1] = row.name
    end
    if has_place(row) then
      parts[#parts + 1] = row.name ~= "" and " " or nil
      add_place(parts, row)
    elseif row.name == "" then
      add_object(parts, row, last_of)
    end
    return parts
  end
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


-- The table of this key, which is made when it is not there.
local function child(tables, key)
  local found = tables[key]
  if not found then
    found = {}
    tables[key] = found
  end
  return found
end


-- For every label that is that of several files: file -> more of its path.
-- Found by name, base of the file and line.
local function longer_places(rows, counts, base_of)
  local labels, lists = {}, {}
  for _, row in ipairs(rows) do
    if row.name ~= "" and counts[row.name] > 1 then
      local filename = or_empty(row.filename)
      local label = child(child(child(labels, row.name), base_of(filename)),
        row.start_line)
      if label[filename] == nil then
        label[filename] = false
        local list = child(lists, label)
        list[#list + 1] = filename
      end
    end
  end
  for label, filenames in pairs(lists) do
    if #filenames > 1 then
      set_tails(label, filenames)
    end
  end
  return labels
end


-- Definitions go by their names; those of one name tell their places, with
-- as much of the path as tells them apart.
local function definition_namer(rows)
  local counts, base_of = {}, memoize(path.base)
  for _, row in ipairs(rows) do
    counts[row.name] = (counts[row.name] or 0) + 1
  end
  local longer = longer_places(rows, counts, base_of)
  local last_of = memoize(last_or_false)
  return function(row)
    local name, filename = row.name, or_empty(row.filename)
    if name ~= "" and (counts[name] or 1) == 1 then
      return { name }
    elseif name ~= "" then
      local base = base_of(filename)
      local label = longer[name] and longer[name][base]
      label = label and label[row.start_line]
      return { name, " (", label and label[filename] or base,
        format(":%.0f)", row.start_line) }
    elseif filename ~= "" then
      return { filename, format(":%.0f", row.start_line) }
    end
    local parts = {}
    add_object(parts, row, last_of)
    return parts
  end
end


-- Whether one text begins with the other.
local function have_prefix(a, b)
  if #a > #b then
    a, b = b, a
  end
  return a == "" or a:byte(-1) == b:byte(#a) and a == b:sub(1, #a)
end


-- -1, 0 or 1, as the texts that the parts make compare; these are made only
-- where a part is the beginning of another.
local function compare_parts(a, b)
  local at = 1
  while a[at] and a[at] == b[at] do
    at = at + 1
  end
  local one, other = a[at] or "", b[at] or ""
  if have_prefix(one, other) then
    one, other = table.concat(a, "", at), table.concat(b, "", at)
  end
  return one == other and 0 or one < other and -1 or 1
end


-- What compares names as `compare_parts`, which it asks when the first glance
-- does not tell.
local function new_order(parts_of)
  return function(a, b)
    local one, other = a.name, b.name
    if one ~= other and not a.address and not b.address and one ~= ""
      and other ~= "" and not have_prefix(one, other) then
      return one < other and -1 or 1
    end
    return compare_parts(parts_of(a), parts_of(b))
  end
end


--- The names of rows.
---@param rows table[] all rows of the report
---@param granularity? string as options have it; definitions by default
---@return table names {label = fun(row): string, what a report shows: a name
---  with its place, on one line, made when asked for, long ones cut; text =
---  fun(row): string, the same whole, made each time; order = fun(a, b): -1, 0
---  or 1, how the whole names compare}
function M.names(rows, granularity)
  local by_definition = granularity == nil or granularity == "definitions"
  local parts_of = by_definition and definition_namer(rows) or full_namer()
  local made = {}
  local names = { order = new_order(parts_of) }
  function names.text(row)
    return table.concat(parts_of(row))
  end
  function names.label(row)
    local label = made[row]
    if not label then
      local parts = parts_of(row)
      for i, part in ipairs(parts) do
        parts[i] = cell.short(part)
      end
      label = cell.plain(table.concat(parts))
      made[row] = label
    end
    return label
  end
  return names
end


--- A function that gives the label of a row; see `names`.
---@param rows table[] all rows of the report
---@param granularity? string as options have it; definitions by default
---@return fun(row: table): string
function M.namer(rows, granularity)
  return M.names(rows, granularity).label
end


--- A function that gives short keys, without copies of long names.
---@return fun(parts: table): string key of texts and numbers; equal for equal
---  lists
function M.keyer()
  local ids, count = {}, 0
  return function(parts)
    local numbers = {}
    for i, part in ipairs(parts) do
      local id = ids[part]
      if not id then
        count = count + 1
        id = count
        ids[part] = id
      end
      numbers[i] = format("%.0f", id)
    end
    return table.concat(numbers, " ")
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
local function comparator(first, second, order)
  return function(a, b)
    local a1, b1 = abs(a[first]), abs(b[first])
    if a1 ~= b1 then
      return a1 > b1
    end
    local by_name = order(a, b)
    if by_name ~= 0 then
      return by_name < 0
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
---@param order fun(a: table, b: table): integer how names compare; see `names`
---@return table[] chosen the same tables
---@return table of {count = rows to choose from, dropped = those that were too
---  light, sum = flat of all}
function M.choose(rows, asked, order)
  local kept, sum = heavy_rows(rows, asked.nodefraction)
  local of = { count = #kept, dropped = #rows - #kept, sum = sum }
  if asked.sort == "cum" then
    table.sort(kept, comparator("cum", "flat", order))
  else
    table.sort(kept, comparator("flat", "cum", order))
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
