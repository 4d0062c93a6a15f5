-- Paths that keep their meaning when the program changes its folder.

local M = {}


--- The path as it reads from any folder.
---@param path string
---@param folder? string where a relative path begins; nil: not known, and the
---  path stays as it is
---@return string
function M.absolute(path, folder)
  if not folder or path:sub(1, 1) == "/" then
    return path
  end
  return folder:gsub("/$", "") .. "/" .. path
end


-- The patterns below are anchored: one that is not is tried at every byte, and
-- a long name from a file would take hours.

--- The last part of a path; of "x/init.lua", which says nothing alone, the
--- folder, too.
---@param path string
---@return string the path itself where it ends with a slash
function M.base(path)
  local slash = path:match("^.*()/")
  if not slash or slash == #path then
    return path
  elseif path:sub(slash) == "/init.lua" then
    slash = path:sub(1, slash - 1):match("^.*()/") or 0
  end
  return path:sub(slash + 1)
end


--- The last part of a path as it is, slashes behind it left out.
---@param path string
---@return string|nil nil: it has no part
function M.last(path)
  local whole = path:match("^.*[^/]")
  return whole and whole:sub((whole:match("^.*()/") or 0) + 1)
end


--- The last two parts of a path, "folder/file.lua".
---@param path string a clean one
---@return string|nil nil: it has no folder
function M.last_two(path)
  return path:match("^.*/([^/]+/[^/]+)$") or path:match("^[^/]+/[^/]+$")
end


local function is_clean(path)
  return path == "" or not (path:find("//", 1, true)
    or path:find("%f[^/%z]%.") or path:find("/$"))
end


-- Adds a part of a path to those before it.
local function add_part(parts, part, is_absolute)
  local last = parts[#parts]
  if part == "." then
    return
  elseif part ~= ".." then
    parts[#parts + 1] = part
  elseif last and last ~= ".." then
    parts[#parts] = nil
  elseif not is_absolute then
    parts[#parts + 1] = part
  end
end


--- The shortest path of the same meaning, as Go's filepath.Clean has it: no
--- ".", no "x/..", no doubled or last slash.
---@param path string
---@return string "" stays ""
function M.clean(path)
  if is_clean(path) then
    return path
  end
  local parts, root = {}, path:sub(1, 1) == "/" and "/" or ""
  for part in path:gmatch("[^/]+") do
    add_part(parts, part, root ~= "")
  end
  local text = root .. table.concat(parts, "/")
  return text == "" and "." or text
end


return M
