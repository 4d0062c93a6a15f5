local session = require "cprof.session"

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


describe("cprof.session", function()
  it("gives a set with a named profile, and goes on", function()
    local core = fake_core()
    local s = session.new(core)
    assert.is_table(s:snapshot().cpu)
    assert.same({ "main@x" }, core.named)
    assert.is_true(s:running())
  end)

  it("stops once", function()
    local s = session.new(fake_core())
    assert.is_table(s:stop().cpu)
    assert.is_false(s:running())
    assert.same({ nil, "stopped before", "state" }, { s:stop() })
  end)

  it("has a type name", function()
    local mt = getmetatable(session.new(fake_core()))
    assert.equal("cprof.session", mt.__name)
  end)
end)
