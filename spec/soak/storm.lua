-- Everything at once that has ever broken a Lua profiler, under signals as
-- fast as they come: coroutines made, dropped and closed, errors, deep
-- recursion, hooks on and off, finalizers, jit.flush/on/off, a user's jit.p,
-- os.execute, fork, threads, sessions that start and stop.
-- Run: lua5.4 spec/soak/storm.lua SECONDS HZ [SEED]
-- Expect: "storm ok: …" and exit 0

-- As a library that was loaded before cprof keeps them.
local cached = { create = coroutine.create, resume = coroutine.resume,
  wrap = coroutine.wrap }

local cprof = require "cprof"
local core = require "cprof.core"
local burn = require "burn"
local loadtext = rawget(_G, "loadstring") or load
local newproxy = rawget(_G, "newproxy")
local close = rawget(coroutine, "close")
local SCOPED = not jit and "local _ <close> = ...; " or ""

local storms = {}
local rare = { processes = 20, threads = 5, recursion = 4, chunks = 3 }


-- ------------------------------------------------------------ coroutines ----

local function steps(...)
  local x = select("#", ...)
  for i = 1, x do
    x = x + (coroutine.yield(i) or 1)
  end
  if x % 5 == 0 then
    error({})
  end
  return x
end


function storms.coroutines()
  for _ = 1, 200 do
    local thread = coroutine.create(steps)
    for i = 1, math.random(0, 9) do
      coroutine.resume(thread, i, 2, 3)
    end
    if close then
      close(thread)
    end
  end
end


local function generate(n)
  return coroutine.wrap(function()
    for i = 1, n do coroutine.yield(i) end
  end)
end


function storms.wraps()
  for n = 1, 60 do
    for i in generate(n) do
      if i > 30 then break end
    end
  end
  pcall(coroutine.wrap(function() error("in wrap") end))
end


local function nest(n)
  if n == 0 then
    return coroutine.yield("deep")
  end
  local got = coroutine.wrap(nest)(n - 1)
  return got
end


function storms.nested()
  for _ = 1, 20 do
    pcall(coroutine.wrap(nest), 20)
  end
end


-- Coroutines that cprof is not told of, which use some that it is.
function storms.strangers()
  for n = 1, 30 do
    cached.wrap(function()
      for _ in generate(n) do end
      storms.wraps()
    end)()
    local thread = cached.create(steps)
    cached.resume(thread, 1, 2)
    cached.resume(thread)
  end
  collectgarbage()
end


-- A session that is started by such a coroutine, which then goes away.
function storms.orphans()
  local session
  cached.wrap(function()
    session = assert(cprof.start{ cpu = true })
  end)()
  collectgarbage()
  storms.metamethods()
  assert(session:stop())
end


local function burn_and_raise()
  storms.strings()
  error("in close")
end


-- __close that works, raises and yields; on LuaJIT just the coroutines.
function storms.closes()
  local scoped = assert(loadtext(SCOPED
    .. "coroutine.yield(1) error('after')"))
  local metas = { { __close = storms.strings }, { __close = burn_and_raise },
    { __close = function() coroutine.yield(2) end } }
  for i = 1, 9 do
    local thread = coroutine.create(scoped)
    coroutine.resume(thread, setmetatable({}, metas[i % 3 + 1]))
    for _ = 1, i % 4 do
      coroutine.resume(thread)
    end
    if close and i % 2 == 0 then
      close(thread)
    end
  end
end


-- Yields across pcall, a metamethod and an iterator; errors after them.
function storms.crossings()
  local mt = { __index = function(_, k) return coroutine.yield(k) end }
  for i = 1, 40 do
    local thread = coroutine.wrap(function()
      local o = setmetatable({}, mt)
      pcall(function()
        coroutine.yield(i)
        error(o)
      end)
      pcall(pcall, function() return o.x + i end)
      for value in coroutine.yield, i do
        if value == i then break end
      end
    end)
    for _ = 1, i % 6 do
      pcall(thread, i)
    end
  end
end


-- ---------------------------------------------------------------- errors ----

function storms.errors()
  for i = 1, 300 do
    pcall(error, { i })
    xpcall(function() return nil + i end, function(m) return m .. "!" end)
    pcall(string.rep)
    pcall(burn.raise, 20)
  end
end


