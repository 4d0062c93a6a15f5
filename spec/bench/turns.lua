-- One program with cprof at 100 Hz and without, in turns within one process:
-- off, on, off, on, …, each turn the same work. For PUC, where a session
-- leaves nothing behind; LuaJIT would compile all anew at every turn.
-- Run: lua5.4 spec/bench/turns.lua PROGRAM TURNS
-- Expect: for each turn the ratio of on to the mean of its neighbours

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local programs = require "programs"
local core = require "cprof.core"
local cprof = require "cprof"

local TURN_NS = 40e6 -- short, for noise comes in longer waves

local program, turns = programs[arg[1]], tonumber(arg[2])


local function time(units)
  collectgarbage()
  local start = core.cpu_ns()
  program(units)
  return core.cpu_ns() - start
end


local function time_on(units)
  local session = assert(cprof.start { cpu = { hz = 100 } })
  local spent = time(units)
  assert(session:stop())
  return spent
end


-- luacheck's units are files, no two alike: the same few each turn.
local function calibrate()
  if arg[1] == "luacheck" then
    return 5
  end
  local spent = time(10)
  return math.max(10, math.floor(10 * TURN_NS / spent))
end


local units = calibrate()
local off = time(units)
for _ = 1, turns do
  local on = time_on(units)
  local again = time(units)
  print(("%.5f"):format(on * 2 / (off + again)))
  off = again
end
