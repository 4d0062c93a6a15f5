-- Shows how to get a flame graph: folded stacks, one a line, go to
-- flamegraph.pl or to https://www.speedscope.app. A file does as well:
-- `cprof folded cpu.pb.gz | flamegraph.pl > cpu.svg`.
--
-- Run: lua examples/folded_to_flamegraph.lua
-- Expect: main@folded_to_flamegraph.lua;outer;inner[^\n]* %d+\n

local cprof = require "cprof"


local function inner(seconds)
  local stop, x = os.clock() + seconds, 0
  while os.clock() < stop do
    for i = 1, 20000 do
      x = (x * 31 + i) % 65521
    end
  end
  return x
end


local function outer()
  local x = inner(0.3)
  return x
end


local session = assert(cprof.start({ cpu = true }))
outer()
local set = assert(session:stop())
io.write(assert(set.cpu:folded("cpu")))
