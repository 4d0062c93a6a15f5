-- The files that are compared: fixtures, random ones, and those that are
-- merged, subtracted and normalized.

local random = require "spec.differential.random"
local support = require "spec.support"

local M = {}

local FOLDER = "spec/fixtures/"


--- All fixtures that are profiles.
---@return string[] paths sorted
function M.fixtures()
  local _, out = support.shell("ls " .. FOLDER .. "*.pb.gz")
  local paths = {}
  for path in out:gmatch("[^\n]+") do
    paths[#paths + 1] = path
  end
  return paths
end


--- A random profile in a file.
---@param folder string
---@param seed integer
---@param salt? integer
---@return string path
function M.random(folder, seed, salt)
  local path = ("%s/random-%d-%d.pb"):format(folder, seed, salt or 0)
  local file = assert(io.open(path, "wb"))
  file:write(random.profile(seed, salt))
  file:close()
  return path
end


local function fixture(name)
  return FOLDER .. name .. ".pb.gz"
end


--- Several files that make one profile.
---@param folder string for random ones
---@return table[] sets {name, paths, base, diff_base, normalize}
function M.sets(folder)
  local heap, later = fixture("go126-heap"), fixture("go126-allocs")
  local old, cpu = fixture("go119-heap"), fixture("go126-cpu")
  local lua, jit = fixture("lua5.4-luacheck"), fixture("luajit-luacheck")
  local sets = {
    { name = "merge of heaps", paths = { heap, later, old } },
    { name = "merge of cpu", paths = { cpu, fixture("go119-cpu"),
      fixture("native-cpu"), fixture("edited") } },
    { name = "merge of lua", paths = { lua, jit,
      fixture("lua5.4-penlight") } },
    { name = "merge of itself", paths = { lua, lua } },
    { name = "base", paths = { heap }, base = old },
    { name = "base, itself", paths = { heap }, base = heap },
    { name = "base of several", paths = { heap, later }, base = old },
    { name = "diff_base", paths = { heap }, diff_base = old },
    { name = "diff_base, cpu", paths = { cpu },
      diff_base = fixture("go119-cpu") },
    { name = "diff_base, lua", paths = { lua }, diff_base = jit },
    { name = "normalize", paths = { heap }, base = old, normalize = true },
    { name = "normalize, diff_base", paths = { lua }, diff_base = jit,
      normalize = true },
    { name = "normalize, cpu", paths = { cpu }, base = fixture("go119-cpu"),
      normalize = true },
  }
  for seed = 101, 106 do
    local path = M.random(folder, seed)
    local other = M.random(folder, seed, 1)
    sets[#sets + 1] = { name = "random merge " .. seed,
      paths = { path, other, path } }
    sets[#sets + 1] = { name = "random base " .. seed, paths = { other },
      base = path }
    sets[#sets + 1] = { name = "random diff_base " .. seed, paths = { path },
      diff_base = other, normalize = seed % 2 == 0 }
  end
  return sets
end


return M
