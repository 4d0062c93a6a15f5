-- One profile of every kind that cprof writes so far, for the conformance
-- spec: each function returns a profile (userdata) of a session, real but for
-- `ties` and `stacks`. Needs the core; the VM is the one that runs the spec.

local made = require "spec.made"

local M = {}

local MS = 1e6
local STACKS = 100000
local TIES = 32
local BASE, LEVELS = 50, 4 -- functions a level
local DEEP = 20000
local NAME_BYTES = 65536

local load_text = rawget(_G, "loadstring") or load


-- Computes for so many seconds of CPU time.
local function spin(seconds)
  local stop, x = os.clock() + seconds, 0
  while os.clock() < stop do
    for i = 1, 2000 do
      x = (x * 31 + i) % 65521
    end
  end
  return x
end


local function churn()
  local kept = {}
  for i = 1, 20000 do
    kept[i % 100] = { tostring(i), {} }
  end
  collectgarbage()
  return kept
end


local function in_coroutine(seconds)
  local thread = coroutine.wrap(function()
    spin(seconds)
    coroutine.yield()
    spin(seconds)
  end)
  thread()
  thread()
end


local function sort_much()
  local list = {}
  for i = 1, 5000 do
    list[i] = (i * 7919) % 10007
  end
  table.sort(list, function(a, b) return a > b end)
  return ("x"):rep(200000):find("y"), list
end


local function tail(n)
  if n > 0 then
    return tail(n - 1)
  end
  return spin(0.01)
end


local function raise()
  spin(0.005)
  error("on purpose")
end


local function work_mixed()
  for _ = 1, 5 do
    in_coroutine(0.01)
    sort_much()
    churn()
    tail(50)
    pcall(raise)
  end
end


local function run_session(options, work)
  local session = assert(require("cprof").start(options))
  work()
  return assert(session:stop()).cpu
end


--- Coroutines, C functions, the collector, markers, a label.
function M.mixed()
  return run_session({ cpu = { hz = 1000 },
    labels = { service = "gw", ["empty"] = "", ["a;b"] = "c\nd" } },
    work_mixed)
end


--- Numeric labels, 0 among them.
function M.numbers()
  return run_session({ cpu = { hz = 1000 }, labels = { n = 5, zero = 0 } },
    function()
      spin(0.1)
    end)
end


--- A session without samples.
function M.empty()
  return run_session({ cpu = { hz = 1 } }, function() end)
end


--- A stack far deeper than what is kept of it.
function M.deep()
  local function down(n)
    if n == 0 then
      spin(0.1)
      return 0
    end
    return 1 + down(n - 1)
  end
  return run_session({ cpu = { hz = 1000, depth_max = 16 } }, function()
    down(DEEP)
  end)
end


--- Names that are no UTF-8, or very long: of files and of functions.
function M.names()
  local text = "local stop = os.clock() + 0.05 while os.clock() < stop do "
    .. "for i = 1, 1000 do end end"
  local profile = run_session({ cpu = { hz = 1000 },
    labels = { bad = "\255\254", ["k\192"] = "v" } }, function()
    for _, name in ipairs({ "@/tmp/\255\254.lua", "=\192\128",
      "@" .. ("d/"):rep(NAME_BYTES / 2) .. "x.lua" }) do
      assert(load_text(text, name))()
    end
    assert(load_text("return function() " .. text .. " end", "@long.lua"))()()
  end)
  local info = profile:info()
  assert(profile:rename(info.functions, ("n"):rep(NAME_BYTES), "\237\160\128"))
  return profile
end


-- A stack whose frames are the digits of i to the base BASE, each of a level's
-- own functions, so that no two of BASE ^ LEVELS are the same.
local function numbered_stack(i)
  local frames = {}
  for level = 1, LEVELS do
    local id = (level - 1) * BASE + i % BASE + 1
    frames[level] = ("f%d@generated.lua:%d#[lua]"):format(id, id)
    i = math.floor(i / BASE)
  end
  return table.concat(frames, ";")
end


-- So many distinct stacks, 1 ms each, as cprof writes a profile.
local function numbered(count)
  local given = {
    period_type = { "cpu", "nanoseconds" }, period = MS, default = "cpu",
    time = 1700000000 * 1e9, duration = count * MS,
    comments = { "cprof.made=spec" },
  }
  for i = 1, count do
    given[i] = { numbered_stack(i), { 1, MS } }
  end
  return made.profile(given)
end


--- Shares that lie between two decimals, as 3.125 %: made, not measured.
function M.ties()
  return numbered(TIES)
end


--- Very many distinct stacks, which no session takes in a test's time.
function M.stacks()
  return numbered(STACKS)
end


return M
