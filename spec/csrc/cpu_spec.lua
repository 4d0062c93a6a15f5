-- The sampler on both VMs: weights against getrusage, many sessions at once,
-- signals of others, forks.

local support = require "spec.support"

local used_by = support.used_by

local TOLERANCE = 0.03
local TICK_NS = 1e7 -- the last one is not yet delivered; and HZ may be 100

-- The ns of a profile against the CPU that was used.
local function assert_total(samples, used)
  local _, ns = support.count(samples)
  assert.is_true(math.abs(ns - used) <= used * TOLERANCE + TICK_NS,
    ("%.1f of %.1f ms"):format(ns / 1e6, used / 1e6))
end

local function loop()
  local x = 0
  for i = 1, 200000 do x = x + i % 7 end
  return x
end

local function start(options)
  return assert(require("cprof.core").start(options))
end

local function finish(session)
  return support.samples(assert(session:stop()))
end


describe("weights", function()
  after_each(function()
    collectgarbage()
    assert.equal("free", require("cprof.core").signal_owner())
  end)

  for _, hz in ipairs({ 20, 100, 1000, 10000 }) do
    it("add up to the CPU used, at " .. hz .. " Hz", function()
      support.need_core(pending)
      local session = start({ hz = hz })
      local used = used_by(support.repeat_ms, hz < 100 and 600 or 300, loop)
      local samples = finish(session)
      local _, ns = support.count(samples)
      local slack = 2e9 / hz + TICK_NS
      assert.is_true(math.abs(ns - used) <= used * TOLERANCE + slack,
        ("%.1f of %.1f ms"):format(ns / 1e6, used / 1e6))
    end)
  end

  it("do not count sleep", function()
    support.need_core(pending)
    local burn = require "burn"
    local session = start({ hz = 1000 })
    local used = used_by(function()
      for _ = 1, 20 do burn.usleep(10000) end
    end)
    assert_total(finish(session), used)
  end)

  it("do not count other threads", function()
    support.need_core(pending)
    local burn = require "burn"
    local session = start({ hz = 1000 })
    local used = used_by(burn.threads, 20)
    assert_total(finish(session), used)
  end)

  it("of C functions follow their work", function()
    support.need_core(pending)
    local burn = require "burn"
    local samples = support.profile({ hz = 1000 }, support.repeat_ms, 500,
      function() burn.a(3000) burn.b(9000) end)
    local a = support.count_text(samples, "burn.a <")
    local b = support.count_text(samples, "burn.b <")
    assert.is_true(a + b >= 0.9 * support.count(samples), a + b)
    assert.is_true(support.is_share(b, a + b, 0.75))
  end)
end)