-- C functions that call back, where a yield is an error.
function storms.callbacks()
  local function fail(s)
    return #tostring(s) % 3 == 0 and coroutine.yield() or error(s)
  end
  for i = 1, 60 do
    local thread = coroutine.create(function()
      local list = { 3, 1, 2, "x", i }
      pcall(table.sort, list, function(a, b) return coroutine.yield(a, b) end)
      pcall(table.sort, list, fail)
      pcall(string.gsub, ("ab"):rep(i), "%w", fail)
      string.gsub(("ab"):rep(i), "%w", string.upper)
    end)
    coroutine.resume(thread)
    coroutine.resume(thread)
  end
end


function storms.recursion()
  local function down(n)
    if n == 0 then return 0 end
    return 1 + down(n - 1)
  end
  down(20000 + math.random(1000))
  pcall(function()
    local function forever() return 1 + forever() end
    return forever()
  end)
  if not jit then -- LuaJIT itself overflows the C stack here
    local function again(s) return (s:gsub("x", again)) end
    pcall(again, "x")
  end
end


-- ----------------------------------------------------------------- hooks ----

local function add(n)
  local x = 0
  for i = 1, n do x = x + i end
  return x
end


local function hook_others()
  local count = 0
  local function hook() count = count + 1 end
  for _, mask in ipairs{ "l", "c", "r", "" } do
    local thread = coroutine.create(function()
      add(300)
      coroutine.yield()
      add(300)
    end)
    debug.sethook(thread, hook, mask, 100)
    coroutine.resume(thread)
    debug.sethook(thread)
    coroutine.resume(thread)
  end
end


-- A limit that ends a program, which a profiler must not stretch for ever.
local function hook_limit()
  local x = 0
  local ok, message = pcall(function()
    debug.sethook(function() error("limit") end, "", 1000)
    for i = 1, 1e8 do x = x + i end
  end)
  debug.sethook()
  assert(not ok and message:match("limit"), "a count hook that never ran")
end


