-- lua_close runs finalizers newest first, so those of objects older than
-- `require "cprof"` run when our record of the VM has been taken down. One that
-- used a coroutine or debug.sethook went through our functions into a NULL:
-- SIGSEGV at the end of an otherwise good run. They are plain ones by then.
local support = require "spec.support"

local SCRIPT = [[
  local function finalize()
    local x = coroutine.wrap(function() coroutine.yield(1) end)()
    local thread = coroutine.create(function() end)
    coroutine.resume(thread)
    local close = rawget(coroutine, "close")
    if close then close(thread) end
    debug.sethook(function() end, "l")
    debug.sethook()
    print("finalized " .. x)
  end
  local newproxy = rawget(_G, "newproxy")
  old = newproxy and newproxy(true) or setmetatable({}, { __gc = finalize })
  if newproxy then getmetatable(old).__gc = finalize end
  session = require "cprof".start{ cpu = { hz = 1000 } }
]]


describe("a finalizer older than cprof", function()
  it("may use coroutines and hooks at lua_close", function()
    support.need_core(pending)
    local path = support.file(SCRIPT)
    local code, out, err = support.shell("lua " .. path)
    os.remove(path)
    assert.same({ 0, "finalized 1\n", "" }, { code, out, err })
  end)
end)
