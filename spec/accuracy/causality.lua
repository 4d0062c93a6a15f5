-- Twice the same program, but that one function does TIMES the work the second
-- time: its share must move as far as that predicts from the first profile.
-- Run: lua5.4 spec/accuracy/causality.lua STYLE SECONDS TIMES
-- Expect: a table of one row, and exit 0 when it is right

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local driver = require "driver"
local verdict = require "verdict"

local BASE = 4 -- times the usual work, so that the first share is well known

local style, seconds, times = arg[1], tonumber(arg[2]), tonumber(arg[3])


-- The share of `leaf`, and n_eff.
local function measure(leaf_work)
  local program = driver.program { style = style, leaf = leaf_work }
  local seen = driver.measure(program, seconds, { hz = 1000 })
  return seen.parts.leaf, seen.n
end


local share, n = measure(BASE)
local seen, seen_n = measure(BASE * times)
-- Of 1 + (times - 1) * share, times * share is the function's: and that much
-- the uncertainty of the first share is one of the prediction.
local whole = 1 + (times - 1) * share
local predicted = times * share / whole
local from_first = times / (whole * whole) * verdict.sigma(share, n)
local of_second = verdict.sigma(predicted, seen_n)
driver.finish(verdict.judge(("%s, %s: %g times the work in `leaf`, whose "
  .. "share was %.2f %%"):format(driver.vm, style, times, share * 100), { {
    name = "leaf", truth = predicted, seen = seen,
    bound = verdict.SIGMAS * math.sqrt(from_first ^ 2 + of_second ^ 2),
  } }))
