-- One program, timed: with how much CPU it does a unit of work, under one of
-- the profilers or none. Run: lua5.4 spec/bench/pair.lua PROGRAM WITH SECONDS
-- WITH is off, cprof (100 Hz) or jitp (LuaJIT's jit.p, every 10 ms, by line).
-- Expect: the ns a unit

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local programs = require "programs"
local core = require "cprof.core"

local program = programs[arg[1]]
local with, seconds = arg[2], tonumber(arg[3])

local UNITS = 10 -- between two looks at the clock


local function work(for_ns)
  local start, units, spent = core.cpu_ns(), 0, 0
  while spent < for_ns do
    program(UNITS)
    units = units + UNITS
    spent = core.cpu_ns() - start
  end
  return spent / units
end


local begin = {
  off = function() end,
  cprof = function()
    return assert(require("cprof").start { cpu = { hz = 100 } })
  end,
  jitp = function()
    require("jit.p").start("li10", "/dev/null")
  end,
}

local session = begin[with]()
work(seconds / 3 * 1e9) -- until what is hot is compiled
print(("%.1f"):format(work(seconds * 1e9)))
if session then
  assert(session:stop())
end
