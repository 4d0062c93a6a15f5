-- The sum of a profile against what the kernel says the thread used, at one
-- rate. Run: lua5.4 spec/accuracy/total.lua HZ SECONDS
-- Expect: a line, and exit 0 when the two are within 2 %

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local workload = require "workload"
local burn = require "burn"
local core = require "cprof.core"
local cprof = require "cprof"

local WITHIN = 0.02

local hz, seconds = tonumber(arg[1]), tonumber(arg[2])

local path = os.tmpname()
local program = workload.make {
  style = "loop", path = path, burn = burn, clock = core.cpu_ns,
  hooks = not jit,
}
local session = assert(cprof.start { cpu = { hz = hz } })
local before_ns, start = burn.rusage(), core.cpu_ns()
program.run(function()
  return core.cpu_ns() - start < seconds * 1e9
end)
local used_ns = burn.rusage() - before_ns
local _, total_ns = workload.parts(assert(session:stop()).cpu)
os.remove(path)
local off = total_ns / used_ns - 1
local ok = math.abs(off) <= WITHIN
print(("%s, %5d Hz: profile %.0f ms, getrusage %.0f ms, %+.2f %% %s"):format(
  jit and jit.version or _VERSION, hz, total_ns / 1e6, used_ns / 1e6,
  off * 100, ok and "ok" or "WRONG"))
os.exit(ok and 0 or 1, true)
