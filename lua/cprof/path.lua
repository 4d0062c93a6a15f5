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


--- The last part of a path; of "x/init.lua", which says nothing alone, the
--- folder, too.
---@param path string
---@return string
function M.base(path)
  return path:match("[^/]*/init%.lua$") or path:match("[^/]+$") or path
end


return M
