-- Lines of Lua leaves: functions whose lines hold known numbers of one
-- operation, so that the share of every line is known.

local support = require "spec.support"

local COPIES = { 12, 24, 48, 84 } -- of one operation, line by line
local OPERATION = "a = b % 7 "

local function need()
  support.only_on(pending, "lua5.4", "lines come from PUC's Proto")
end

-- Lines of operations, each followed by `gap` empty ones.
local function body(gap)
  local lines = {}
  for i, copies in ipairs(COPIES) do
    lines[i] = OPERATION:rep(copies) .. ("\n"):rep(gap + 1)
  end
  return table.concat(lines)
end

-- The line of the i-th run of operations when the first is `first`.
local function line_of(i, first, gap)
  return first + (i - 1) * (gap + 1)
end

-- Signals by line of the samples whose leaf is the function at work:LINE.
local function lines_of(samples, defined)
  local lines, total = {}, 0
  for _, sample in ipairs(samples) do
    if sample.frames[1] == "work:" .. defined then
      lines[sample.line] = (lines[sample.line] or 0) + sample.signals
      total = total + sample.signals
    end
  end
  return lines, total
end

local function assert_shares(lines, first, gap)
  local all, total = 0, 0
  for i, copies in ipairs(COPIES) do
    all = all + copies
    total = total + (lines[line_of(i, first, gap)] or 0)
  end
  for i, copies in ipairs(COPIES) do
    local count = lines[line_of(i, first, gap)] or 0
    local ok, why = support.is_share(count, total, copies / all)
    assert.is_true(ok, ("%d copies: %s"):format(copies, why))
  end
  return total
end

-- A loop over the lines in one function.
local function new_loop(gap)
  return support.work("return function(n) local a, b = 1, 5 for i = 1, n do\n"
    .. body(gap) .. "end end")
end


describe("lines", function()
  after_each(function()
    collectgarbage()
    assert.equal("free", require("cprof.core").signal_owner())
  end)

  it("of a loop get the shares of their operations", function()
    need()
    local samples = support.profile({ hz = 1000 }, support.repeat_ms, 1000,
      new_loop(0), 300)
    local lines, total = lines_of(samples, 1)
    local known = assert_shares(lines, 2, 0)
    assert.is_true(known >= 0.95 * total, known .. " of " .. total)
  end)

  it("far apart get the shares of their operations", function()
    need()
    local samples = support.profile({ hz = 1000 }, support.repeat_ms, 700,
      new_loop(300), 300)
    local lines, total = lines_of(samples, 1)
    local known = assert_shares(lines, 2, 300)
    assert.is_true(known >= 0.95 * total, known .. " of " .. total)
  end)

  it("of a straight function get their shares", function()
    need()
    local driver = support.work("local function leaf(a, b)\n" .. body(0)
      .. "end\nreturn function(n) for i = 1, n do leaf(1, 5) end end")
    local samples = support.profile({ hz = 1000 }, support.repeat_ms, 700,
      driver, 300)
    local lines, total = lines_of(samples, 1)
    assert_shares(lines, 2, 0)
    assert.is_true(total >= 0.9 * support.count(samples), "leaf " .. total)
  end)

  it("are exact to the instruction", function()
    need()
    if os.getenv("TEST_MODE") == "asan" then
      pending("ASan stands between the interpreter and the C library")
    end
    -- line 3 is one slow instruction, with nothing after it on its line
    local work = support.work("return function(a, b) for i = 1, 3000 do\n"
      .. "local x = i\nlocal s = a .. b\nlocal y = x\nend end")
    local a, b = ("a"):rep(5000), ("b"):rep(5000)
    local samples = support.profile({ hz = 1000 }, support.repeat_ms, 400,
      function()
        collectgarbage("stop")
        work(a, b)
        collectgarbage("restart")
        collectgarbage()
      end)
    local lines, total = lines_of(samples, 1)
    local slow = lines[3] or 0
    assert.is_true(total > 10 and slow >= 0.9 * total, slow .. " of " .. total)
  end)

  it("come from the live pc in 95 % of the cases", function()
    need()
    local core = require "cprof.core"
    local before = core.stats()
    support.profile({ hz = 1000 }, support.repeat_ms, 400, new_loop(0), 300)
    local after = core.stats()
    local live = after.lines_live - before.lines_live
    local hook = after.lines_hook - before.lines_hook
    assert.is_true(live > 20, "live " .. live)
    assert.is_true(live >= 0.95 * (live + hook), live .. " live, " .. hook)
  end)

  it("of a stripped chunk are unknown, not wrong", function()
    need()
    local stripped = load(string.dump(new_loop(0), true))
    local samples = support.profile({ hz = 1000 }, support.repeat_ms, 100,
      stripped, 300)
    local count = support.count(samples, function(sample)
      return sample.frames[1]:find("^%?:")
    end)
    assert.is_true(count >= 0.9 * support.count(samples), "count " .. count)
    for _, sample in ipairs(samples) do
      local is_ours = sample.frames[1]:find("^%?:")
      assert.is_true(not is_ours or sample.line == 0, "line " .. sample.line)
    end
  end)

  it("are calibrated without a trace", function()
    need()
    local function hook() end
    debug.sethook(hook, "", 1000000)
    local session = assert(require("cprof.core").start({ hz = 100 }))
    local now, mask, count = debug.gethook()
    debug.sethook()
    session:stop()
    assert.equal(hook, now)
    assert.same({ "", 1000000 }, { mask, count })
  end)
end)
