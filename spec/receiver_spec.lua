local receiver = require "cprof.receiver"
local support = require "spec.support"


describe("cprof.receiver", function()
  it("does nothing when the object is one", function()
    receiver.check(true, "session", "stop")
  end)

  it("raises at the line of the method's caller", function()
    local function stop()
      receiver.check(false, "session", "stop")
    end
    support.assert_raises(function() stop() end,
      "session.stop: call it with a colon: session:stop()")
  end)
end)
