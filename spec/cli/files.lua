-- Commands of cprof in a folder with made profiles. Not a spec.

local assert = require "luassert"
local made = require "spec.made"
local support = require "spec.support"

local M = {}

--- A profile to try commands on: two stacks, 30 ms.
M.STACKS = {
  { "main;parse;lex@a.lua:7", { 2, 20e6 }, { route = "/x" } },
  { "main;emit", { 1, 10e6 }, { route = "/y" } },
}


--- A new folder with these profiles as files; without the core, an empty one.
---@param files table<string, table> name -> a profile as spec.made takes it
---@return string folder the caller removes it: support.remove_folder
function M.new(files)
  local folder = support.new_folder()
  if support.has_core() then
    for name, given in pairs(files) do
      assert(made.profile(given):write(folder .. "/" .. name))
    end
  end
  return folder
end


--- Runs `cprof LINE` there.
---@param folder string
---@param line string
---@return integer code
---@return string out
---@return string err
function M.run(folder, line)
  return support.shell(("cd %s && cprof %s"):format(folder, line))
end


--- What it prints; it must end well and say nothing else.
---@param folder string
---@param line string
---@return string out
function M.prints(folder, line)
  local code, out, err = M.run(folder, line)
  assert.equal("", err)
  assert.equal(0, code)
  return out
end


return M
