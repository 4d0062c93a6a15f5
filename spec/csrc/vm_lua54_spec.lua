-- Whose time a sample is on PUC: markers, chains of resumers, hooks, depth.
-- Truth is the program: each does nearly all its work in one known place.

local support = require "spec.support"

local OPTIONS = { hz = 1000 }

local function need()
  support.only_on(pending, "lua5.4", "this is how PUC is sampled")
end

-- Samples of some CPU time of what this code returns.
local function samples_of(ms, code)
  return (support.profile(OPTIONS, support.repeat_ms, ms, support.work(code)))
end

local function assert_text(samples, share, text)
  support.assert_share(samples, share, support.has(text))
end

-- n operations of one length on one line.
local function straight(n)
  return ("x = x % 7 "):rep(n)
end

-- All that looks like an error and is none: false, nil and nothing returned,
-- also after a yield across pcall, whose end is a return of its own. `spread`
-- lets many results pass, so that time is spent between the two returns.
local NO_ERRORS = [[
  local function handler(message) return message end
  local function no() return false end
  local function none() end
  local function yields() coroutine.yield() return false, "x" end
  local function tail() return pcall(no) end
  local thread = coroutine.create(function()
    while true do pcall(yields) xpcall(yields, handler) end
  end)
  local function spread(...)
    for i = 1, 50 do
      pcall(select, 1, ...)
      xpcall(select, handler, 1, ...)
    end
  end
  return function()
    for i = 1, 50 do
      pcall(no) xpcall(no, handler) pcall(none) xpcall(none, handler) tail()
      pcall(pcall, no) xpcall(pcall, handler, no) pcall(xpcall, no, handler)
      coroutine.resume(thread)
    end
    spread(false, table.unpack({}, 1, 200))
  end]]


describe("markers", function()
  after_each(function()
    collectgarbage()
    assert.equal("free", require("cprof.core").signal_owner())
  end)

  it("put [tail call] under the caller of what is gone", function()
    need()
    local samples = samples_of(300, "local function g() end\n"
      .. "local function t(x) " .. straight(4000) .. " return g(x) end\n"
      .. "return function()\nfor i = 1, 30 do t(5) end end")
    assert_text(samples, 0.8, "[tail call] < work:3")
  end)

  it("name the tail called function itself", function()
    need()
    local samples = samples_of(200, "local function g(x) " .. straight(4000)
      .. " end\nlocal function t(x) return g(x) end\n"
      .. "return function() for i = 1, 30 do t(5) end end")
    assert_text(samples, 0.8, "work:1 < work:3")
  end)

  it("put [raised] under the pcall that caught", function()
    need()
    local samples = samples_of(300, "local function r(x) " .. straight(4000)
      .. " x = x + nil end\n"
      .. "return function() for i = 1, 30 do pcall(r, 5) end end")
    assert_text(samples, 0.7, "[raised] < pcall < work:2")
  end)

  it("put no [raised] where nothing is raised", function()
    need()
    local core = require "cprof.core"
    local raised = core.stats().raised
    local samples = samples_of(500, NO_ERRORS)
    assert.is_true(support.count(samples) > 20)
    assert.equal(0, support.count_text(samples, "[raised]"))
    assert.equal(raised, core.stats().raised)
  end)

  it("leave errors that are called to their caller", function()
    need()
    local samples = samples_of(200, "local function r(x) " .. straight(4000)
      .. " error('x') end\n"
      .. "return function() for i = 1, 30 do pcall(r, 5) end end")
    assert_text(samples, 0.8, "work:1 < pcall < work:2")
  end)

  it("name a C function that raised", function()
    need()
    local samples = samples_of(200, [[
      local burn = require "burn"
      return function() for i = 1, 10 do pcall(burn.raise, 5000) end end]])
    assert_text(samples, 0.8, "burn.raise")
  end)
end)


