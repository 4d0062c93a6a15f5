-- core.start and its sessions: what they answer when used in the wrong way.

local support = require "spec.support"

local function answer(...)
  return { n = select("#", ...), ... }
end

local function assert_refused(code, got)
  assert.is_nil(got[1])
  assert.is_string(got[2])
  assert.equal(code, got[3])
  return got[2]
end


describe("core.start", function()
  after_each(function()
    collectgarbage()
    collectgarbage()
    assert.equal("free", require("cprof.core").signal_owner())
  end)

  for name, options in pairs({
    ["no Hz"] = { hz = 0 },
    ["too many Hz"] = { hz = 1e9 },
    ["negative Hz"] = { hz = -1 },
    ["one Hz too many"] = { hz = 10001 },
    ["no depth"] = { hz = 100, depth_max = 0 },
    ["too much depth"] = { hz = 100, depth_max = 513 },
    ["an unknown mode"] = { hz = 100, mode = "x" },
    ["an empty mode"] = { hz = 100, mode = "" },
    ["a label's key that is no string"] = { labels = { "x" } },
    ["a label's value that is no text"] = { labels = { x = {} } },
  }) do
    it("answers nil and range for " .. name, function()
      support.need_core(pending)
      local message = assert_refused("range",
        answer(require("cprof.core").start(options)))
      assert.matches("hz is 1 to 10000", message, 1, true)
    end)
  end

  it("answers nil and limit for too many labels", function()
    support.need_core(pending)
    local labels = {}
    for i = 1, 17 do labels["k" .. i] = "v" end
    assert_refused("limit",
      answer(require("cprof.core").start({ labels = labels })))
  end)

  it("takes the ends of its ranges", function()
    support.need_core(pending)
    for _, options in ipairs({ { hz = 1 }, { hz = 10000 }, { depth_max = 1 },
      { depth_max = 512 }, { mode = "f" }, {} }) do
      local session = assert(require("cprof.core").start(options))
      assert.is_true(session:running())
      assert.is_truthy(session:stop())
    end
  end)

  it("raises for what is no table", function()
    support.need_core(pending)
    local ok, message = pcall(require("cprof.core").start, 1)
    assert.is_false(ok)
    assert.matches("table expected", message, 1, true)
  end)

  it("raises for an option of a wrong type", function()
    support.need_core(pending)
    assert.is_false(pcall(require("cprof.core").start, { hz = "many" }))
    assert.is_false(pcall(require("cprof.core").start, { mode = {} }))
  end)
end)


describe("a session", function()
  after_each(function()
    collectgarbage()
    collectgarbage()
    assert.equal("free", require("cprof.core").signal_owner())
  end)

  it("stops once", function()
    support.need_core(pending)
    local session = assert(require("cprof.core").start({}))
    assert.is_true(session:running())
    assert.is_true(session:stop():check())
    assert.is_false(session:running())
    local message = assert_refused("state", answer(session:stop()))
    assert.equal("the session is stopped", message)
    assert_refused("state", answer(session:snapshot()))
  end)

  it("that nobody stops goes with the garbage", function()
    support.need_core(pending)
    local core = require "cprof.core"
    for _ = 1, 20 do assert(core.start({ hz = 1000 })) end
    assert.equal("active", core.signal_owner())
    collectgarbage()
    collectgarbage()
    assert.equal("free", core.signal_owner())
  end)

  it("leaves its profile when it is gone", function()
    support.need_core(pending)
    local samples, profile = support.profile({ hz = 1000 }, support.repeat_ms,
      30, support.work("return function() for i = 1, 1e5 do end end"))
    collectgarbage()
    collectgarbage()
    assert.is_true(profile:check())
    assert.is_true(#samples > 0)
    assert.same(samples, support.samples(profile))
  end)

  it("gives snapshots that are profiles of their own", function()
    support.need_core(pending)
    local session = assert(require("cprof.core").start({ hz = 1000 }))
    support.burn_ms(30)
    local first = session:snapshot()
    local before = support.count(support.samples(first))
    support.burn_ms(30)
    local last = session:stop()
    assert.equal(before, support.count(support.samples(first)))
    assert.is_true(support.count(support.samples(last)) > before)
    assert.is_true(first:check())
    assert.is_true(last:check())
  end)

  it("refuses to be something else", function()
    support.need_core(pending)
    local session = assert(require("cprof.core").start({}))
    assert.is_false(pcall(session.stop))
    assert.is_false(pcall(session.stop, {}))
    assert.is_false(pcall(session.running, io.stdout))
    session:stop()
  end)
end)
