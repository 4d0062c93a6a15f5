-- Profiles of real programs, and what go tool pprof prints of them. Not a spec.

local assert = require "luassert"
local support = require "spec.support"

local M = {}

--- The fixtures that reports are compared on.
M.NAMES = { "go126-cpu", "go126-heap", "go126-mutex", "lua5.4-penlight",
  "luajit-luacheck" }


--- Opens a fixture; skips the running test where it cannot be compared.
---@param pending fun(reason: string) busted's
---@param name string
---@param option string of pprof, such as "-tags"
---@return string theirs what go tool pprof prints
---@return userdata profile
function M.open(pending, name, option)
  support.need_core(pending)
  if not support.has_command("go") then
    pending("no Go toolchain")
  end
  local path = "spec/fixtures/" .. name .. ".pb.gz"
  local code, theirs = support.shell(("go tool pprof %s %s"):format(option,
    path))
  assert.equal(0, code)
  return theirs, assert(require("cprof").open(path))
end


return M
