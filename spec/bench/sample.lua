-- What one sample costs at a stack of DEPTH Lua frames: cprof's own counters,
-- and beside them what a fixed amount of work takes longer with sampling than
-- without, in turns. Meant for a build whose signals really come at HZ
-- (make STORM=1). Run: lua5.4 spec/bench/sample.lua DEPTH HZ PAIRS
-- Expect: one line of key=value

local cprof = require "cprof"
local core = require "cprof.core"

local depth, hz = tonumber(arg[1]), tonumber(arg[2])
local pairs_wanted = tonumber(arg[3])

local SLICE_NS = 40e6 -- of one half of a pair


local function step(x)
  return (x * 3 + 1) % 7919
end


local function work(count)
  local x = 1
  for _ = 1, count do
    x = step(x)
  end
  return x
end


-- work() with so many Lua frames on the stack, its own among them.
local function at_depth(frames, count)
  if frames <= 2 then
    local x = work(count)
    return x
  end
  local x = at_depth(frames - 1, count)
  return x
end


-- How long it takes, in ns of this thread's CPU.
local function time(count)
  local start = core.cpu_ns()
  at_depth(depth - 1, count) -- the chunk is a frame too
  return core.cpu_ns() - start
end


local function facts_of(profile)
  local facts = {}
  for _, comment in ipairs(profile:info().comments) do
    local key, value = comment:match("^cprof%.([%w_]+)=(%d+)$")
    if key then
      facts[key] = tonumber(value)
    end
  end
  return facts
end


-- A session over one slice: time, and what the counters say.
local function time_sampled(count)
  local session = assert(cprof.start { cpu = { hz = hz } })
  local spent = time(count)
  return spent, facts_of(session:stop().cpu)
end


local function median(values)
  table.sort(values)
  return values[math.ceil(#values / 2)]
end


local function calibrate()
  local count, spent = 1000, 0
  while spent < SLICE_NS do
    count = count * 2
    spent = time(count)
  end
  return math.floor(count * SLICE_NS / spent)
end


local count = calibrate()
local handler, safepoint, whole, signals = {}, {}, {}, 0
for i = 1, pairs_wanted do
  local off = time(count)
  local on, facts = time_sampled(count)
  local after = time(count)
  local taken = facts.signals - facts.rested
  handler[i] = facts.handler_ns / taken
  safepoint[i] = facts.safepoint_ns / taken
  whole[i] = (on - (off + after) / 2) / taken
  signals = signals + taken
end
print(("vm=%s frames=%d hz=%d signals=%d handler_us=%.2f safepoint_us=%.2f "
  .. "all_us=%.2f"):format(jit and "luajit" or "lua5.4", depth, hz, signals,
  median(handler) / 1e3, median(safepoint) / 1e3, median(whole) / 1e3))
