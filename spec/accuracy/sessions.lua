-- Three sessions at once with their own rates, depths and labels, over windows
-- that overlap: the sum of each is what the kernel says of its window, each
-- has its labels on every sample and keeps to its depth, and where two saw the
-- same they say the same.
-- Run: lua5.4 spec/accuracy/sessions.lua SECONDS
-- Expect: a line a session, and exit 0

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local driver = require "driver"
local verdict = require "verdict"
local workload = require "workload"
local burn = require "burn"
local cprof = require "cprof"

local SAME = 0.005 -- the windows differ by a sample

local seconds = tonumber(arg[1])
local failures = 0


local function check(ok, text)
  if not ok then
    failures = failures + 1
    print("  WRONG: " .. text)
  end
end


local function open(name, cpu, labels)
  local session = assert(cprof.start { cpu = cpu, labels = labels })
  return {
    name = name, session = session, depth_max = cpu.depth_max or 128,
    labels = labels, before_ns = burn.rusage(),
  }
end


local function check_labels(window, stack)
  for key, value in pairs(window.labels) do
    check(stack.labels[key] == value, window.name .. " lacks label " .. key)
  end
  for key in pairs(stack.labels) do
    check(window.labels[key] or key == "vmstate",
      window.name .. " has label " .. key)
  end
end


local function check_stacks(window, profile)
  for _, stack in ipairs(profile:stacks()) do
    local depth = #stack.frames
    if stack.frames[depth].name == "[truncated]" then
      depth = depth - 1
    end
    check(depth <= window.depth_max, window.name .. " is too deep")
    check_labels(window, stack)
  end
end


-- Ends a session; returns its parts.
local function close(window)
  local used_ns = burn.rusage() - window.before_ns
  local profile = assert(window.session:stop()).cpu
  local parts, sum_ns = workload.parts(profile)
  failures = failures + verdict.judge_sum("  " .. window.name, sum_ns, used_ns)
  check_stacks(window, profile)
  return parts
end


print(driver.vm)
local program = driver.program { style = "loop" }
local slow = open("slow", { hz = 200 }, {})
driver.run(program, seconds) -- alone, at its own rate
local flat = open("flat", { hz = 100, depth_max = 1 }, { team = "a" })
local fast = open("fast", { hz = 1000 }, { team = "b", tier = "x" })
driver.run(program, seconds)
local fast_parts = close(fast)
local flat_parts = close(flat)
driver.run(program, seconds) -- at the slow one's rate again
close(slow)
for _, truth in pairs(workload.groups(program)) do
  for part in pairs(truth) do
    local one, other = fast_parts[part] or 0, flat_parts[part] or 0
    check(math.abs(one - other) < SAME, ("two shares of %s: %.2f %%, %.2f %%")
      :format(part, one * 100, other * 100))
  end
end
driver.finish(failures)
