-- A program with a known profile: every function does the same work per call
-- (OPS operations, in a straight line or in a loop) and counts its calls, so
-- its share of the whole is its share of the calls. Used by accuracy_spec and
-- by `make accuracy`.

local OPS = 400 -- against which the cost of a call is under half a percent

local M = {}

-- The work, as text: one statement a line would make lines tell too.
local function work(style)
  local statement = "x = (x * 3 + 1) % 7919 "
  if style == "loop" then
    return ("for _ = 1, %d do %s end"):format(OPS, statement)
  end
  return statement:rep(OPS)
end

-- `count.NAME` counts the calls of NAME. Everything is reached from round(),
-- which main() calls until it is told to stop.
local TEMPLATE = [[
local count, burn, more = ...

local function leaf(x)
  count.leaf = count.leaf + 1
  WORK
  return x
end

local function caller(x)
  count.caller = count.caller + 1
  WORK
  local y = leaf(x)
  return y
end

local function sink(x)
  return x
end

local function worker(x)
  count.worker = count.worker + 1
  WORK
  return sink(x)
end

local function raiser(x)
  count.raiser = count.raiser + 1
  WORK
  error("on purpose", x)
end

local function indexer(_, x)
  count.indexer = count.indexer + 1
  WORK
  return x
end

local function replacer(text)
  local x = #text
  count.replacer = count.replacer + 1
  WORK
end

local function comparer(a, b)
  local x = a
  count.comparer = count.comparer + 1
  WORK
  return a < b
end

local function recurser(x, depth)
  count.recurser = count.recurser + 1
  WORK
  if depth > 1 then
    x = recurser(x, depth - 1) + 1
  end
  return x
end

local function body(x)
  count.body = count.body + 1
  WORK
  coroutine.yield(x)
  count.body = count.body + 1
  WORK
end

local function inner(x)
  count.inner = count.inner + 1
  WORK
  coroutine.yield(x)
end

local function outer(x)
  local wrapped = coroutine.wrap(inner)
  wrapped(x)
end

local object = setmetatable({}, { __index = indexer })

local function round()
  local x = caller(1) + worker(2) + object[3] + recurser(4, 3)
  pcall(raiser, x)
  string.gsub("ab", ".", replacer)
  table.sort({ 3, 1, 2 }, comparer)
  local thread = coroutine.create(body)
  coroutine.resume(thread, x)
  coroutine.resume(thread)
  coroutine.resume(coroutine.create(outer), x)
  burn.a(100)
  burn.b(300)
  pcall(burn.raise, 200)
end

while more() do
  round()
end
]]

local NAMES = { "leaf", "caller", "worker", "raiser", "indexer", "replacer",
  "comparer", "recurser", "body", "inner" }


--- Writes the program to a file (names come from the source) and loads it.
---@param style string "straight" or "loop"
---@param path string where to write it
---@param burn table the C functions a, b, raise
---@return function run run(more): rounds while more() is true
---@return table count calls per function name
function M.make(style, path, burn)
  local file = assert(io.open(path, "w"))
  file:write((TEMPLATE:gsub("WORK", (work(style):gsub("%%", "%%%%")))))
  file:close()
  local count = {}
  for _, name in ipairs(NAMES) do
    count[name] = 0
  end
  local chunk = assert(loadfile(path))
  return function(more)
    chunk(count, burn, more)
  end, count
end


-- The Lua functions and the C functions are two groups: within each, work is
-- counted in the same unit.
local C_TRUTH = { ["burn.a"] = 100, ["burn.b"] = 300, ["burn.raise"] = 200 }


--- The true shares: group -> name -> share of the group.
---@param count table calls per function name
---@return table groups
function M.truth(count)
  local lua, calls, c = {}, 0, {}
  for _, name in ipairs(NAMES) do
    calls = calls + count[name]
  end
  for _, name in ipairs(NAMES) do
    lua[name] = count[name] / calls
  end
  for name, units in pairs(C_TRUTH) do
    c[name] = units / 600
  end
  return { lua = lua, c = c }
end


-- A tail call has replaced its frame, and nothing else calls `sink`: what
-- [tail call] stands for is the worker.
local ALIAS = { ["[tail call]"] = "worker" }


--- The shares a profile shows for the same groups.
---@param stacks table what profile:stacks() gives
---@param truth table what M.truth gives
---@return table shares group -> name -> share
---@return table signals group -> number of samples in it
---@return number other share of all that is in no group
function M.shares(stacks, truth)
  local sums, totals, signals = {}, {}, {}
  local all, other = 0, 0
  for group, names in pairs(truth) do
    sums[group], totals[group], signals[group] = {}, 0, 0
    for name in pairs(names) do
      sums[group][name] = 0
    end
  end
  for _, stack in ipairs(stacks) do
    local leaf = stack.frames[1].name
    leaf = ALIAS[leaf] or leaf
    local weight, hits = stack.values[2], stack.values[1]
    all = all + weight
    local found = false
    for group, names in pairs(truth) do
      if names[leaf] then
        sums[group][leaf] = sums[group][leaf] + weight
        totals[group] = totals[group] + weight
        signals[group] = signals[group] + hits
        found = true
      end
    end
    other = other + (found and 0 or weight)
  end
  for group, names in pairs(sums) do
    for name, sum in pairs(names) do
      names[name] = sum / totals[group]
    end
  end
  return sums, signals, other / all
end


return M
