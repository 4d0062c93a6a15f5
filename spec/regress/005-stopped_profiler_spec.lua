-- Whoever got hold of jit.profile.stop before `require "cprof"` calls LuaJIT's
-- own, not ours. It ends the VM's one profiler in the middle of our session:
-- SIGPROF goes to a handler that does nothing from there on. Until the next
-- snapshot or stop nothing was sampled and nobody was told: one second of work,
-- stopped at its half, showed as half a second without a word about the rest.
local support = require "spec.support"

local SCRIPT = [[
  local stop = require("jit.profile").stop
  package.path = "./?.lua;" .. package.path
  local support = require "spec.support"
  local core = require "cprof.core"
  local function busy(seconds)
    local till, x = core.cpu_ns() + seconds * 1e9, 0
    while core.cpu_ns() < till do
      for i = 1, 100000 do x = x + i % 7 end
    end
    return x
  end
  local session = assert(core.start({ hz = 1000 }))
  local start = core.cpu_ns()
  busy(0.5)
  stop()
  busy(0.5)
  local used = core.cpu_ns() - start
  local profile = session:stop()
  local _, ns = support.count(support.samples(profile))
  print(ns / used, support.comments(profile).restarts)
]]


describe("LuaJIT's profiler, stopped behind our back", function()
  it("loses no time unsaid", function()
    support.only_on(pending, "luajit", "PUC Lua has no profiler of its own")
    local path = support.file(SCRIPT)
    local code, out, err = support.shell("lua " .. path)
    os.remove(path)
    assert.equal("0 ", code .. " " .. err)
    local share, restarts = out:match("^(%S+)\t(%d+)\n$")
    assert.is_truthy(share, out)
    assert.is_true(math.abs(tonumber(share) - 1) <= 0.05, out)
    assert.is_true(tonumber(restarts) >= 1, out)
  end)
end)
