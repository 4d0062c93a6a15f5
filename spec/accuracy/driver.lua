-- What the drivers of this folder share: the known program, run under a
-- session for some CPU time, and how a driver ends.

local weights = require "weights"
local workload = require "workload"
local burn = require "burn"
local core = require "cprof.core"
local cprof = require "cprof"

local M = {}

M.vm = jit and jit.version or _VERSION

-- Bounds are made of n_eff. A kernel of HZ 250 gives so many equal samples a
-- second to a program that is alone. Where the kernel is slower, or others use
-- the processor (then single weights come to half a second), the program works
-- on until it has as many.
local SAMPLES_PER_SECOND = 225
local LONGEST = 4 -- times the seconds that were asked for
local INCONCLUSIVE = 77 -- exit code

local files = {} -- names come from them until all is read


--- The known program, in a file that goes away when the driver ends.
---@param asked table see workload.make: style, hooks, leaf
---@return table program
function M.program(asked)
  files[#files + 1] = os.tmpname()
  return workload.make {
    style = asked.style, path = files[#files], burn = burn,
    clock = core.cpu_ns, hooks = asked.hooks, leaf = asked.leaf,
  }
end


--- Runs it for so many seconds of CPU time.
---@param program table
---@param seconds number
function M.run(program, seconds)
  local start = core.cpu_ns()
  program.run(function()
    return core.cpu_ns() - start < seconds * 1e9
  end)
end


-- Runs it until there are as many samples as that time should give. Returns
-- n_eff, the CPU time, and how many samples there were.
local function run_watched(program, seconds, hz)
  local watch, start = weights.watch(), core.cpu_ns()
  local wanted = math.min(0.9 * hz, SAMPLES_PER_SECOND) * seconds
  program.run(function()
    watch:read()
    local past = (core.cpu_ns() - start) / 1e9
    return past < seconds
      or past < LONGEST * seconds and watch:n_eff() < wanted
  end)
  return watch:n_eff(), core.cpu_ns() - start, watch.count
end


-- Signals of a profile, those that made no sample of their own among them.
local function count_signals(profile)
  for _, comment in ipairs(profile:info().comments) do
    local signals = comment:match("^cprof.signals=(%d+)$")
    if signals then
      return tonumber(signals)
    end
  end
end


--- Runs it under a session of its own.
---@param program table
---@param seconds number of CPU time, at least
---@param cpu table the session's options
---@return table seen {profile, parts, sum_ns = of the profile, n = n_eff,
---  cpu_ns = by the thread's clock, used_ns = by getrusage, has_all = nearly
---  every signal made a sample: weights are the kernel's}
function M.measure(program, seconds, cpu)
  local session = assert(cprof.start { cpu = cpu })
  local used_ns = burn.rusage()
  local n, cpu_ns, samples = run_watched(program, seconds, cpu.hz)
  used_ns = burn.rusage() - used_ns
  local profile = assert(session:stop()).cpu
  local parts, sum_ns = workload.parts(profile)
  return {
    profile = profile, parts = parts, sum_ns = sum_ns, n = n,
    cpu_ns = cpu_ns, used_ns = used_ns,
    has_all = samples >= 0.9 * count_signals(profile),
  }
end


--- Ends the driver. Where all is right, but the kernel gave too few samples to
--- tell, its exit code is 77.
---@param failures integer
---@param coarse? integer
---@param seen? table what is coarse
function M.finish(failures, coarse, seen)
  for _, path in ipairs(files) do
    os.remove(path)
  end
  if (coarse or 0) == 0 then
    os.exit(failures == 0 and 0 or 1, true)
  end
  os.exit(failures == 0 and seen.has_all and INCONCLUSIVE or 1, true)
end


return M
