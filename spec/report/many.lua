-- A profile of many functions that call each other at random, the same at every
-- call: for specs of what a report costs. Not a spec. Findings of speed were
-- measured with many.new(200000, 20000).

local made = require "spec.made"

local M = {}

local DEPTH = 8


-- The minimal standard generator, the same on every VM.
local function new_random()
  local seed = 7
  return function(n)
    seed = seed * 16807 % 2147483647
    return seed % n + 1
  end
end


--- Makes it.
---@param samples integer each of one signal, 10 ms
---@param functions integer "func1" and so on
---@return userdata profile
function M.new(samples, functions)
  local random, given = new_random(), {}
  for i = 1, samples do
    local stack = {}
    for depth = 1, DEPTH do
      local number = random(functions)
      stack[depth] = ("func%d@f%d.lua:1"):format(number, number % 100)
    end
    given[i] = { table.concat(stack, ";"), { 1, 10e6 } }
  end
  return made.profile(given)
end


return M
