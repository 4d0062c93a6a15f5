-- The VM's record from `require` to lua_close: processes that end in every
-- way with a session running. A signal that meets no handler would end them.

local support = require "spec.support"

local START = [[
  local core = require "cprof.core"
  session = core.start({ hz = 10000 })
  for i = 1, 3e6 do local x = i % 7 end
]]

-- The exit status of a program that starts with START.
local function status_of(code)
  local path = support.file(START .. code)
  local status, out, err = support.shell("lua " .. path)
  os.remove(path)
  return status, out, err
end


describe("a process with a running session", function()
  for name, case in pairs({
    ["returns"] = { 0, "" },
    ["exits"] = { 3, "os.exit(3)" },
    ["exits and closes its state"] = { 4, "os.exit(4, true)" },
    ["stops and exits"] = { 5, "session:stop() os.exit(5, true)" },
    ["fails"] = { 1, "error('end')" },
    ["exits in a coroutine"] = { 6,
      "coroutine.wrap(function() os.exit(6, true) end)()" },
    ["has two sessions"] = { 0, "other = core.start({ hz = 77 })" },
    ["loses its session"] = { 0, "session = nil" },
    ["works in a finalizer at its end"] = { 0, [[
      if not jit then setmetatable({}, { __gc = function()
        for i = 1, 3e6 do local x = i % 7 end
      end }) end]] },
    ["stops in a finalizer at its end"] = { 0, [[
      local u = jit and newproxy(true) or setmetatable({}, { __gc = 1 })
      getmetatable(u).__gc = function() session:stop() end
      keep = u]] },
    ["starts in a finalizer at its end"] = { 0, [[
      session:stop()
      local u = jit and newproxy(true) or setmetatable({}, { __gc = 1 })
      getmetatable(u).__gc = function() late = core.start({ hz = 10000 })
        for i = 1, 3e6 do local x = i % 7 end end
      keep = u]] },
  }) do
    it(name .. " with its own status", function()
      support.need_core(pending)
      for _ = 1, 3 do
        local status, _, err = status_of(case[2])
        assert.equal(case[1], status, err)
      end
    end)
  end
end)


describe("the core", function()
  it("is one however often it is required", function()
    support.need_core(pending)
    local status, out, err = status_of([[
      package.loaded["cprof.core"] = nil
      local again = require "cprof.core"
      local second = again.start({ hz = 100 })
      local till = core.cpu_ns() + 1e8
      while core.cpu_ns() < till do end
      print(#session:stop():stacks(1) > 0, #second:stop():stacks(1) > 0,
        again.signal_owner())]])
    assert.equal(0, status, err)
    assert.equal("true\ttrue\tfree\n", out)
  end)

  it("can be required in a coroutine", function()
    support.need_core(pending)
    local path = support.file([[
      local core = coroutine.wrap(function() return require "cprof.core" end)()
      collectgarbage() collectgarbage()
      local session = core.start({ hz = 1000 })
      local till = core.cpu_ns() + 1e8
      while core.cpu_ns() < till do end
      print(#session:stop():stacks(1) > 0)]])
    local status, out, err = support.shell("lua " .. path)
    os.remove(path)
    assert.equal("0 true\n" .. err, status .. " " .. out)
  end)

  it("counts what it did", function()
    support.need_core(pending)
    local core = require "cprof.core"
    local before = core.stats()
    local samples = support.profile({ hz = 1000 }, support.burn_ms, 100)
    local after = core.stats()
    local signals, ns = support.count(samples)
    assert.is_true(after.ticks - before.ticks <= signals)
    assert.equal(ns, after.ticks_ns - before.ticks_ns)
    assert.is_true(after.functions >= before.functions)
    assert.is_true(after.memory_bytes > 0 and after.safepoint_ns > 0)
  end)
end)
