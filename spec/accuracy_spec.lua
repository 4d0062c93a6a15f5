-- How true a profile is: programs whose shares are known, in a process of
-- their own. `make accuracy` runs the same for longer and to a third of the
-- bounds; the programs and the tables they print are in spec/accuracy.
local support = require "spec.support"

local MODE = os.getenv("TEST_MODE") or ""


-- A driver's table is the message when it fails.
local function passes(command)
  local code, out, err = support.shell("lua spec/accuracy/" .. command)
  assert(code == 0, ("%s: exit %d\n%s%s"):format(command, code, out, err))
end


describe("accuracy", function()
  if MODE ~= "" then
    pending("time under " .. MODE .. " is not the program's")
    return
  end

  it("shows every part of a known program", function()
    passes(jit and "known.lua loop 9 3" or "known.lua straight 9 3")
  end)

  if jit then
    it("shows every part of a known program, interpreted", function()
      passes("known.lua straight 9 3 l interpret")
    end)
  end

  for _, hz in ipairs({ 100, 1000, 10000 }) do
    it("sums up to what the kernel says at " .. hz .. " Hz", function()
      passes(("total.lua %d 2"):format(hz))
    end)
  end

  it("moves a share as far as the work that was added", function()
    passes("causality.lua loop 3 4")
  end)

  it("gives each of several sessions its own sum", function()
    passes("sessions.lua 1")
  end)
end)
