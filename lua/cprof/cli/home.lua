-- Where the program `cprof` finds its modules: beside its launcher, be they
-- installed (../share/lua/ABI and ../lib/lua/ABI) or lie in a source tree
-- (../lua and ../build/VM). package.path and package.cpath are the script's
-- and stay as they are; a searcher answers for cprof's own names. Folders that
-- LUA_PATH and LUA_CPATH name come first, those built into the VM last.
--
-- bin/cprof loads this file by its path: nothing can be required before.

local M = {}

local ABI = jit and "5.1" or "5.4"
local VM = jit and "luajit" or "lua5.4"

local LUA_FILES = ("@/share/lua/%s/?.lua;@/share/lua/%s/?/init.lua;"
  .. "@/lua/?.lua;@/lua/?/init.lua"):format(ABI, ABI)
local C_FILES = ("@/lib/lua/%s/?.so;@/build/%s/?.so"):format(ABI, VM)

local searchpath = rawget(package, "searchpath")

local SECOND = 2 -- among the searchers: after package.preload


-- The folders that a variable names, without the VM's own for its ";;".
local function told_path(getenv, name)
  return not jit and getenv(name .. "_5_4") or getenv(name) or ""
end


-- The templates of a variable, then ours.
local function search_path(home, getenv, variable, ours)
  return told_path(getenv, variable) .. ";"
    .. ours:gsub("@", (home:gsub("%%", "%%%%")))
end


local function load_core(file)
  return package.loadlib(file, "luaopen_cprof_core")
end


-- The first file that loads, as a loader and its path; else nil and why. A
-- core of the other VM does not load and is passed over.
local function find(name, path, load)
  local reason
  for template in path:gmatch("[^;]+") do
    local file = searchpath(name, template)
    if file then
      local loader, why = load(file)
      if loader then
        return loader, file
      end
      reason = reason or ("error loading module '%s' from file '%s':\n\t%s")
        :format(name, file, why)
    end
  end
  return nil, reason
end


--- Makes the function that answers `require` for cprof's names.
---@param home string the folder that holds the launcher's folder
---@param getenv fun(name: string): string?
---@return fun(name: string): function?, string?
function M.new_searcher(home, getenv)
  local lua_path = search_path(home, getenv, "LUA_PATH", LUA_FILES)
  local c_path = search_path(home, getenv, "LUA_CPATH", C_FILES)
  return function(name)
    if name ~= "cprof" and not name:find("^cprof%.") then
      return nil
    end
    local is_core = name == "cprof.core"
    local loader, file = find(name, is_core and c_path or lua_path,
      is_core and load_core or loadfile)
    if not loader and file then
      error(file, 0)
    end
    return loader, file
  end
end


--- Lets `require` find cprof's modules.
---@param home string the folder that holds the launcher's folder
function M.install(home)
  local searchers = rawget(package, "searchers") or rawget(package, "loaders")
  table.insert(searchers, SECOND, M.new_searcher(home, os.getenv))
end


return M
