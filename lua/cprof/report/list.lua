-- The source of functions with what each line cost, as `go tool pprof -list`
-- prints it. Where several functions of a file have one name, each is shown by
-- itself, and the cumulative value of a function counts a sample once, which
-- pprof counts for every line of the function that is on its stack.
--
--   text    = "Total: " value "\n" { routine }
--   routine = "ROUTINE ======================== " name " in " filename "\n"
--             flat " " cum " (flat, cum) " share " of Total\n"
--             [ " Error: " message "\n" ] [ " Warning: " message "\n" ]
--             { flat " " cum " " line ":" text "\n" | "..." "\n" }

local cell = require "cprof.report.cell"
local path_of = require "cprof.path"
local regex = require "cprof.regex"
local source = require "cprof.source"
local units = require "cprof.units"

local format, max, min = string.format, math.max, math.min

local M = {
  name = "list",
  summary = "print the source of functions with the cost of each line",
  WITHOUT = { granularity = true }, -- see cprof.profile
  OPTIONS = {
    {
      name = "pattern", type = "pattern", positional = true,
      required = "string or function",
      argname = "PATTERN",
      message = "which functions: a regular expression of their names",
    },
    {
      name = "source_path", type = "text", argname = "FOLDERS",
      message = "folders of source files, a:b",
    },
    {
      name = "trim_path", type = "text", argname = "PREFIXES",
      message = "prefixes to take off file names, a:b",
    },
  },
}

local MARGIN = 5 -- lines shown before and after those with samples
local GAP_MAX = 100 -- lines without samples that are shown in one run


-- ------------------------------------------------------------ functions ----

local function file_key(row)
  return row.name .. "\0" .. row.filename
end


