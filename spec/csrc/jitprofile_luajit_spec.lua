-- jit.profile beside a session: the user's callback gets its samples, the
-- session keeps all of its own; without a session it is LuaJIT's.

local support = require "spec.support"

local function need()
  support.only_on(pending, "luajit", "jit.profile is LuaJIT's")
end

local function loop()
  local x = 0
  for i = 1, 3e5 do x = x + i % 7 end
  return x
end

-- Runs jit.profile for some CPU time; what its callback got, and the ns used.
local function user_profile(mode, ms)
  local profile = require "jit.profile"
  local got = { samples = 0, calls = 0, states = "" }
  local used = support.used_by(function()
    profile.start(mode, function(thread, samples, state)
      got.samples, got.calls = got.samples + samples, got.calls + 1
      got.thread, got.states = type(thread), got.states .. state
      got.stack = profile.dumpstack(thread, "fl", 3)
    end)
    support.repeat_ms(ms, loop)
    profile.stop()
  end)
  return got, used
end


describe("jit.profile", function()
  after_each(function()
    if jit then require("jit.profile").stop() end
    collectgarbage()
    assert.equal("free", require("cprof.core").signal_owner())
  end)

  it("gives its callback what its interval asks for", function()
    need()
    local session = assert(require("cprof.core").start({ hz = 1000 }))
    local got, used = user_profile("li10", 300)
    session:stop()
    assert.equal("thread", got.thread)
    assert.matches("^[NICGJ]+$", got.states)
    assert.is_string(got.stack)
    local want = used / 10e6
    assert.is_true(math.abs(got.samples - want) <= 0.05 * want + 2,
      got.samples .. " of " .. want)
  end)

  it("takes nothing from the session", function()
    need()
    local session = assert(require("cprof.core").start({ hz = 1000 }))
    local used = support.used_by(function()
      support.repeat_ms(100, loop)
      user_profile("fi5", 200)
      support.repeat_ms(100, loop)
    end)
    local _, ns = support.count(support.samples(session:stop()))
    assert.is_true(math.abs(ns - used) <= 0.03 * used + 1e7,
      ("%d of %d"):format(ns, used))
  end)

  it("calls nobody once it is stopped", function()
    need()
    local session = assert(require("cprof.core").start({ hz = 1000 }))
    local calls, profile = 0, require "jit.profile"
    profile.start("li1", function() calls = calls + 1 end)
    support.repeat_ms(60, loop)
    profile.stop()
    local before = calls
    support.repeat_ms(60, loop)
    session:stop()
    assert.is_true(before > 0)
    assert.equal(before, calls)
  end)

  it("ends for a callback that fails, not the process", function()
    need()
    local session = assert(require("cprof.core").start({ hz = 1000 }))
    local calls = 0
    require("jit.profile").start("li1", function()
      calls = calls + 1
      error("in the callback")
    end)
    support.repeat_ms(100, loop)
    assert.is_true(support.count(support.samples(session:stop())) > 3)
    assert.equal(1, calls)
  end)

  it("refuses wrong arguments as before", function()
    need()
    local profile = require "jit.profile"
    local ok_before, before = pcall(profile.start, "l", 1)
    local session = assert(require("cprof.core").start({ hz = 1000 }))
    local ok, message = pcall(profile.start, "l", 1)
    session:stop()
    assert.same({ ok_before, false }, { ok, ok_before })
    assert.equal(before:gsub("'[^']*'", ""), message:gsub("'[^']*'", ""))
  end)

  it("is LuaJIT's own while no session runs", function()
    need()
    local core = require "cprof.core"
    local profile, calls = require "jit.profile", 0
    profile.start("li1", function(_, samples) calls = calls + samples end)
    local owner = core.signal_owner()
    support.repeat_ms(100, loop)
    local session, message, code = core.start({ hz = 100 })
    profile.stop()
    assert.equal("foreign", owner)
    assert.is_true(calls > 0)
    assert.same({ nil, "busy" }, { session, code })
    assert.matches("LuaJIT's profiler", message, 1, true)
  end)

  it("outlives no session", function()
    need()
    local calls, profile = 0, require "jit.profile"
    local session = assert(require("cprof.core").start({ hz = 1000 }))
    profile.start("li1", function() calls = calls + 1 end)
    support.repeat_ms(50, loop)
    session:stop()
    local before = calls
    support.repeat_ms(50, loop)
    profile.stop()
    assert.is_true(before > 0)
    assert.equal(before, calls)
  end)
end)


describe("jit.p", function()
  it("works inside a session", function()
    need()
    local path = os.tmpname()
    local session = assert(require("cprof.core").start({ hz = 1000 }))
    local p = require "jit.p"
    local used = support.used_by(function()
      p.start("flm1", path)
      support.repeat_ms(200, loop)
      p.stop()
    end)
    local text = support.read(path)
    os.remove(path)
    local _, ns = support.count(support.samples(session:stop()))
    assert.matches("%d+%%", text)
    assert.matches("jitprofile_luajit_spec.lua", text, 1, true)
    assert.is_true(math.abs(ns - used) <= 0.03 * used + 1.5e7)
    assert.equal("free", require("cprof.core").signal_owner())
  end)
end)
