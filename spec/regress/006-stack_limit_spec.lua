-- A program that works a few slots below LuaJIT's stack limit, where LuaJIT
-- lets it. The walk of its stack pushes values, too: it found no room and
-- raised "stack overflow" in the profiler's callback. That error left the
-- callback and hit the program, which had done nothing wrong; and LuaJIT, whose
-- callback had not returned, never called it again: no session of the process
-- got another sample. Now the walk runs protected, and such a sample is [lost];
-- and so does the callback of a jit.profile that runs inside our session.
local support = require "spec.support"

local PRELUDE = [[
  local cprof = require "cprof"
  local core = require "cprof.core"
  -- The share of the CPU time that samples stand for from here on.
  local function sampled_share()
    local ticks_ns, start, x = core.stats().ticks_ns, core.cpu_ns(), 0
    while core.cpu_ns() - start < 5e8 do
      for i = 1, 1e5 do x = x + i % 7 end
    end
    return (core.stats().ticks_ns - ticks_ns) / (core.cpu_ns() - start)
  end
]]

-- Runs functions of 1, 2, … locals at the end of a deep recursion: one that
-- returns and one, some calls further up since `error` needs room, that
-- raises. Up to where that works without a session it must do so in one.
local AT_THE_LIMIT = [[
  jit.off()
  local returns, raises = {}, {}
  for k = 1, 60 do
    local head = "local n = ... local a" .. (", a"):rep(k - 1)
      .. " local x = 0 for i = 1, n do x = x + i % 7 end "
    returns[k] = loadstring(head .. "return 'kept " .. k .. "'")
    raises[k] = loadstring(head .. "error('kept " .. k .. "', 0)")
  end
  local function deep(n, f, count)
    if n == 0 then return (f(count)) end
    return (deep(n - 1, f, count))
  end

  local low, high = 1000, 60000
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    if pcall(deep, middle, returns[1], 1) then
      low = middle
    else
      high = middle
    end
  end

  local most, session = { 60, 60 }, nil
  local function kept(depth, works, count, limit)
    for k = 1, limit do
      local _, value = pcall(deep, depth, works[k], count)
      if value ~= "kept " .. k then return k - 1, value end
    end
    return limit
  end
  for round, count in ipairs({ 1, 3e6 }) do -- at the same place of the stack
    if round == 2 then session = assert(cprof.start{ cpu = { hz = 1000 } }) end
    local a, why_a = kept(low - 5, returns, count, most[1])
    local b, why_b = kept(low - 12, raises, count, most[2])
    assert(round == 1 or a == most[1], why_a)
    assert(round == 1 or b == most[2], why_b)
    most = { a, b }
  end
  assert(most[1] > 0 and most[1] < 60 and most[2] > 0 and most[2] < 60)

  print(sampled_share())
  assert(session:stop())
]]

local CALLBACK_RAISES = [[
  local session = assert(cprof.start{ cpu = { hz = 1000 } })
  local calls = 0
  require("jit.profile").start("li1", function()
    calls = calls + 1
    error("the callback's")
  end)
  for i = 1, 100 do
    local _, message = pcall(function()
      local x = 0
      for k = 1, 3e5 do x = x + k % 7 end
      error("kept " .. i, 0)
    end)
    assert(message == "kept " .. i, message)
  end
  assert(calls == 1, calls)
  print(sampled_share())
  assert(session:stop())
]]


local function assert_goes_on(script)
  support.only_on(pending, "luajit", "PUC Lua keeps room for hooks")
  local path = support.file(PRELUDE .. script)
  local code, out, err = support.shell("lua " .. path)
  os.remove(path)
  assert.equal("0 ", code .. " " .. err)
  assert.is_true(math.abs(tonumber(out) - 1) <= 0.1, out)
end


describe("sampling on LuaJIT", function()
  it("at the limit of the stack leaves the program's errors alone", function()
    assert_goes_on(AT_THE_LIMIT)
  end)

  it("with a callback that raises leaves the program's alone", function()
    assert_goes_on(CALLBACK_RAISES)
  end)
end)