local function all_hooks()
  local n = 0
  local function hook() n = n + 1 end
  local masks = { "c", "r", "l", "crl", "" }
  debug.sethook(hook, masks[math.random(#masks)], math.random(0, 3) * 700)
  add(3000)
  storms.strings()
  debug.sethook()
  assert(debug.gethook() == nil)
  hook_others()
  hook_limit()
  if not jit then
    burn.foreign_hook(true)
    add(3000)
    burn.foreign_hook(false)
  end
end


-- A count hook never fires in compiled code.
function storms.hooks()
  if jit then jit.off() end
  local ok, message = pcall(all_hooks)
  debug.sethook()
  if jit then jit.on() end
  assert(ok, message)
end


-- ----------------------------------------------------------------- heaps ----

function storms.strings()
  local t = {}
  for i = 1, 500 do t[i] = ("x"):rep(i) .. i end
  table.concat(t):gsub("x+", function(s) return #s > 3 and "y" or nil end)
  table.sort(t, function(a, b) return #a < #b end)
end


local function finalize()
  local s = 0
  for i = 1, 50 do s = s + i end
  coroutine.wrap(add)(s % 9)
end


function storms.garbage()
  for i = 1, 300 do
    if newproxy then
      getmetatable(newproxy(true)).__gc = finalize
    else
      setmetatable({}, { __gc = finalize })
    end
    local _ = { {}, { i }, tostring(i) }
  end
  collectgarbage(math.random(2) == 1 and "collect" or "step")
end


function storms.chunks()
  for i = 1, 200 do
    local chunk = loadtext("local a = ... return a + " .. i, "=chunk" .. i)
    chunk(i)
    pcall(loadtext, "return " .. ("("):rep(i))
  end
end


function storms.metamethods()
  local mt = { __index = function(_, k) return k end,
    __add = function(a) return a end,
    __concat = function() return "c" end,
    __lt = function() return true end }
  local o = setmetatable({}, mt)
  for i = 1, 500 do
    local _ = o[i]
    _ = o + i
    _ = o .. "x"
    _ = o < o
  end
end


-- ------------------------------------------------ sessions and processes ----

local hz_max = 1

function storms.sessions()
  local s = assert(cprof.start{ cpu = { hz = math.random(1, hz_max),
    depth_max = math.random(1, 200) } })
  storms.metamethods()
  if math.random(2) == 1 then
    assert(s:snapshot()).cpu:encode()
  end
  if math.random(3) > 1 then
    assert(s:stop()) -- else the collector's
  end
end


function storms.processes()
  -- A child's dl_iterate_phdr waits for ever when another thread held the
  -- loader's write lock at the fork: glibc 2.36 resets its other locks only.
  burn.beside(0)
  assert(burn.usleep(1000) >= 0)
  os.execute("true")
  assert(burn.fork(function()
    storms.metamethods()
    local s = assert(cprof.start{ cpu = true })
    storms.strings()
    assert(s:stop())
    return 7
  end) == 7)
end


function storms.threads()
  burn.beside(3)
end


-- ---------------------------------------------------------------- LuaJIT ----

local function jit_switches()
  add(2000)
  jit.flush()
  jit.off()
  add(2000)
  jit.on()
  jit.opt.start(math.random(0, 3))
  add(2000)
  jit.opt.start(3, "hotloop=" .. math.random(1, 60), "maxtrace=200")
  storms.strings()
  jit.opt.start(3)
end


local function jit_profile()
  local profile = require "jit.profile"
  profile.start("li1", function(thread, samples, state)
    profile.dumpstack(thread, "fl", 5)
    assert(samples > 0 and #state == 1)
  end)
  storms.strings()
  profile.stop()
end


if jit then
  storms.jit_switches, storms.jit_profile = jit_switches, jit_profile
end


-- ------------------------------------------------------------------ main ----

local function sorted_names()
  local names = {}
  for name in pairs(storms) do names[#names + 1] = name end
  table.sort(names)
  return names
end


local function rage(seconds)
  local names, rounds, start_ns = sorted_names(), 0, core.wall_ns()
  while core.wall_ns() - start_ns < seconds * 1e9 do
    rounds = rounds + 1
    for _, name in ipairs(names) do
      if rounds % (rare[name] or 1) == 0 then
        storms[math.random(9) > 1 and name or names[math.random(#names)]]()
      end
    end
  end
  return rounds
end


local function lost_in(profile)
  local lost_ns = 0
  for _, stack in ipairs(profile:stacks()) do
    if stack.frames[1].name == "[lost]" then
      lost_ns = lost_ns + stack.values[2]
    end
  end
  return lost_ns
end


-- Nothing is left behind, and what was lost is in the profile.
local function verify(profile)
  -- Of what is rare there is a comment only where it happened.
  local facts = { late = 0, hooked = 0, rested = 0 }
  assert(profile:check())
  for _, comment in ipairs(profile:info().comments) do
    local key, value = comment:match("^cprof%.([%w_]+)=(.*)$")
    facts[key or comment] = tonumber(value) or value
  end
  collectgarbage()
  collectgarbage()
  assert(core.signal_owner() == "free", core.signal_owner())
  assert(debug.gethook() == nil)
  assert(lost_in(profile) == facts.lost_ns,
    "a loss that the profile does not show")
  -- A handler that rests (deep recursion) may lose what it carries.
  assert(facts.lost - facts.rested < facts.signals / 2,
    ("%d of %d signals lost: safe points stopped coming")
      :format(facts.lost, facts.signals))
  return facts
end


-- The script ends with many tables, for lua_close to free while the session of
-- the very end still runs.
local function leave_a_heap(hz)
  local ending = {}
  for i = 1, 300000 do ending[i] = { i } end
  ending.session = assert(cprof.start{ cpu = { hz = hz } })
  return ending
end


local function main(seconds, hz, seed)
  math.randomseed(seed)
  io.write(("storm: %s, %d s at %d Hz, seed %d\n"):format(
    jit and jit.version or _VERSION, seconds, hz, seed))
  io.stdout:flush() -- a child that we fork must not write it again
  collectgarbage("setpause", 50)
  collectgarbage("setstepmul", 1000)
  hz_max = hz
  local session = assert(cprof.start{ cpu = { hz = hz } })
  local rounds = rage(seconds)
  local facts = verify(assert(session:stop()).cpu)
  burn.beside(0)
  io.write(("storm ok: %d rounds, %d signals, %d lost, %d late, %d hooked\n")
    :format(rounds, facts.signals, facts.lost, facts.late, facts.hooked))
  return leave_a_heap(hz)
end


local ending = main(tonumber(arg[1]), tonumber(arg[2]),
  tonumber(arg[3] or os.time()))
ending.kept = true