describe("hooks", function()
  after_each(function()
    debug.sethook()
    collectgarbage()
  end)

  it("of somebody else make [hooked]", function()
    need()
    local burn = require "burn"
    local work = support.work("return function() local x = 0 "
      .. "for i = 1, 1e5 do x = x + i % 7 end end")
    local samples = support.profile(OPTIONS, function()
      burn.foreign_hook(true)
      support.repeat_ms(200, work)
      assert.is_true(burn.hook_is_set())
      burn.foreign_hook(false)
    end)
    assert_text(samples, 0.8, "[hooked]")
  end)

  it("of the user get their own time", function()
    need()
    local hook = support.work("return function() local x = 0\n"
      .. "for i = 1, 20000 do x = x + i % 7 end end")
    local work = support.work("\nreturn function() for i = 1, 3e4 do end end")
    local samples = support.profile(OPTIONS, function()
      debug.sethook(hook, "", 1000)
      support.repeat_ms(300, work)
      debug.sethook()
    end)
    assert_text(samples, 0.8, "work:1 < [hooked] < work:2")
  end)

  it("of the user do not take the program's time", function()
    need()
    local work = support.work("return function() local x = 0 "
      .. "for i = 1, 1e5 do x = x + i % 7 end end")
    local samples = support.profile(OPTIONS, function()
      debug.sethook(function() end, "", 100000)
      support.repeat_ms(200, work)
      debug.sethook()
    end)
    for _, sample in ipairs(samples) do
      if sample.text:find("[hooked]", 1, true) then
        assert.is_true(sample.signals <= 3, sample.text)
      end
    end
    assert_text(samples, 0.9, "work:1")
  end)

  it("of ours are gone after stop", function()
    need()
    local burn = require "burn"
    for _ = 1, 20 do
      support.profile(OPTIONS, support.repeat_ms, 5, function()
        for i = 1, 1000 do math.abs(i) end
      end)
      assert.is_false(burn.hook_is_set())
    end
  end)

  it("of ours are gone from coroutines at their next resume", function()
    need()
    local burn, left = require "burn", 0
    local threads = {}
    for i = 1, 50 do
      threads[i] = coroutine.create(function()
        while true do
          local x = 0
          for k = 1, 2000 do x = x + k % 7 end
          coroutine.yield(burn.hook_is_set())
        end
      end)
    end
    support.profile(OPTIONS, support.repeat_ms, 100, function()
      for _, co in ipairs(threads) do coroutine.resume(co) end
    end)
    for _, co in ipairs(threads) do
      local _, is_set = coroutine.resume(co)
      left = left + (is_set and 1 or 0)
    end
    assert.equal(0, left)
  end)
end)


-- Calls a function of 200 parameters that does nothing: with `dots` it is
-- vararg, and its first instruction copies them all.
local function new_calls(dots)
  local names = {}
  for i = 1, 200 do
    names[i] = "a" .. i
  end
  return support.work(("local function leaf(%s%s) end\n"
    .. "return function() for i = 1, 1000 do leaf() end end"):format(
    table.concat(names, ","), dots))
end

-- The least CPU time of each, in turns.
local function least_ns(f, g)
  local core = require "cprof.core"
  local least_f, least_g = math.huge, math.huge
  for _ = 1, 200 do
    local start = core.cpu_ns()
    f()
    local middle = core.cpu_ns()
    g()
    least_f = math.min(least_f, middle - start)
    least_g = math.min(least_g, core.cpu_ns() - middle)
  end
  return least_f, least_g
end


describe("a vararg function", function()
  it("gets the time of its arguments' adjustment", function()
    need()
    local calls = new_calls(", ...")
    local all, others = least_ns(calls, new_calls(""))
    local samples = support.profile(OPTIONS, support.repeat_ms, 500, calls)
    local count = support.count(samples, function(sample)
      return sample.frames[1] == "work:1"
    end)
    assert(support.is_share(count, support.count(samples), 1 - others / all))
  end)
end)


