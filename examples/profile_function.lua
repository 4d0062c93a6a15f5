-- Shows how to profile a piece of a program: start, work, stop, look, write.
-- The function `hot` works twice as long as `warm`, and the table says so.
--
-- Run: lua examples/profile_function.lua
-- Expect: Type: cpu
-- Expect: 6%d%.%d%d%%  hot\n
-- Expect: 3%d%.%d%d%%  warm\n
-- Expect: go tool pprof

local cprof = require "cprof"


-- Computes for so many seconds of CPU time.
local function spin(seconds)
  local stop, x = os.clock() + seconds, 0
  while os.clock() < stop do
    for i = 1, 20000 do
      x = (x * 31 + i) % 65521
    end
  end
  return x
end


local function hot()
  local x = spin(0.8)
  return x
end


local function warm()
  local x = spin(0.4)
  return x
end


local session = assert(cprof.start({ cpu = { hz = 250 } }))
hot()
warm()
local set = assert(session:stop())

print(set.cpu:top({ n = 10, sort = "cum" }))

local path = os.tmpname()
assert(set.cpu:write(path))
print("for a graph: go tool pprof -http=: " .. path)
