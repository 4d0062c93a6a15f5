local receiver = require "cprof.receiver"


describe("cprof.receiver", function()
  it("does nothing when the object is one", function()
    receiver.check(true, "session", "stop")
  end)

  it("raises at the line of the method's caller", function()
    local function stop()
      receiver.check(false, "session", "stop")
    end
    local line = debug.getinfo(1, "l").currentline + 2
    local ok, message = pcall(function()
      stop()
    end)
    assert.is_false(ok)
    assert.matches("receiver_spec.lua:" .. line .. ": session.stop: call it "
      .. "with a colon: session:stop()", message, 1, true)
  end)
end)