-- The functions that match, by name and file, in order of their first lines.
local function find_functions(rows, matches)
  local functions, by_file = {}, {}
  for _, row in ipairs(rows) do
    if row.name ~= "" and matches(row.name) then
      local key = file_key(row)
      local item = {
        name = row.name, filename = row.filename, start_line = row.start_line,
        flat = row.flat, cum = row.cum, lines = {},
      }
      functions[#functions + 1] = item
      by_file[key] = by_file[key] or {}
      table.insert(by_file[key], item)
    end
  end
  for _, list in pairs(by_file) do
    table.sort(list, function(a, b)
      return a.start_line < b.start_line
    end)
  end
  return functions, by_file
end


-- The last of the functions that begins at or before a line.
local function owner_of(list, line)
  local low, high = 1, #list
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if list[middle].start_line <= line then
      low = middle
    else
      high = middle - 1
    end
  end
  return list[low]
end


local function by_line(a, b)
  return a.line < b.line
end


-- Gives the functions their lines; a line may be in several nodes.
local function fill_lines(functions, by_file, rows)
  local found = {}
  for _, row in ipairs(rows) do
    local list = by_file[file_key(row)]
    local item = list and owner_of(list, row.line)
    if item then
      found[item] = found[item] or {}
      local line = found[item][row.line]
      if not line then
        line = { line = row.line, flat = 0, cum = 0 }
        found[item][row.line] = line
        item.lines[#item.lines + 1] = line
      end
      line.flat, line.cum = line.flat + row.flat, line.cum + row.cum
    end
  end
  for _, item in ipairs(functions) do
    table.sort(item.lines, by_line)
  end
end


-- --------------------------------------------------------------- source ----

-- Lines first..last of the source between those that have numbers.
local function add_plain(out, file, first, last)
  if last - first + 1 > GAP_MAX then
    add_plain(out, file, first, first + MARGIN - 1)
    out[#out].is_cut = true
    first = last - MARGIN + 1
  end
  for number = first, last do
    out[#out + 1] =
      { line = number, flat = 0, cum = 0, text = file:line(number) }
  end
end


-- The function's lines with text, from where it begins.
local function annotate(item, file)
  local lines, out = item.lines, {}
  local first, last = lines[1].line, lines[#lines].line
  local begin = item.start_line > 0 and item.start_line or first - MARGIN
  local at = max(1, min(begin, first))
  for _, line in ipairs(lines) do
    add_plain(out, file, at, min(line.line - 1, file.count))
    line.text = file:line(line.line)
    out[#out + 1] = line
    at = max(at, line.line + 1)
  end
  add_plain(out, file, at, min(last + MARGIN, file.count))
  if last > file.count then
    item.error = format("%s has only %d lines: it is not what ran",
      file.path or item.filename, file.count)
  end
  item.lines, item.path = out, file.path
end


-- "folder/file.lua" of a path; nil when it has no folder.
local function last_two(name)
  return path_of.last_two(path_of.clean(name))
end


-- Whether a file was found by its last name alone.
local function is_guess(file, name)
  local wanted = last_two(name)
  return wanted ~= nil and not wanted:find("^%.%./")
    and last_two(file.path) ~= wanted
end


local function is_newer(file, info, modified_s)
  if (info.time_ns or 0) == 0 then
    return false
  end
  local written_s = modified_s(file.path)
  return written_s ~= nil
    and written_s > (info.time_ns + (info.duration_ns or 0)) / 1e9
end


-- What to say of a source that may be another one, or has changed; or nil.
local function warning_of(file, name, info, modified_s)
  local parts = {}
  if file and is_guess(file, name) then
    parts[1] = format("taken from %s", file.path)
  end
  if file and is_newer(file, info, modified_s) then
    parts[#parts + 1] = format("%s is newer than the profile; lines may have "
      .. "moved", file.path)
  end
  return parts[1] and table.concat(parts, "; ")
end


local function nothing()
end


-- A spec that hands in what files hold hands in when they were written, too.
local function world_of(asked)
  return asked.read or source.read,
    asked.modified_s or asked.read and nothing or source.modified_s
end


-- A file is opened once, whether it can be read or not.
local function new_opener(view, asked)
  local opened, info = {}, view.info or {}
  local read, modified_s = world_of(asked)
  return function(name)
    local known = opened[name]
    if not known then
      local places, folders = source.places(name, {
        source_path = asked.source_path, trim_path = asked.trim_path,
        comments = info.comments,
      })
      local file, message = source.open(name, places, read, folders)
      known = { file = file, message = message,
        warning = warning_of(file, name, info, modified_s) }
      opened[name] = known
    end
    return known.file, known.message, known.warning
  end
end


-- Why nothing is to be looked for: there is no name, or it is that of a chunk
-- without a file: "[C]", "=stdin", "(load)"; nil: there is a file.
local function why_no_file(item)
  local name = item.filename
  if name == "" then
    return "No source information for " .. item.name
  elseif name:find("^[%[=]") or name:find("^%([^/.]*%)$") then
    return format("%s has no file", name)
  end
end


-- Without a source, a line that has no number says nothing.
local function drop_unknown(item)
  local kept = {}
  for _, line in ipairs(item.lines) do -- in order, the unknown ones first
    if line.line > 0 then
      kept[#kept + 1] = line
    end
  end
  item.lines = kept
end


local function add_source(item, open)
  local file, message = nil, why_no_file(item)
  if not message then
    file, message, item.warning = open(item.filename)
  end
  local last = item.lines[#item.lines]
  if not file then
    item.error = message
    drop_unknown(item)
  elseif last and last.line > 0 then
    annotate(item, file)
  end
end


-- ----------------------------------------------------------------- data ----

local function by_name(a, b)
  if a.name ~= b.name then
    return a.name < b.name
  elseif a.filename ~= b.filename then
    return a.filename < b.filename
  end
  return a.start_line < b.start_line
end


-- The rows of one granularity, or nil, message, code.
local function rows_of(view, granularity)
  return view.profile:rows({ index = view.index, granularity = granularity })
end


-- The functions that the pattern means; nil, message, code.
local function match_functions(view, asked)
  local matches, wrong, why = regex.compile(asked.pattern)
  if not matches then
    return nil, wrong, why
  end
  local rows, message, code = rows_of(view, "definitions")
  if not rows then
    return nil, message, code
  end
  local functions, by_file, kind = regex.catch(find_functions, rows, matches)
  if functions and #functions == 0 then
    local shown = type(asked.pattern) == "string"
      and regex.show(asked.pattern) or tostring(asked.pattern)
    return nil, "no function matches " .. shown, "range"
  end
  return functions, by_file, kind
end


--- The functions that match, with the cost of their lines.
---@param view table as `view.new` gives it
---@param asked table {pattern, source_path, trim_path, read = fun(path):
---  string?, string?, modified_s = fun(path): number?}
---@return table|nil data {functions = {{name, filename, start_line, path,
---  flat, cum, lines = {{line, flat, cum, text, is_cut}}, error, warning}},
---  total}; after a line with is_cut lines are left out; path is where the
---  source was
---@return string? message
---@return string? code "range": nothing matches, or the pattern is none;
---  "limit": it takes too long; "state": it needs a library
function M.data(view, asked)
  local functions, by_file, code = match_functions(view, asked)
  if not functions then
    return nil, by_file, code
  end
  local rows, message, why = rows_of(view, "lines")
  if not rows then
    return nil, message, why
  end
  fill_lines(functions, by_file, rows)
  table.sort(functions, by_name)
  local open = new_opener(view, asked)
  for _, item in ipairs(functions) do
    add_source(item, open)
  end
  return { functions = functions, total = view.total }
end


-- ----------------------------------------------------------------- text ----

local function value_text(value, view)
  return units.label(value, view.unit, view.output_unit)
end


local function value_or_dot(value, view)
  return value == 0 and "." or value_text(value, view)
end


local function add_routine(lines, item, view)
  lines[#lines + 1] = format("ROUTINE %s %s in %s", ("="):rep(24),
    cell.plain(cell.short(item.name)), cell.plain(cell.short(item.filename)))
  lines[#lines + 1] = format("%10s %10s (flat, cum) %s of Total",
    value_text(item.flat, view), value_text(item.cum, view),
    units.percentage(item.cum, view.total))
  if item.error then
    lines[#lines + 1] = " Error: " .. cell.plain(cell.short(item.error))
  end
  if item.warning then
    lines[#lines + 1] = " Warning: " .. cell.plain(cell.short(item.warning))
  end
  for _, line in ipairs(item.lines) do
    lines[#lines + 1] = format("%10s %10s %6.0f:%s",
      value_or_dot(line.flat, view), value_or_dot(line.cum, view), line.line,
      line.text or "")
    if line.is_cut then
      lines[#lines + 1] = format("%28s", "...")
    end
  end
end


--- The report.
---@param data table of `data`
---@param view table the same
---@return string lines, each with its line end
function M.text(data, view)
  local lines = { "Total: " .. value_text(data.total, view) }
  for _, item in ipairs(data.functions) do
    if item.filename == "" then
      lines[#lines + 1] = cell.plain(cell.short(item.error))
    else
      add_routine(lines, item, view)
    end
  end
  return table.concat(lines, "\n") .. "\n"
end


return M
