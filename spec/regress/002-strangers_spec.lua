-- Reading coroutines_lua54.c for the storms: after a resume of ours the running
-- coroutine was said to be the resumer. Where that was a stranger, a coroutine
-- that a host or a function cached before `require "cprof"` had resumed, nobody
-- told us its end: the collector freed it, and every later signal read and
-- wrote its hook in freed memory. The same for a session that a stranger
-- started. valgrind saw it at the first signal; without valgrind it corrupts
-- some block of the heap. Now the registry holds the last stranger.
local support = require "spec.support"

local SCRIPT = [[
  local wrap = coroutine.wrap -- as a library loaded before cprof has it
  local cprof = require "cprof"
  local dead = setmetatable({}, { __mode = "k" })
  local function stranger(f)
    wrap(function()
      dead[coroutine.running()] = true
      f()
      for _ in coroutine.wrap(function() coroutine.yield(1) end) do end
    end)()
  end
  local session
  stranger(function() session = assert(cprof.start{ cpu = { hz = 1000 } }) end)
  for _ = 1, 3 do stranger(function() end) end
  collectgarbage()
  collectgarbage()
  local left = 0
  for _ in pairs(dead) do left = left + 1 end
  local x = 0
  for i = 1, 3e7 do x = x + i % 7 end
  assert(session:stop())
  print(left)
]]


describe("a coroutine that cprof did not resume", function()
  it("stays alive while the handler may look at it", function()
    if support.vm ~= "lua5.4" then
      return pending("LuaJIT tells us which coroutine runs")
    end
    support.need_core(pending)
    local path = support.file(SCRIPT)
    local code, out, err = support.shell("lua " .. path)
    os.remove(path)
    assert.same({ 0, "1\n", "" }, { code, out, err })
  end)
end)
