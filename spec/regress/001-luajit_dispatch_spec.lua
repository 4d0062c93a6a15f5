-- A storm on LuaJIT at 5000 Hz hung once in some twenty runs: a count hook was
-- set, LuaJIT said so, and it never ran; nor did any profile callback, for the
-- rest of the process, while 99 % of the signals were lost. lj_dispatch_update
-- notes the mode, then writes the dispatch table. Our handler came in between
-- and called LuaJIT's, which calls lj_dispatch_update too: it wrote the table
-- for its mode, the interrupted one went on writing its own over it. The mode
-- now said "profiling", so that nobody ever wrote the table again. Without
-- csrc/dispatch_luajit.c the loop below failed in each of 4 runs.
local support = require "spec.support"

local SCRIPT = [[
  local cprof = require "cprof"
  local core = require "cprof.core"
  jit.off()
  local session = assert(cprof.start{ cpu = { hz = 10000 } })
  local fired = 0
  local function hook() fired = fired + 1 end
  local start_ns = core.wall_ns()
  while core.wall_ns() - start_ns < 3e9 do
    for _ = 1, 2000 do
      debug.sethook(hook, "", 50)
      debug.sethook()
      debug.sethook(hook, "cr")
      debug.sethook()
    end
    fired = 0
    debug.sethook(hook, "", 1000)
    local x = 0
    for i = 1, 100000 do x = x + i end
    debug.sethook()
    assert(fired > 0, "the hook is set and does not run")
  end
  assert(session:stop())
]]


describe("a signal inside lj_dispatch_update", function()
  it("leaves hooks and profile callbacks working", function()
    if support.vm ~= "luajit" then
      return pending("PUC Lua has no dispatch table")
    end
    local path = support.file(SCRIPT)
    local code, out, err = support.shell("make -s LUA=luajit STORM=1 all\n"
      .. 'eval "$(make -s env LUA=luajit STORM=1)"\n'
      .. "timeout -s ABRT 60 luajit " .. path)
    os.remove(path)
    assert.same({ 0, "", "" }, { code, out, err })
  end)
end)
