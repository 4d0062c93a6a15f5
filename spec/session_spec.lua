local names = require "cprof.names"
local session = require "cprof.session"
local support = require "spec.support"

-- A core session that stops once; what it gives has one unnamed function.
local function fake_core()
  local running = true
  local core = { named = {} }
  function core.snapshot()
    return {
      unnamed = function() return { { id = 1, source = "=x", line = 0 } } end,
      rename = function(_, _, name) core.named[#core.named + 1] = name
        return true end,
    }
  end
  function core.stop()
    if not running then
      return nil, "stopped before", "state"
    end
    running = false
    return core.snapshot()
  end
  function core.running()
    return running
  end
  return core
end


local function new_session(core)
  return session.new(core or fake_core(), names.new({ loaded = {} }))
end


describe("cprof.session", function()
  it("gives a set with a named profile, and goes on", function()
    local core = fake_core()
    local s = new_session(core)
    assert.is_table(s:snapshot().cpu)
    assert.same({ "main@x" }, core.named)
    assert.is_true(s:running())
  end)

  it("stops once", function()
    local s = new_session()
    assert.is_table(s:stop().cpu)
    assert.is_false(s:running())
    assert.same({ nil, "stopped before", "state" }, { s:stop() })
  end)

  it("has a type name", function()
    local mt = getmetatable(new_session())
    assert.equal("cprof.session", mt.__name)
  end)

  it("tells as a text whether it runs", function()
    local s = new_session()
    assert.equal("cprof.session: running", tostring(s))
    s:stop()
    assert.equal("cprof.session: stopped", tostring(s))
  end)

  it("says at the caller's line that a method needs a colon", function()
    local s = new_session()
    local calls = {
      function() local _ = s.stop() end,
      function() local _ = s.snapshot(5) end,
      function() local _ = s.running({}) end,
    }
    for i, method in ipairs({ "stop", "snapshot", "running" }) do
      support.assert_raises(calls[i],
        ("session.%s: call it with a colon: session:%s()"):format(method,
        method))
    end
  end)

  it("gives the profile though no name could be looked for", function()
    local core = fake_core()
    function core.snapshot()
      return {
        unnamed = function()
          return { { id = 1, source = "@x.lua", line = 3 } }
        end,
        rename = function(_, _, name)
          core.named[1] = name
          return true
        end,
      }
    end
    local world = { loaded = {}, open = error, is_file = error }
    local s = session.new(core, names.new(world))
    assert.is_table(s:stop().cpu)
    assert.same({ "anonymous@x.lua:3" }, core.named)
  end)
end)
