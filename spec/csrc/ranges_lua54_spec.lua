-- What the VM was doing: programs that do one thing only, told apart by the
-- label vmstate and the marker [gc].

local support = require "spec.support"

local function need()
  support.only_on(pending, "lua5.4", "ranges are PUC's")
end

-- The signals of a run of this code, by state, and in all.
local function states_of(ms, code)
  local samples = support.profile({ hz = 1000 }, support.repeat_ms, ms,
    support.work(code))
  local states = {}
  for _, sample in ipairs(samples) do
    local state = sample.state or "none"
    states[state] = (states[state] or 0) + sample.signals
  end
  return states, support.count(samples), samples
end

local function assert_most(count, total)
  assert.is_true((count or 0) >= 0.9 * total,
    tostring(count) .. " of " .. total)
end

-- Sorts in a process of its own, straight from the main chunk, and prints the
-- signals in [gc] and in all. What start and new closures left on the C stack
-- looks like the collector, where no other call has gone as deep since.
local SORTING = [[
  package.path = "./?.lua;" .. package.path
  local support = require "spec.support"
  local core = require "cprof.core"
  local function is_more(a, b) return a > b end
  local function sorted()
    local list = {}
    for i = 1, 50000 do list[i] = (i * 7919) %% 50021 end
    %s
  end
  collectgarbage("stop")
  local session = assert(core.start({ hz = 1000 }))
  local till = core.cpu_ns() + 300e6
  repeat sorted() until core.cpu_ns() > till
  local samples = support.samples(session:stop())
  print(support.count_text(samples, "[gc]"), (support.count(samples)))]]

local SORTS = {
  ["calls"] = "table.sort(list, function(a, b) return a > b end) return list",
  ["tail calls"] = "return table.sort(list, function(a, b) return a > b end)",
  ["comparators that tail call"] = "table.sort(list, function(a, b) return "
    .. "is_more(a, b) end) return list",
}


describe("vmstate", function()
  after_each(function()
    collectgarbage()
    assert.equal("free", require("cprof.core").signal_owner())
  end)

  it("is interpreted in plain Lua", function()
    need()
    local states, total, samples = states_of(250, [[
      return function() local x = 0 for i = 1, 1e5 do x = x + i % 7 end end]])
    assert_most(states.interpreted, total)
    assert.equal(0, support.count_text(samples, "[gc]"))
  end)

  it("is c in a C function", function()
    need()
    local states, total = states_of(250, [[
      local burn = require "burn"
      return function() burn.a(30000) end]])
    assert_most(states.c, total)
  end)

  it("is gc in a collection", function()
    need()
    local states, total, samples = states_of(300, [[
      local keep = {}
      for i = 1, 100000 do keep[i] = { i } end
      return function() collectgarbage() end]])
    assert_most(states.gc, total)
    assert_most(support.count_text(samples, "[gc] < collectgarbage"), total)
  end)

  it("is gc in a step that an allocation makes", function()
    need()
    if os.getenv("TEST_MODE") == "asan" then
      pending("ASan's allocator takes the time and the stack words")
    end
    local states, _, samples = states_of(300, [[
      local keep = {}
      for i = 1, 100000 do keep[i] = { i } end
      return function() for i = 1, 3000 do local t = { i, {} } end end]])
    local gc = support.count_text(samples, "[gc] < work:3")
    assert.is_true(gc > 5, "gc " .. gc)
    assert.equal(states.gc, support.count_text(samples, "[gc]"))
  end)

  it("is allocator where memory is taken", function()
    need()
    if os.getenv("TEST_MODE") == "asan" then
      pending("ASan stands between the interpreter and the C library")
    end
    local states = states_of(400, [[
      local f = string.format
      return function() collectgarbage("stop")
        for i = 1, 2000 do local t = { i, i, i, i, i } end
        collectgarbage("restart") end]])
    assert.is_true((states.allocator or 0) > 5, "none in the allocator")
  end)

  it("gives finalizers to [gc]", function()
    need()
    local _, total, samples = states_of(300, [[
      local mt = { __gc = function()
        local x = 0 for i = 1, 5000 do x = x + i % 7 end
      end }
      return function()
        for i = 1, 20 do setmetatable({}, mt) end
        collectgarbage()
      end]])
    local gc = support.count_text(samples, "[gc]")
    assert.is_true(gc >= 0.8 * total, gc .. " of " .. total)
  end)

  for what, code in pairs(SORTS) do
    it("is never gc while the collector is stopped, in " .. what, function()
      need()
      local path = support.file(SORTING:format(code))
      local status, out, err = support.shell("lua " .. path)
      os.remove(path)
      assert.equal("0 ", status .. " " .. err)
      local gc, total = out:match("^(%d+)\t(%d+)\n$")
      assert.is_true(tonumber(total) > 20, out)
      assert.equal("0", gc)
    end)
  end
end)
