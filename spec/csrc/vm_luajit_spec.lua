-- Samples of LuaJIT: both modes, the VM's states, names of C functions,
-- coroutines, and what happens when somebody stops its profiler.

local support = require "spec.support"

local assert_share, has = support.assert_share, support.has

local OPTIONS = { hz = 1000, mode = "l" }

local function need()
  support.only_on(pending, "luajit", "this is how LuaJIT is sampled")
end

local function in_state(state)
  return function(sample)
    return sample.state == state
  end
end

-- Runs the code's function for some CPU time under a session.
local function samples_of(ms, code, options)
  return support.profile(options or OPTIONS, support.repeat_ms, ms,
    support.work(code))
end

local LOOP = [[return function() local x = 0
  for i = 1, 3e5 do x = x + i % 7 end
  return x end]]


describe("modes", function()
  after_each(function()
    collectgarbage()
    assert.equal("free", require("cprof.core").signal_owner())
  end)

  for _, mode in ipairs({ "l", "f" }) do
    it(mode .. " samples a loop in one function", function()
      need()
      local options = { hz = 1000, mode = mode }
      -- f has no safe point inside the loop: they come between the calls
      local samples = samples_of(200, LOOP, options)
      assert_share(samples, 0.9, has(mode == "l" and "work:1" or ""))
    end)

    it(mode .. " samples calls", function()
      need()
      local samples = samples_of(200, [[
        local function g(x) return x % 7 + math.sin(x) end
        return function() local x = 0
          for i = 1, 1e5 do x = g(x) + g(i) end return x end]],
        { hz = 1000, mode = mode })
      assert_share(samples, 0.9, has("work:"))
    end)
  end

  it("l knows the line", function()
    need()
    local samples = samples_of(200, LOOP)
    assert_share(samples, 0.9, function(sample)
      return sample.frames[1] == "work:1" and sample.line == 2
    end)
  end)
end)


describe("vmstate", function()
  after_each(function()
    collectgarbage()
  end)

  it("is compiled in a hot loop", function()
    need()
    assert_share(samples_of(200, LOOP), 0.9, in_state("compiled"))
  end)

  it("is interpreted where the JIT is off", function()
    need()
    local samples = samples_of(200, "local f = (function() " .. LOOP
      .. " end)() jit.off(f) return f")
    assert_share(samples, 0.9, in_state("interpreted"))
  end)

  it("is c in a C function", function()
    need()
    local samples = samples_of(200, [[
      local burn = require "burn"
      return function() burn.a(20000) end]])
    assert_share(samples, 0.9, in_state("c"))
  end)

  it("is gc in a collection", function()
    need()
    local samples = samples_of(300, [[
      local keep = {}
      for i = 1, 100000 do keep[i] = { i } end
      return function() collectgarbage() end]])
    assert_share(samples, 0.8, in_state("gc"))
    assert_share(samples, 0.8, has("[gc] < "))
  end)
end)


