-- The source files that a profile names: where they are here, and their lines.
-- A profile is anybody's: only regular files are read, of bounded size. What
-- is read of the world is handed in; a spec hands in its own.

local path = require "cprof.path"

local format = string.format

local M = {}

local FILE_BYTES_MAX = 16 * 1024 * 1024
local LINE_BYTES_MAX = 4096
local PLACES_MAX = 64 -- where one file is looked for
local FOLDERS_SHOWN = 4 -- of those looked in, in a message


-- ---------------------------------------------------------------- files ----

-- A device, a pipe, some of the kernel's files block who reads them.
local function is_kernels(name)
  return name:find("^/dev/") or name:find("^/proc/") or name:find("^/sys/")
end


-- "../../proc/x" is the kernel's, too.
local function is_readable(name, world)
  local full = path.absolute(name, world.cwd and world.cwd())
  return world.is_file(name)
    and not (is_kernels(name) or is_kernels(path.clean(full)))
end


-- Is there nothing, or what is no file to be read?
local function why_not(name, world)
  if world.modified_s and not world.modified_s(name) then
    return "No such file"
  end
  return "no regular file"
end


--- Reads a whole file.
---@param name string
---@param world? table {is_file = fun(path): boolean, open? = as io.open,
---  modified_s? = fun(path): number?, cwd? = fun(): string?}
---@return string|nil text
---@return string? message without the file's name
function M.read(name, world)
  world = world or require "cprof.core"
  local open = world.open or io.open
  if not is_readable(name, world) then
    return nil, why_not(name, world)
  end
  local file, message = open(name, "rb")
  if not file then
    return nil, (message:gsub("^.*: ", ""))
  end
  local size = file:seek("end")
  local text
  if size and size <= FILE_BYTES_MAX and file:seek("set") then
    text = file:read(size) or ""
  end
  file:close()
  if not text then
    return nil, format("larger than %d MiB", FILE_BYTES_MAX / 1024 ^ 2)
  end
  return text
end


--- When a file was last written.
---@param name string
---@return number|nil seconds since 1970; nil: not known
function M.modified_s(name)
  return require("cprof.core").modified_s(name)
end


-- --------------------------------------------------------------- places ----

