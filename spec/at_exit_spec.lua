local support = require "spec.support"

local ok, at_exit = support.fresh("cprof.at_exit", support.fake_core())
assert(ok, at_exit)

-- A process that can be looked into: its os.exit notes the arguments.
local function fake_host()
  local host = { calls = 0, id = 1, said = "" }
  host.pid = function()
    return host.id
  end
  host.os = {
    exit = function(...)
      host.exited = { ... }
    end,
  }
  host.stderr = {
    write = function(_, ...)
      host.said = host.said .. table.concat({ ... })
    end,
  }
  host.count = function()
    host.calls = host.calls + 1
  end
  return host
end


describe("cprof.at_exit", function()
  it("calls before os.exit, which keeps its arguments", function()
    local host = fake_host()
    at_exit.register(host.count, host)
    host.os.exit(3, true)
    assert.equal(1, host.calls)
    assert.same({ 3, true }, host.exited)
  end)

  it("calls once", function()
    local host = fake_host()
    at_exit.register(host.count, host)
    host.os.exit()
    host.os.exit()
    assert.equal(1, host.calls)
  end)

  it("does not call in a fork", function()
    local host = fake_host()
    at_exit.register(host.count, host)
    host.id = 2
    host.os.exit(0)
    assert.equal(0, host.calls)
    assert.same({ 0 }, host.exited)
  end)

  it("prints what is raised and exits all the same", function()
    local host = fake_host()
    at_exit.register(function()
      error("disk full", 0)
    end, host)
    host.os.exit(1)
    assert.equal("cprof: disk full\n", host.said)
    assert.same({ 1 }, host.exited)
  end)

  it("stays registered through collections", function()
    local host = fake_host()
    at_exit.register(host.count, host)
    collectgarbage()
    collectgarbage()
    assert.equal(0, host.calls)
  end)

  it("calls when the VM closes", function()
    support.need_core(pending)
    local _, out = support.shell([[lua -e '
      local at_exit = require "cprof.at_exit"
      at_exit.register(function() print("bye") end)
      collectgarbage() collectgarbage() print("last line")']])
    assert.equal("last line\nbye\n", out)
  end)
end)