describe("C functions", function()
  after_each(function()
    collectgarbage()
  end)

  it("have the name they are loaded under", function()
    need()
    local samples = samples_of(200, [[
      local f = require("burn").b
      return function() f(20000) end]])
    assert_share(samples, 0.9, has("burn.b < work:2"))
  end)

  it("of a module that came after start have theirs", function()
    need()
    local code, out, err = support.shell([[luajit -e '
      package.path = "./?.lua;" .. package.path
      local support = require "spec.support"
      local core = require "cprof.core"
      local session = core.start({ hz = 1000 })
      local burn = require "burn"
      support.repeat_ms(300, function() burn.a(20000) end)
      local samples = support.samples(session:stop())
      print(support.count_text(samples, "burn.a")
        / support.count(samples))']])
    assert.equal(0, code, err)
    assert.is_true(tonumber(out) >= 0.7, out)
  end)

  it("that call Lua stand between", function()
    need()
    local samples = samples_of(200, [[
      local function f(s) local x = 0
        for i = 1, 2000 do x = x + i % 7 end return s end
      jit.off(f)
      local text = ("x"):rep(50)
      return function() return (text:gsub(".", f)) end]])
    assert_share(samples, 0.8, has("work:1 < string.gsub < work:5"))
  end)
end)


describe("coroutines", function()
  after_each(function()
    collectgarbage()
  end)

  it("end in [coroutine]", function()
    need()
    local samples = samples_of(200, [[
      local function inner() local x = 0
        for i = 1, 3e5 do x = x + i % 7 end end
      return function() coroutine.wrap(inner)() end]])
    assert_share(samples, 0.9, function(sample)
      return sample.text == "work:1 < [coroutine]"
    end)
  end)

  it("do not mark the main thread", function()
    need()
    local samples = samples_of(100, LOOP)
    assert.equal(0, support.count_text(samples, "[coroutine]"))
  end)

  it("come and go by thousands", function()
    need()
    local samples = samples_of(300, [[
      return function()
        for i = 1, 200 do
          coroutine.wrap(function() coroutine.yield(i) end)()
        end
      end]])
    assert_share(samples, 0.9, has("work:"))
  end)
end)


describe("LuaJIT's profiler", function()
  -- In a process of its own, with the original start and stop at hand.
  local function run(code)
    return support.shell([[luajit -e '
      local profile = require "jit.profile"
      local start, stop = profile.start, profile.stop
      package.path = "./?.lua;" .. package.path
      local support = require "spec.support"
      local core = require "cprof.core"
      local burn = require "burn"
      local function loop()
        local x = 0
        for i = 1, 3e5 do x = x + i % 7 end
      end ]] .. code .. "'")
  end

  it("that runs already makes start answer busy", function()
    need()
    local status, out, err = run([[
      start("li10", function() end)
      local session, message, code = core.start({ hz = 100 })
      print(session, type(message), code)
      stop()
      print(core.signal_owner(), core.start({ hz = 100 }) ~= nil)]])
    assert.equal("", err)
    assert.equal("nil\tstring\tbusy\nfree\ttrue\n", out)
    assert.equal(0, status)
  end)

  it("is known where it must be left alone", function()
    need()
    local session = assert(require("cprof.core").start({ hz = 100 }))
    local facts = support.comments(assert(session:stop()))
    assert.same({ "known", "known", "l" },
      { facts.dispatch, facts.interpreter, facts.mode })
  end)

  it("goes on at the next snapshot when somebody stopped it", function()
    need()
    local status, out, err = run([[
      local session = core.start({ hz = 1000 })
      support.repeat_ms(50, loop)
      stop()
      assert(core.signal_owner() == "passive", core.signal_owner())
      support.repeat_ms(20, loop)
      local before = support.count(support.samples(session:snapshot()))
      assert(core.signal_owner() == "active", core.signal_owner())
      support.repeat_ms(200, loop)
      local samples = support.samples(session:stop())
      print(support.count(samples) - before > 10, core.signal_owner())]])
    assert.equal("", err)
    assert.equal("true\tfree\n", out)
    assert.equal(0, status)
  end)

  it("that somebody stopped leaves a session that can be stopped", function()
    need()
    local status, out, err = run([[
      local session = core.start({ hz = 1000 })
      stop()
      support.repeat_ms(50, loop)
      print(session:stop() ~= nil, core.signal_owner())
      session = core.start({ hz = 1000 })
      support.repeat_ms(50, loop)
      print(support.count(support.samples(session:stop())) > 3)]])
    assert.equal("", err)
    assert.equal("true\tfree\ntrue\n", out)
    assert.equal(0, status)
  end)

  it("that somebody starts over ours does not harm", function()
    need()
    local status, _, err = run([[
      local session = core.start({ hz = 1000 })
      pcall(start, "li10", function() end)
      support.repeat_ms(50, loop)
      session:stop()
      stop()
      support.repeat_ms(20, loop)
      os.exit(0, true)]])
    assert.equal("0 ", status .. " " .. err)
  end)
end)
