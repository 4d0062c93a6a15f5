-- Merges files into one: merge.lua OUT FILE…. What `go tool pprof -proto` does,
-- for spec/bench/read.sh.

local cprof = require "cprof"
local merge = require "cprof.merge"

local profiles = {}
for i = 2, #arg do
  profiles[i - 1] = assert(cprof.open(arg[i]))
end
assert(assert(merge.merge(profiles)):write(arg[1]))