-- Functions at lines 1 to 6, each of which resumes the one before; line 1
-- works. `go` is how to resume.
local function nest(go)
  local code = { "local go = ... local x local f1 = function() x = 0 "
    .. "for i = 1, 2e4 do x = x + i % 7 end end" }
  for i = 2, 6 do
    code[i] = ("local f%d = function() go(f%d) end"):format(i, i - 1)
  end
  code[7] = "return f6"
  return assert(load(table.concat(code, "\n"), "=work"))(go)
end


describe("chains", function()
  after_each(function()
    collectgarbage()
  end)

  it("go through resume, five deep", function()
    need()
    local work = nest(function(f)
      coroutine.resume(coroutine.create(f))
    end)
    local samples = support.profile(OPTIONS, support.repeat_ms, 200, work)
    assert_text(samples, 0.8, "work:1 < coroutine.resume < ")
    local order = "work:1 .*work:2 .*work:3 .*work:4 .*work:5 .*work:6 "
    local count = support.count(samples, function(sample)
      return sample.text:find(order)
        and select(2, sample.text:gsub("coroutine.resume", "")) == 5
    end)
    assert.is_true(count >= 0.8 * support.count(samples), "count " .. count)
  end)

  it("go through wrap, five deep", function()
    need()
    local work = nest(function(f)
      coroutine.wrap(f)()
    end)
    local samples = support.profile(OPTIONS, support.repeat_ms, 200, work)
    local count = support.count(samples, function(sample)
      return sample.text:find("work:1 .*work:2 .*work:3 .*work:4 .*work:5 "
        .. ".*work:6 ") and select(2, sample.text:gsub("coroutine%.w", "")) >= 5
    end)
    assert.is_true(count >= 0.8 * support.count(samples), "count " .. count
      .. (samples[1] and samples[1].text or ""))
  end)

  it("give the resumer its own time back", function()
    need()
    local samples = samples_of(200, [[
      local co = coroutine.wrap(function() while true do coroutine.yield() end
        end)
      return function() co() local x = 0
        for i = 1, 1e5 do x = x + i % 7 end end]])
    local count = support.count(samples, function(sample)
      return sample.frames[1] == "work:3"
    end)
    assert.is_true(count >= 0.9 * support.count(samples), "count " .. count)
  end)

  it("end in who ran last when C code resumes without us", function()
    need()
    local _, out, err = support.shell([[lua -e '
      local resume = coroutine.resume
      package.path = "./?.lua;" .. package.path
      local support = require "spec.support"
      local inner = support.work("return function() local x = 0 "
        .. "for i = 1, 3e5 do x = x + i % 7 end end")
      local samples = support.profile({ hz = 1000 }, support.repeat_ms, 200,
        function() resume(coroutine.create(inner)) end)
      local all = support.count(samples)
      print(support.count_text(samples, "spec/support.lua:") / all)']])
    assert.is_truthy(tonumber(out), err)
    assert.is_true(tonumber(out) >= 0.8, out)
  end)
end)


describe("depth", function()
  local function recurse(depth, options)
    local work = support.work("local function f(n) if n > 1 then\nf(n - 1) "
      .. "return end local x = 0 for i = 1, 2e5 do x = x + i % 7 end end\n"
      .. "return f")
    return support.profile(options, support.repeat_ms, 200, work, depth)
  end

  it("beyond the maximum ends in [truncated]", function()
    need()
    local samples = recurse(60, { hz = 1000, depth_max = 20 })
    local count = support.count(samples, function(sample)
      return #sample.frames == 21 and sample.frames[21] == "[truncated]"
        and sample.frames[1] == "work:1" and sample.frames[20] == "work:1"
    end)
    assert.is_true(count >= 0.9 * support.count(samples), "count " .. count)
  end)

  it("within the maximum does not", function()
    need()
    local samples = recurse(60, { hz = 1000, depth_max = 200 })
    local count = support.count(samples, function(sample)
      local _, frames = sample.text:gsub("work:1", "")
      return frames == 60
    end)
    assert.equal(0, support.count_text(samples, "[truncated]"))
    assert.is_true(count >= 0.9 * support.count(samples), "count " .. count)
  end)
end)
