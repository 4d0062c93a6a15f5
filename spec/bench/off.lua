-- A program to count instructions of, cprof loaded or not, never profiling.
-- Run: lua5.4 spec/bench/off.lua PROGRAM N [cprof]

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
if arg[3] == "cprof" then
  require "cprof"
end
collectgarbage("stop") -- its phases depend on all that is in the heap
require("programs")[arg[1]](tonumber(arg[2]))
