-- A second state of LuaJIT asked for a session while the first was profiled.
-- LuaJIT refused silently, as it does; but on the way there the handler of
-- the first had been replaced, and the failure put SIGPROF's default back: the
-- next signal of the first session ended the process, "Profiling timer
-- expired". Also here: SIGPROF of a host that took it during a session was
-- taken from it, because LuaJIT's stop puts back what it found at its start.
-- The scenarios themselves are played in spec/host_spec.lua.
local support = require "spec.support"

local function play(scenario)
  return support.shell(("make -s hosts LUA=%s && timeout -s ABRT 60 "
    .. "build/%s/spec/host %s"):format(support.vm, support.vm, scenario))
end


describe("LuaJIT's one profiler", function()
  it("survives a second state that wants it", function()
    support.need_core(pending)
    local code, out, err = play("second_later")
    assert.same({ 0, "" }, { code, err })
    assert(tonumber(out:match("a_work_A%s+(%d+)")) > 0, out)
  end)

  it("leaves SIGPROF to a host that took it", function()
    support.need_core(pending)
    local code, out, err = play("handler_after")
    assert.same({ 0, "" }, { code, err })
    assert(out:match("kept foreign"), out)
  end)
end)
