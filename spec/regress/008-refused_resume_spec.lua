-- A resume that Lua refuses runs nothing, but its samples were given to the
-- coroutine: one that had died by an error earlier got half of the time of a
-- loop that tried to resume it, and a coroutine that resumed itself was on the
-- stack twice.
local support = require "spec.support"

local OPTIONS = { hz = 1000 }


describe("a refused resume", function()
  it("gives no time to a dead coroutine", function()
    support.only_on(pending, "lua5.4", "its resume is LuaJIT's own")
    local fail = support.work("return function() error(1) end")
    local dead = coroutine.create(fail)
    coroutine.resume(dead)
    local samples = support.profile(OPTIONS, support.repeat_ms, 300,
      function()
        for _ = 1, 1000 do coroutine.resume(dead) end
      end)
    assert.equal(0, support.count_text(samples, "work"))
    assert(support.count_text(samples, "coroutine.resume <") > 0)
  end)

  it("shows the running coroutine once", function()
    support.only_on(pending, "lua5.4", "its resume is LuaJIT's own")
    local samples = support.profile(OPTIONS, support.repeat_ms, 300,
      support.work([[
        return function()
          local self = coroutine.running()
          for _ = 1, 1000 do coroutine.resume(self) end
        end
      ]]))
    assert(support.count_text(samples, "work") > 0)
    assert.equal(0, support.count(samples, function(sample)
      return sample.text:find("work:.*work:") ~= nil
    end))
  end)
end)
