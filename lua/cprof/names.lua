-- Names for the Lua functions of a profile: a pure function of (source, line
-- defined), found when a profile is made, never while sampling. In order:
-- the definition in the source, the path from a loaded module, the place.
-- What the source names are is told by the core as Lua gives them: "@path",
-- "=name", or the text of the chunk itself. A session has a namer, which
-- remembers: a file is read again only for functions that are new.

local definition = require "cprof.definition"
local path = require "cprof.path"
local sources = require "cprof.source"
local open, getinfo = io.open, debug.getinfo

local M = {}

local LINE_BYTES_MAX = 4096
local SHORT_TEXT_MAX = 45 -- of a chunk's text; as in Lua's own messages
local TABLE_KEYS_MAX = 2000 -- a larger table is data, not a module
local TABLES_MAX = 5000 -- looked into for loaded functions
local LOADED_DEPTH_MAX = 2 -- module.part.name
local KNOWN_SOURCES_MAX = 5000 -- a program may load chunks without end


--- What a namer reads of the world; a spec hands in its own.
---@param core table {cwd = fun(): string?, is_file = fun(path): boolean}
---@return table context relative paths begin in `folder`, the present one
function M.new_context(core)
  return {
    open = open,
    getinfo = getinfo,
    loaded = package.loaded,
    is_file = core.is_file,
    folder = core.cwd(),
  }
end


-- ------------------------------------------------------------- places ----

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
    return rest, path.base(rest)
  elseif kind == "=" then
    return rest, rest
  end
  local place = text_place(source)
  return place, place
end


-- ------------------------------------------------------------- source ----

-- The text of the file behind a chunk's name, or nil when it cannot be had or
-- is too large: seen from the folder of the start, where most chunks were
-- loaded, else from the present one.
local function read_file(name, context)
  for _, place in ipairs({ path.absolute(name, context.folder), name }) do
    if context.is_file(place) then
      return sources.read(place, context)
    end
  end
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
local function index_function(index, found, func, name_path, context)
  local info = context.getinfo(func, "S")
  if info.what == "C" then
    return
  end
  local key, name = function_key(info.source, info.linedefined),
    name_path:match("^.*%.(.*)$") or name_path
  local first = found[key]
  if not first then
    found[key], index[key] = { func = func, name = name }, name_path
  elseif first.func ~= func or first.name ~= name then
    index[key] = false
  end
end


-- Takes one table's functions into the index, its tables into the queue.
local function index_table(index, queue, item, context)
  for _, key in ipairs(sorted_keys(item.map) or {}) do
    local value = rawget(item.map, key)
    local name_path = item.path .. key
    if type(value) == "function" then
      index_function(index, queue.found, value, name_path, context)
    elseif type(value) == "table" and item.depth < LOADED_DEPTH_MAX
      and not queue.seen[value] and #queue < TABLES_MAX then
      queue.seen[value] = true
      queue[#queue + 1] =
        { map = value, path = name_path .. ".", depth = item.depth + 1 }
    end
  end
end


--- Paths of the functions that loaded modules hold, shortest path first.
---@param context table of `names.new_context`
---@return table<string, string|false> path by (source, line)
function M.loaded(context)
  local index, queue = {}, { seen = {}, found = {} }
  local modules = { map = context.loaded, path = "", depth = 0 }
  index_table(index, queue, modules, context)
  local done = 0
  while done < #queue do
    done = done + 1
    local item = queue[done]
    item.path = item.path:gsub("^_G%.", "")
    index_table(index, queue, item, context)
  end
  return index
end


-- -------------------------------------------------------------- names ----

-- Built at the first need: most functions have a definition to read.
local function loaded_name(pass, source, line)
  pass.loaded = pass.loaded or M.loaded(pass.context)
  return pass.loaded[function_key(source, line)]
end


local function place_name(source, line)
  local _, short = M.place(source, line)
  if line == 0 then
    return "main@" .. short
  end
  return "anonymous@" .. short .. (line > 0 and ":" .. line or "")
end


local function function_name(pass, item, lines)
  if item.line == 0 then
    return place_name(item.source, 0)
  end
  local name, is_shared =
    definition.parse(lines[item.line], lines[item.line - 1])
  return name
    or not is_shared and loaded_name(pass, item.source, item.line)
    or place_name(item.source, item.line)
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


-- Adds to the known names of a source, by line, those of its other functions.
local function learn(pass, group, known)
  local new = {}
  for _, item in ipairs(group) do
    if not known[item.line] then
      new[#new + 1] = item
    end
  end
  local lines = definition_lines(group.source, new, pass.context)
  for _, item in ipairs(new) do
    known[item.line] = function_name(pass, item, lines)
  end
end


-- Gives the functions of one source their names; the core's failure, if any.
local function rename_group(profile, group, known)
  for _, item in ipairs(group) do
    local name = known[item.line] or place_name(item.source, item.line)
    local ok, message, code = profile:rename(item.id, name,
      (M.place(item.source, item.line)))
    if not ok then
      return nil, message, code
    end
  end
  return true
end


-- -------------------------------------------------------------- namer ----

local namer_methods = {}

local namer_mt = {
  __name = "cprof.namer",
  __index = namer_methods,
}


--- Makes a namer, which remembers the names that it has found.
---@param context table of `names.new_context`
---@return table namer
function M.new(context)
  return setmetatable({ context = context, known = {}, source_count = 0 },
    namer_mt)
end


-- The known names of a source, by line: a table to add to. A source that is a
-- text is not kept: it is at hand.
local function known_names(namer, source)
  local known = namer.known[source]
  if known then
    return known
  end
  known = {}
  if source:find("^[@=]") and namer.source_count < KNOWN_SOURCES_MAX then
    namer.known[source] = known
    namer.source_count = namer.source_count + 1
  end
  return known
end


--- Names every function of a profile that has no name yet. What is raised
--- while names are looked for costs the names, not the profile.
---@param profile userdata of cprof.core: `unnamed`, `rename`
---@return boolean|nil ok
---@return string? message
---@return string? code "memory"
function namer_methods:apply(profile)
  local pass = { context = self.context }
  for _, group in ipairs(group_by_source(profile:unnamed())) do
    local known = known_names(self, group.source)
    pcall(learn, pass, group, known)
    local ok, message, code = rename_group(profile, group, known)
    if not ok then
      return nil, message, code
    end
  end
  return true
end


return M
