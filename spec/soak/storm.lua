-- Everything at once that has ever broken a Lua profiler, under signals as
-- fast as they come: coroutines made, dropped and closed, errors, deep
-- recursion, hooks on and off, finalizers, jit.flush/on/off, a user's jit.p,
-- os.execute, fork, threads, sessions that start and stop.
-- Run: lua5.4 spec/soak/storm.lua SECONDS HZ [SEED]
-- Expect: "storm ok: …" and exit 0

local seconds, hz = tonumber(arg[1]), tonumber(arg[2])
local seed = tonumber(arg[3] or os.time())
math.randomseed(seed)
io.write(("storm: %s, %d s at %d Hz, seed %d\n"):format(
  jit and jit.version or _VERSION, seconds, hz, seed))

local cprof = require "cprof"
local core = require "cprof.core"
local burn = require "burn"
local unpack = table.unpack or unpack

collectgarbage("setpause", 50)
collectgarbage("setstepmul", 1000)

local storms = {}

function storms.coroutines()
  for i = 1, 200 do
    local thread = coroutine.create(function(...)
      local x = select("#", ...)
      for _ = 1, i % 7 do
        x = x + (coroutine.yield(x) or 1)
      end
      if i % 5 == 0 then error({}) end
      return x
    end)
    for _ = 1, math.random(0, 9) do
      coroutine.resume(thread, 1, 2, 3)
    end
    if coroutine.close and coroutine.status(thread) ~= "running" then
      coroutine.close(thread)
    end
  end
end

function storms.wraps()
  local function generate(n)
    return coroutine.wrap(function()
      for i = 1, n do coroutine.yield(i) end
    end)
  end
  for n = 1, 60 do
    for i in generate(n) do
      if i > 30 then break end
    end
  end
  pcall(coroutine.wrap(function() error("in wrap") end))
end

function storms.nested()
  local function nest(n)
    if n == 0 then return coroutine.yield("deep") end
    local wrapped = coroutine.wrap(nest)
    local got = wrapped(n - 1)
    return got
  end
  for _ = 1, 20 do
    pcall(coroutine.wrap(nest), 20)
  end
end

function storms.errors()
  for i = 1, 300 do
    pcall(error, { i })
    xpcall(function() return nil + 1 end, function(m) return m .. "!" end)
    pcall(string.rep)
    pcall(burn.raise, 20)
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
end

function storms.hooks()
  local n = 0
  local function hook() n = n + 1 end
  local masks = { "c", "r", "l", "crl", "" }
  debug.sethook(hook, masks[math.random(#masks)], math.random(0, 3) * 700)
  local x = 0
  for i = 1, 3000 do x = x + math.sin(i) end
  storms.strings()
  debug.sethook()
  assert(debug.gethook() == nil)
  local thread = coroutine.create(function() for i = 1, 500 do x = x + i end end)
  debug.sethook(thread, hook, "l")
  coroutine.resume(thread)
  pcall(function()
    debug.sethook(function() error("limit") end, "", 1000)
    while true do x = x + 1 end
  end)
  debug.sethook()
  if not jit then
    burn.foreign_hook(true)
    for i = 1, 3000 do x = x + i end
    burn.foreign_hook(false)
  end
end
if jit then
  -- a count hook never fires in compiled code
  local plain = storms.hooks
  function storms.hooks() jit.off(); pcall(plain); debug.sethook(); jit.on() end
end

function storms.strings()
  local t = {}
  for i = 1, 500 do t[i] = ("x"):rep(i) .. i end
  table.concat(t):gsub("x+", function(s) return #s > 3 and "y" or nil end)
  table.sort(t, function(a, b) return #a < #b end)
end

function storms.garbage()
  local function finalize() local s = 0 for i = 1, 50 do s = s + i end end
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

function storms.closures()
  for i = 1, 200 do
    local load = loadstring or load
    local f = load("local a = ... return a + " .. i, "=chunk" .. i)
    f(i)
  end
  unpack({}, 1, 200)
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

function storms.sessions()
  local s = assert(cprof.start{ cpu = { hz = math.random(1, hz),
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
  burn.threads(3)
end

if jit then
  function storms.jit()
    local x = 0
    for i = 1, 2000 do x = x + i end
    jit.flush()
    jit.off()
    for i = 1, 2000 do x = x + i end
    jit.on()
  end

  function storms.jitp()
    local profile = require "jit.profile"
    local calls = 0
    profile.start("li1", function(thread, samples, state)
      calls = calls + 1
      profile.dumpstack(thread, "fl", 5)
      assert(samples > 0 and #state == 1)
    end)
    storms.strings()
    profile.stop()
  end
end

local names = {}
for name in pairs(storms) do names[#names + 1] = name end
table.sort(names)
local rare = { processes = 20, threads = 5, recursion = 4 }

local session = assert(cprof.start{ cpu = { hz = hz } })
local start_ns, rounds = core.wall_ns(), 0
while core.wall_ns() - start_ns < seconds * 1e9 do
  rounds = rounds + 1
  for _, name in ipairs(names) do
    if rounds % (rare[name] or 1) == 0 then
      storms[math.random(9) > 1 and name or names[math.random(#names)]]()
    end
  end
end
local set = assert(session:stop())
assert(set.cpu:check())
collectgarbage()
collectgarbage()

-- Nothing is left behind, and what was lost is in the profile.
assert(core.signal_owner() == "free", core.signal_owner())
assert(debug.gethook() == nil)
local facts = {}
for _, comment in ipairs(set.cpu:info().comments) do
  local key, value = comment:match("^cprof%.([%w_]+)=(.*)$")
  facts[key] = tonumber(value) or value
end
local lost_ns = 0
for _, stack in ipairs(set.cpu:stacks()) do
  if stack.frames[1].name == "[lost]" then
    lost_ns = lost_ns + stack.values[2]
  end
end
assert(lost_ns == facts.lost_ns, "a loss that the profile does not show")
io.write(("storm ok: %d rounds, %d signals, %d lost, %d late, %d hooked\n")
  :format(rounds, facts.signals, facts.lost, facts.late, facts.hooked))

-- The script ends with millions of tables, for lua_close to free while the
-- session of the very end still runs.
local ending = {}
for i = 1, 300000 do ending[i] = { i } end
ending.session = assert(cprof.start{ cpu = { hz = hz } })
