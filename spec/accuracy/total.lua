-- The sum of a profile against what the kernel says the thread used, at one
-- rate. Run: lua5.4 spec/accuracy/total.lua HZ SECONDS
-- Expect: a line, and exit 0 when the two are within 2 %

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local driver = require "driver"
local verdict = require "verdict"

local hz, seconds = tonumber(arg[1]), tonumber(arg[2])

local program = driver.program { style = "loop", hooks = not jit }
local seen = driver.measure(program, seconds, { hz = hz })
driver.finish(verdict.judge_sum(("%s, %5d Hz"):format(driver.vm, hz),
  seen.sum_ns, seen.used_ns))