describe("sessions", function()
  after_each(function()
    collectgarbage()
    assert.equal("free", require("cprof.core").signal_owner())
  end)

  it("of two rates have the same sums", function()
    support.need_core(pending)
    local slow = start({ hz = 50, depth_max = 3, labels = { who = "slow" } })
    local fast = start({ hz = 1000, labels = { who = "fast", n = 7 } })
    local used = used_by(support.repeat_ms, 300, loop)
    local of_slow, of_fast = finish(slow), finish(fast)
    assert_total(of_slow, used)
    assert_total(of_fast, used)
    for _, sample in ipairs(of_slow) do
      assert.equal("slow", sample.labels.who)
      assert.is_true(#sample.frames <= 4, sample.text)
    end
    assert.equal("fast", of_fast[1].labels.who)
    assert.equal(7, of_fast[1].labels.n)
  end)

  it("that come and go have their own part", function()
    support.need_core(pending)
    local whole = start({ hz = 200 })
    local first = used_by(support.repeat_ms, 150, loop)
    local part = start({ hz = 2000 })
    local second = used_by(support.repeat_ms, 250, loop)
    assert_total(finish(part), second)
    local third = used_by(support.repeat_ms, 150, loop)
    assert_total(finish(whole), first + second + third)
  end)

  it("are not disturbed by snapshots", function()
    support.need_core(pending)
    local session, last = start({ hz = 1000 }), 0
    local used = used_by(function()
      for _ = 1, 10 do
        support.repeat_ms(30, loop)
        local _, ns = support.count(support.samples(session:snapshot()))
        assert.is_true(ns >= last, "a snapshot went back")
        last = ns
      end
    end)
    assert_total(finish(session), used)
  end)

  it("tell their signals and their period", function()
    support.need_core(pending)
    local samples, profile = support.profile({ hz = 1000 }, support.repeat_ms,
      200, loop)
    local comments, info = support.comments(profile), profile:info()
    local signals = support.count(samples)
    assert.equal(1000000, info.period)
    assert.is_true(math.abs(signals - comments.signals) <= 2, signals)
    assert.equal(0, comments.lost)
    assert.equal("timer", comments.engine)
    for _, key in ipairs({ "handler_ns", "safepoint_ns", "memory_bytes" }) do
      assert.is_true(comments[key] > 0, key)
    end
  end)

  it("weigh period times signals where the tick keeps up", function()
    support.need_core(pending)
    local samples, profile = support.profile({ hz = 50 }, support.repeat_ms,
      600, loop)
    local signals, ns = support.count(samples)
    local period = profile:info().period
    assert.equal(20000000, period)
    assert.is_true(ns >= signals * period, ns)
    assert.is_true(ns <= signals * period * 1.2 + period, ns)
  end)
end)


describe("SIGPROF", function()
  after_each(function()
    collectgarbage()
  end)

  it("of somebody else makes start answer busy", function()
    support.need_core(pending)
    local sigprof, core = require "sigprof", require "cprof.core"
    sigprof.install(true)
    local owner = core.signal_owner()
    local session, message, code = core.start({ hz = 100 })
    local seen = sigprof.raise()
    local seen_next = sigprof.raise()
    sigprof.install(false)
    assert.equal("foreign", owner)
    assert.is_nil(session)
    assert.equal("busy", code)
    assert.matches("SIGPROF", message, 1, true)
    assert.matches("stop that first", message, 1, true)
    assert.equal(1, seen_next - seen)
  end)

  it("is free again, and starts work, once they are gone", function()
    support.need_core(pending)
    local sigprof, core = require "sigprof", require "cprof.core"
    assert.equal("free", core.signal_owner())
    local samples = support.profile({ hz = 1000 }, support.repeat_ms, 50, loop)
    assert.is_true(support.count(samples) > 0)
    assert.is_true(sigprof.is_default())
  end)

  it("does not end the process when many sessions come and go", function()
    support.need_core(pending)
    local core = require "cprof.core"
    for i = 1, 200 do
      local session = start({ hz = 10000 })
      local x = 0
      for k = 1, 2000 * (i % 5) do x = x + k end
      session:stop()
      assert.equal("free", core.signal_owner())
    end
  end)
end)


describe("a forked child", function()
  local CODES = { stopped = 1, started = 2, empty = 4, gone = 8 }

  -- What the child finds, as a sum of CODES.
  local function look(session)
    local core, found = require "cprof.core", 0
    local profile, message, code = session:stop()
    if not profile and code == "state" and message:find("fork", 1, true)
      and not session:running() then
      found = found + CODES.stopped
    end
    local own = core.start({ hz = 1000 })
    if own and own:running() then found = found + CODES.started end
    support.repeat_ms(100, loop)
    local samples = own and support.samples(own:stop()) or {}
    if support.count(samples) > 5 then found = found + CODES.empty end
    if core.signal_owner() == "free" then found = found + CODES.gone end
    return found
  end

  it("has no session, and can start one of its own", function()
    support.need_core(pending)
    local session = start({ hz = 1000 })
    loop()
    local found = require("burn").fork(function() return look(session) end)
    session:stop()
    assert.equal(15, found)
  end)

  it("does not disturb its parent's", function()
    support.need_core(pending)
    local burn = require "burn"
    local session = start({ hz = 1000 })
    local used = used_by(function()
      support.repeat_ms(120, loop)
      burn.fork(function() return look(session) end)
      support.repeat_ms(120, loop)
    end)
    assert.is_true(session:running())
    assert_total(finish(session), used)
    assert.equal("free", require("cprof.core").signal_owner())
  end)
end)


describe("the cost of safe points", function()
  -- 250 walks of 500 frames a second would take 3 to 8 percent.
  it("stays below 1/100 where stacks are deep", function()
    support.need_core(pending)
    local function down(n)
      if n == 0 then return support.repeat_ms(1000, loop) end
      local x = down(n - 1)
      return x
    end
    -- The clock is the wall's: who is preempted at a safe point is charged
    -- with the others' time. That only adds, so the least of three tells.
    local least = math.huge
    for _ = 1, 3 do
      local session = start({ hz = 1000, depth_max = 512 })
      local used = used_by(down, 490)
      local profile = assert(session:stop())
      assert_total(support.samples(profile), used)
      least = math.min(least, support.comments(profile).safepoint_ns / used)
      if least <= 0.02 then
        return
      end
    end
    error(("safe points took %.4f of the time"):format(least))
  end)
end)