-- The value of a comment "key=value".
local function comment_value(comments, key)
  for _, comment in ipairs(comments or {}) do
    if comment:sub(1, #key + 1) == key .. "=" then
      return comment:sub(#key + 2)
    end
  end
end


-- The folders of "a:b", as PATH has them.
local function split(folders)
  local list = {}
  for folder in (folders or ""):gmatch("[^:]+") do
    list[#list + 1] = folder
  end
  return list
end


-- Where to look, each place once, not without end.
local function add_place(places, place)
  if not places.seen[place] and #places.list < PLACES_MAX then
    places.seen[place] = true
    places.list[#places.list + 1] = place
  end
end


-- The name as it is: an absolute one is where it says.
local function add_named(places, name, folders)
  if name:sub(1, 1) ~= "/" then
    for _, folder in ipairs(folders) do
      add_place(places, path.absolute(name, folder))
    end
  end
  add_place(places, name)
end


-- What pprof calls -trim_path: the name below the first prefix that it has.
local function trim(name, prefixes)
  for _, prefix in ipairs(split(prefixes)) do
    prefix = prefix:gsub("/+$", "") .. "/"
    if name:sub(1, #prefix) == prefix then
      return (name:sub(#prefix + 1):gsub("^/+", ""))
    end
  end
end


-- The folder of a folder, or nil at the top.
local function parent(folder)
  local cleaned = path.clean(folder)
  local above, last = cleaned:match("^(.*)/([^/]+)$")
  if above and last ~= ".." then
    return above == "" and "/" or above
  end
end


-- A relative name, in the folders above, as pprof looks for it.
local function add_above(places, name, source_path)
  for _, folder in ipairs(split(source_path)) do
    folder = parent(folder)
    while folder and #places.list < PLACES_MAX do
      add_place(places, path.absolute(name, folder))
      folder = parent(folder)
    end
  end
end


-- What is left of the name when its first folders are another machine's: the
-- longest first, in every folder.
local function add_suffixes(places, name, folders)
  local suffix, at = path.clean(name):gsub("^/", ""), 1
  while suffix:find("^%.%./", at) do
    at = at + 3
  end
  if suffix:find("^%.%.?$", at) then
    return
  end
  while at <= #suffix and folders[1] and #places.list < PLACES_MAX do
    for _, folder in ipairs(folders) do
      add_place(places, path.absolute(suffix:sub(at), folder))
    end
    at = (suffix:find("/", at, true) or #suffix) + 1
  end
end


--- Where a file may be, in the order in which to look: as it is named, in the
--- folders above for a relative name, then what the name ends with.
---@param name string as the profile has it
---@param asked? table {source_path? = folders, "a:b", trim_path? = prefixes
---  to take off, "a:b", comments? = of the profile; `cprof.cwd=…` is where it
---  ran}
---@return string[] paths no more than 64
---@return string[] folders in which to look
function M.places(name, asked)
  asked = asked or {}
  local places = { list = {}, seen = {} }
  local folders = split(asked.source_path)
  local folder = comment_value(asked.comments, "cprof.cwd")
  if folder and folder:sub(1, 1) == "/" then
    folders[#folders + 1] = folder
  end
  local trimmed = trim(name, asked.trim_path)
  if trimmed and trimmed ~= "" then
    add_named(places, trimmed, folders)
  end
  add_named(places, name, folders)
  local relative = trimmed or name
  if relative:sub(1, 1) ~= "/" then
    add_above(places, relative, asked.source_path)
  end
  add_suffixes(places, name, folders)
  return places.list, folders
end


-- ---------------------------------------------------------------- lines ----

-- Where each line begins; as Lua counts them.
local function line_starts(text)
  local starts, pos = {}, 1
  while pos <= #text do
    starts[#starts + 1] = pos
    local stop = text:find("\n", pos, true)
    pos = stop and stop + 1 or #text + 1
  end
  return starts
end


local source_methods = {}

local source_mt = {
  __name = "cprof.source",
  __index = source_methods,
}


--- A file's lines.
---@param text string the whole file
---@param place? string where it is
---@return table source {count = integer, path = place}
function M.new(text, place)
  local starts = line_starts(text)
  return setmetatable({
    text = text, starts = starts, count = #starts, path = place,
  }, source_mt)
end


--- A line without its end; a very long one is cut.
---@param number integer from 1
---@return string|nil nil: the file has no such line
function source_methods:line(number)
  local first = self.starts[number]
  if not first then
    return nil
  end
  local next_first = self.starts[number + 1]
  local last = next_first and next_first - 2 or #self.text
  if last - first >= LINE_BYTES_MAX then
    return self.text:sub(first, first + LINE_BYTES_MAX - 1) .. "..."
  end
  return self.text:sub(first, last):match("^(.*[^\r\n])") or ""
end


local function folders_text(folders)
  local count = math.min(folders and #folders or 0, FOLDERS_SHOWN)
  if count == 0 then
    return ""
  end
  return format(" (looked in %s%s)", table.concat(folders, ", ", 1, count),
    #folders > count and ", …" or "")
end


-- Of the reasons why places cannot be read, the one that says most.
local RANKS = { ["No such file"] = 1, ["no regular file"] = 2 }
local RANK_MAX = 3

local function better(why, message)
  if (RANKS[message] or RANK_MAX) > (RANKS[why] or RANK_MAX) then
    return message
  end
  return why
end


--- Opens the first of the places that can be read.
---@param name string as the profile has it
---@param places string[] of `places`
---@param read fun(path: string): string?, string? as `read`
---@param folders? string[] of `places`, to be named when nothing is there
---@return table|nil source
---@return string? message which names the file
function M.open(name, places, read, folders)
  local why = "No such file"
  for _, place in ipairs(places) do
    local text, message = read(place)
    if text then
      return M.new(text, place)
    end
    why = better(why, message)
  end
  if why == "No such file" then
    why = why .. folders_text(folders)
  end
  return nil, format("cannot read %s: %s", name, why)
end


return M
