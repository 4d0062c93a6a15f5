-- Shows that sessions do not exclude each other: one watches the whole
-- program, another, started by somebody else, only its second half.
--
-- Run: lua examples/two_sessions.lua
-- Expect: whole program: first yes, second yes
-- Expect: second half: first no, second yes

local cprof = require "cprof"


local function spin(seconds)
  local stop, x = os.clock() + seconds, 0
  while os.clock() < stop do
    for i = 1, 20000 do
      x = (x * 31 + i) % 65521
    end
  end
  return x
end


local function first()
  local x = spin(0.3)
  return x
end


local function second()
  local x = spin(0.3)
  return x
end


-- "yes" when the function occurs in the profile.
local function occurs(profile, name)
  for _, row in ipairs(assert(profile:rows())) do
    if row.name == name then
      return "yes"
    end
  end
  return "no"
end


local whole = assert(cprof.start({ cpu = true, labels = { for_ = "me" } }))
first()
local half = assert(cprof.start({ cpu = { hz = 200 } }))
second()

for _, item in ipairs({ { "whole program", whole }, { "second half", half } })
do
  local profile = assert(item[2]:stop()).cpu
  print(("%s: first %s, second %s"):format(item[1],
    occurs(profile, "first"), occurs(profile, "second")))
end
