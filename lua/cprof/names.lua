-- Names for the Lua functions of a profile: a pure function of (source, line
-- defined), found when a profile is made, never while sampling. In order:
-- the definition in the source, the path from a loaded module, the place.
-- What the source names are is told by the core as Lua gives them: "@path",
-- "=name", or the text of the chunk itself.

local definition = require "cprof.definition"

local M = {}

local FILE_BYTES_MAX = 16 * 1024 * 1024
local LINE_BYTES_MAX = 4096
local SHORT_TEXT_MAX = 45 -- of a chunk's text; as in Lua's own messages
local TABLE_KEYS_MAX = 2000 -- a larger table is data, not a module
local TABLES_MAX = 5000 -- looked into for loaded functions
local LOADED_DEPTH_MAX = 2 -- module.part.name

--- What `apply` reads of the world; a spec hands in its own.
M.CONTEXT = {
  open = io.open,
  getinfo = debug.getinfo,
  loaded = package.loaded,
}


-- ------------------------------------------------------------- places ----

-- "init.lua" alone says nothing: its folder stays.
local function base_name(path)
  return path:match("[^/]*/init%.lua$") or path:match("[^/]+$") or path
end


local function text_place(text)
  local first = text:match("^[^\n]*")
  if #first < #text or #first > SHORT_TEXT_MAX then
    first = first:sub(1, SHORT_TEXT_MAX) .. "..."
  end
  return '[string "' .. first .. '"]'
end


--- Where a function is from.
---@param source string as Lua gives it: "@path", "=name", or a text
---@param line? integer where it is defined; below 0: built into LuaJIT
---@return string filename
---@return string short for use within a name
function M.place(source, line)
  local kind, rest = source:sub(1, 1), source:sub(2)
  if line and line < 0 then
    local place = "[builtin:" .. source:gsub("^[@=]", "") .. "]"
    return place, place
  elseif kind == "@" then
    return rest, base_name(rest)
  elseif kind == "=" then
    return rest, rest
  end
  local place = text_place(source)
  return place, place
end


-- ------------------------------------------------------------- source ----

-- A device or pipe under a path could block the process for ever.
local function is_readable(path)
  return not (path:find("^/dev/") or path:find("^/proc/"))
end


-- The whole file, or nil when it cannot be had or is too large.
local function read_file(path, context)
  local file = is_readable(path) and context.open(path, "rb")
  if not file then
    return nil
  end
  local size, text = file:seek("end"), nil
  if size and size <= FILE_BYTES_MAX and file:seek("set") then
    text = file:read(size)
  end
  file:close()
  return text
end


local function source_text(source, context)
  local kind = source:sub(1, 1)
  if kind == "@" then
    return read_file(source:sub(2), context)
  elseif kind ~= "=" then
    return source
  end
end


-- The wanted lines of a text, up to the last wanted one.
local function pick_lines(text, wanted, last)
  local lines, pos = {}, 1
  for number = 1, last do
    local stop = text:find("\n", pos, true)
    local size = (stop or #text + 1) - pos
    if wanted[number] and size <= LINE_BYTES_MAX then
      lines[number] = text:sub(pos, pos + size - 1):gsub("\r$", "")
    end
    if not stop then
      break
    end
    pos = stop + 1
  end
  return lines
end


-- The lines on which these functions are defined, and those before them.
local function definition_lines(source, functions, context)
  local wanted, last = {}, 0
  for _, item in ipairs(functions) do
    wanted[item.line], wanted[item.line - 1] = true, true
    last = math.max(last, item.line)
  end
  local text = last > 0 and source_text(source, context)
  return text and pick_lines(text, wanted, last) or {}
end


-- ------------------------------------------------------------- loaded ----

local function function_key(source, line)
  return line .. "\0" .. source
end


-- The string keys in order, or nil for a table of data.
local function sorted_keys(map)
  local keys = {}
  for key in next, map do
    if type(key) == "string" then
      keys[#keys + 1] = key
    end
    if #keys > TABLE_KEYS_MAX then
      return nil
    end
  end
  table.sort(keys)
  return keys
end


-- No one name, false: several functions of one place, as a maker of closures
-- gives them, or one function under several keys.
local function index_function(index, found, func, path, getinfo)
  local info = getinfo(func, "S")
  if info.what == "C" then
    return
  end
  local key, name = function_key(info.source, info.linedefined),
    path:match("[^.]*$")
  local first = found[key]
  if not first then
    found[key], index[key] = { func = func, name = name }, path
  elseif first.func ~= func or first.name ~= name then
    index[key] = false
  end
end


-- Takes one table's functions into the index, its tables into the queue.
local function index_table(index, queue, item, getinfo)
  for _, key in ipairs(sorted_keys(item.map) or {}) do
    local value = rawget(item.map, key)
    local path = item.path .. key
    if type(value) == "function" then
      index_function(index, queue.found, value, path, getinfo)
    elseif type(value) == "table" and item.depth < LOADED_DEPTH_MAX
      and not queue.seen[value] and #queue < TABLES_MAX then
      queue.seen[value] = true
      queue[#queue + 1] =
        { map = value, path = path .. ".", depth = item.depth + 1 }
    end
  end
end


--- Paths of the functions that loaded modules hold, shortest path first.
---@param context table as `names.CONTEXT`
---@return table<string, string|false> path by (source, line)
function M.loaded(context)
  local index, queue = {}, { seen = {}, found = {} }
  local modules = { map = context.loaded, path = "", depth = 0 }
  index_table(index, queue, modules, context.getinfo)
  local done = 0
  while done < #queue do
    done = done + 1
    local item = queue[done]
    item.path = item.path:gsub("^_G%.", "")
    index_table(index, queue, item, context.getinfo)
  end
  return index
end


-- -------------------------------------------------------------- names ----

-- Built at the first need: most functions have a definition to read.
local function loaded_name(pass, source, line)
  pass.loaded = pass.loaded or M.loaded(pass.context)
  return pass.loaded[function_key(source, line)]
end


local function function_name(pass, item, lines, short)
  if item.line == 0 then
    return "main@" .. short
  end
  local name = definition.parse(lines[item.line], lines[item.line - 1])
    or loaded_name(pass, item.source, item.line)
  if name then
    return name
  end
  local line = item.line > 0 and ":" .. item.line or ""
  return "anonymous@" .. short .. line
end


local function group_by_source(functions)
  local groups, by_source = {}, {}
  for _, item in ipairs(functions) do
    local group = by_source[item.source]
    if not group then
      group = { source = item.source }
      by_source[item.source] = group
      groups[#groups + 1] = group
    end
    group[#group + 1] = item
  end
  return groups
end


-- Names the functions of one source; the core's failure, if any.
local function rename_group(pass, profile, group)
  local lines = definition_lines(group.source, group, pass.context)
  for _, item in ipairs(group) do
    local filename, short = M.place(item.source, item.line)
    local name = function_name(pass, item, lines, short)
    local ok, message, code = profile:rename(item.id, name, filename)
    if not ok then
      return nil, message, code
    end
  end
  return true
end


--- Names every function of a profile that has no name yet.
---@param profile userdata of cprof.core: `unnamed`, `rename`
---@param context? table what to read with, as `names.CONTEXT`, the default
---@return boolean|nil ok
---@return string? message
---@return string? code "memory"
function M.apply(profile, context)
  local pass = { context = context or M.CONTEXT }
  for _, group in ipairs(group_by_source(profile:unnamed())) do
    local ok, message, code = rename_group(pass, profile, group)
    if not ok then
      return nil, message, code
    end
  end
  return true
end


return M
