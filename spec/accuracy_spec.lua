-- How true a profile is: programs whose shares are known, in a process of
-- their own. `make accuracy` runs the same for longer and to a third of the
-- bounds; the programs and the tables they print are in spec/accuracy.
local support = require "spec.support"

local MODE = os.getenv("TEST_MODE") or ""
local INCONCLUSIVE = 77 -- exit code of a driver


local function run(command, seconds)
  return support.shell("lua spec/accuracy/" .. command:format(seconds))
end


-- A driver's table is the message when it fails.
local function assert_passed(command, code, out, err)
  if code == INCONCLUSIVE then
    pending("others use the processor: too few samples to tell")
  end
  assert(code == 0, ("%s: exit %d\n%s%s"):format(command, code, out, err))
end


local function passes(command, seconds)
  assert_passed(command, run(command, seconds))
end


-- The tables have some sixty shares; in a hundred runs one of them is beyond
-- four sigmas by chance. So twice the time, where bounds are narrower, has to
-- find a fault, too.
local function passes_shares(command, seconds)
  local code, out, err = run(command, seconds)
  if code == 1 then
    code, out, err = run(command, 2 * seconds)
  end
  assert_passed(command, code, out, err)
end


describe("accuracy", function()
  if MODE ~= "" then
    pending("time under " .. MODE .. " is not the program's")
    return
  end

  it("shows every part of a known program", function()
    passes_shares(jit and "known.lua loop %d 3" or "known.lua straight %d 3",
      9)
  end)

  if jit then
    it("shows every part of a known program, interpreted", function()
      passes_shares("known.lua straight %d 3 l interpret", 9)
    end)
  end

  for _, hz in ipairs({ 100, 1000, 10000 }) do
    it("sums up to what the kernel says at " .. hz .. " Hz", function()
      passes("total.lua " .. hz .. " %d", 2)
    end)
  end

  it("moves a share as far as the work that was added", function()
    passes_shares("causality.lua loop %d 4", 3)
  end)

  it("gives each of several sessions its own sum", function()
    passes("sessions.lua %d", 1)
  end)
end)
