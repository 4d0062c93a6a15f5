-- Walks at safe points, on both VMs: names, lines and order of frames.

local support = require "spec.support"

local OPTIONS = { hz = 1000, mode = "l" }
local QUEUE_TICKS = 128 -- that csrc/queue.h keeps at most

local function assert_most(samples, text)
  support.assert_share(samples, 0.8, support.has(text))
end


describe("a walk", function()
  after_each(function()
    collectgarbage()
    assert.equal("free", require("cprof.core").signal_owner())
  end)

  it("has the callers in their order", function()
    support.need_core(pending)
    local samples = support.profile(OPTIONS, support.repeat_ms, 150,
      support.work("local burn = require 'burn'\n"
      .. "local function c() burn.a(20000) return 1 end\n"
      .. "local function b() return 1 + c() end\n"
      .. "return function() return 1 + b() end"))
    assert_most(samples, "burn.a < work:2 < work:3 < work:4")
  end)

  it("has the line of each call", function()
    support.need_core(pending)
    local _, profile = support.profile(OPTIONS, support.repeat_ms, 150,
      support.work("local burn = require 'burn'\nlocal function c()\n\n"
      .. "burn.a(20000)\n\nend\nreturn function()\n\n\nc()\nend"))
    -- LuaJIT calls back behind the instruction that ran: at the next line
    local next_line = jit and 6 or 4
    local good, all = 0, 0
    for _, stack in ipairs(profile:stacks(1)) do
      local c, f = stack.frames[2], stack.frames[3]
      local right = c and f and f.line == 10
        and (c.line == 4 or c.line == next_line)
        and c.start_line == 2 and f.start_line == 7
      good, all = good + (right and stack.value or 0), all + stack.value
    end
    assert.is_true(good >= 0.8 * all, good .. " of " .. all)
  end)

  it("names functions that C functions call", function()
    support.need_core(pending)
    local samples = support.profile(OPTIONS, support.repeat_ms, 150,
      support.work("local burn = require 'burn'\n"
      .. "local function cmp(a, b) burn.a(3000) return a < b end\n"
      .. "local list = { 4, 3, 2, 1 } " -- made once: no collector in between
      .. "return function() table.sort(list, cmp) end"))
    assert_most(samples, "burn.a < work:2 < table.sort < work:3")
  end)

  it("takes what is pending when a session stops", function()
    support.need_core(pending)
    local core, burn = require "cprof.core", require "burn"
    local session = assert(core.start({ hz = 100 }))
    burn.a(3e6)
    local samples = support.samples(session:stop())
    assert.is_true(support.count(samples) > 0)
  end)

  it("gives a C function all of its time, however long it runs", function()
    support.need_core(pending)
    local burn = require "burn"
    local before = burn.rusage()
    local samples, profile = support.profile({ hz = 1000 }, burn.a, 5e7)
    local used = burn.rusage() - before
    local signals, ns = support.count(samples)
    if signals <= QUEUE_TICKS then
      pending("others use the processor: too few signals to fill the queue")
    end
    assert.is_true(support.comments(profile).merged > 0, signals)
    assert.is_true(math.abs(ns - used) < 0.03 * used + 2e7,
      ("%d of %d ns"):format(ns, used))
    assert_most(samples, "burn.a")
    assert.equal(0, support.count_text(samples, "[lost]"))
  end)

  it("works with a depth of one", function()
    support.need_core(pending)
    local samples = support.profile({ hz = 1000, depth_max = 1 },
      support.burn_ms, 100)
    assert_most(samples, "burn.a < [truncated]")
  end)
end)
