-- The source files that a profile names: where they are here, and their lines.
-- A profile is anybody's: only regular files are read, of bounded size. What
-- is read of the world is handed in; a spec hands in its own.

local path = require "cprof.path"

local format = string.format

local M = {}

local FILE_BYTES_MAX = 16 * 1024 * 1024
local LINE_BYTES_MAX = 4096


-- ---------------------------------------------------------------- files ----

-- A device, a pipe, some of the kernel's files block who reads them.
local function is_readable(name, world)
  return world.is_file(name)
    and not (name:find("^/dev/") or name:find("^/proc/")
      or name:find("^/sys/"))
end


--- Reads a whole file.
---@param name string
---@param world? table {is_file = fun(path): boolean, open = as io.open}
---@return string|nil text
---@return string? message without the file's name
function M.read(name, world)
  local open = world and world.open or io.open
  if not is_readable(name, world or require "cprof.core") then
    return nil, "no regular file"
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


--- Where a file may be, in the order in which to look.
---@param name string as the profile has it
---@param source_path? string folders, "a:b"
---@param comments? string[] of the profile; `cprof.cwd=…` is where it ran
---@return string[] paths
function M.places(name, source_path, comments)
  if name:sub(1, 1) == "/" then
    return { name }
  end
  local places = {}
  for _, folder in ipairs(split(source_path)) do
    places[#places + 1] = path.absolute(name, folder)
  end
  local folder = comment_value(comments, "cprof.cwd")
  if folder and folder:sub(1, 1) == "/" then
    places[#places + 1] = path.absolute(name, folder)
  end
  places[#places + 1] = name
  return places
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
  return (self.text:sub(first, last):gsub("[\r\n]+$", ""))
end


--- Opens the first of the places that can be read.
---@param name string as the profile has it
---@param places string[] of `places`
---@param read fun(path: string): string?, string? as `read`
---@return table|nil source
---@return string? message which names the file
function M.open(name, places, read)
  local why
  for _, place in ipairs(places) do
    local text, message = read(place)
    if text then
      return M.new(text, place)
    end
    why = why or message ~= "no regular file" and message or nil
  end
  return nil, format("cannot read %s: %s", name, why or "no regular file")
end


return M
