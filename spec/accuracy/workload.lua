-- A program whose profile is known beforehand. Its functions do work in one
-- unit, a statement, and count it, so that the share of each is its share of
-- the statements; C functions are a group of their own, code under a count
-- hook another, for there a unit costs something else. What the collector
-- does is known by the clock. Used by the drivers of this folder.

local OPS = 400 -- statements a call: next to them the call is half a percent
local UNIT = 80 -- statements of the line with one copy
local LINES = 5 -- lines with 1, 2, … copies

local M = {}

--- The part that should not be: [gc] while the collector is stopped.
M.STOPPED = "[gc] though stopped"

local STATEMENT = "x = (x * 3 + 1) % 7919 "


-- So many statements as text, in one line.
local function work(style, statements)
  if style == "loop" then
    return ("for _ = 1, %d do %s end"):format(statements, STATEMENT)
  end
  return STATEMENT:rep(statements)
end


-- `count.NAME` counts the calls of NAME, `ns.NAME` sums times. WORK is OPS
-- statements, WORK_n is n times that (WORK_LEAF as often as asked), LINES the
-- lines with copies.
local PROGRAM = [[
local count, ns, burn, clock, more = ...

local function leaf(x)
  count.leaf = count.leaf + 1
  WORK_LEAF
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

local function lines(x)
  count.lines = count.lines + 1
LINES
  return x
end

local object = setmetatable({}, { __index = indexer })

local function round()
  local x = caller(1) + worker(2) + object[3] + recurser(4, 3) + lines(5)
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

-- ---- under a count hook ---------------------------------------------------

local function hook()
  local x = 1
  count.hook = count.hook + 1
  WORK_20
end

local function hooked_one(x)
  count.hooked_one = count.hooked_one + 1
  WORK
  return x
end

local function hooked_three(x)
  count.hooked_three = count.hooked_three + 1
  WORK_3
  return x
end

local function hooked()
  debug.sethook(hook, "", 100000)
  for i = 1, 50 do
    hooked_one(i)
    hooked_three(i)
  end
  debug.sethook()
end

-- ---- the collector --------------------------------------------------------

local live = {}
for i = 1, 5000 do
  live[i] = { i }
end

local function churn()
  local last
  for i = 1, 1000 do
    last = { i }
  end
  return last
end

-- The collector runs by itself.
local function churn_alone()
  local start = clock()
  collectgarbage("restart")
  for _ = 1, 50 do
    churn()
  end
  collectgarbage("stop")
  ns.alone = ns.alone + clock() - start
end

-- The same, but the collector runs in calls that can be timed: it rests until
-- memory has doubled, then works off what was allocated.
local rest_until = 0

local function step(size)
  if collectgarbage("count") < rest_until then
    return
  elseif collectgarbage("step", math.floor(size)) then
    rest_until = 2 * collectgarbage("count")
  end
  collectgarbage("stop")
end

local function churn_stepped()
  local start = clock()
  rest_until = 0
  for _ = 1, 50 do
    local size = collectgarbage("count")
    churn()
    local from = clock()
    step(collectgarbage("count") - size)
    ns.step, count.steps = ns.step + clock() - from, count.steps + 1
  end
  ns.stepped = ns.stepped + clock() - start
end

local function tidy()
  local start = clock()
  collectgarbage()
  ns.tidy = ns.tidy + clock() - start
  collectgarbage("stop")
end

collectgarbage("stop")
while more() do
  for _ = 1, 200 do
    round()
    more()
  end
  if count.hooks then
    hooked()
  end
  tidy()
  more()
  churn_alone()
  tidy()
  more()
  churn_stepped()
  tidy()
end
collectgarbage("restart")
]]

-- Statements a call of each function, in units of OPS.
local LUA_WORK = {
  leaf = 1, caller = 1, worker = 1, raiser = 1, indexer = 1, replacer = 1,
  comparer = 1, recurser = 1, body = 1, inner = 1,
}
local HOOK_WORK = { hook = 20, hooked_one = 1, hooked_three = 3 }
local C_WORK = { ["burn.a"] = 100, ["burn.b"] = 300, ["burn.raise"] = 200 }


local function lines_text(style)
  local out = {}
  for i = 1, LINES do
    out[i] = work(style, i * UNIT)
  end
  return table.concat(out, "\n")
end


local function program_text(style, leaf)
  local text = PROGRAM:gsub("WORK_LEAF", "WORK_" .. leaf)
  text = text:gsub("WORK_(%d+)", function(times)
    return work(style, OPS * tonumber(times))
  end)
  return (text:gsub("WORK", function() return work(style, OPS) end)
    :gsub("LINES", function() return lines_text(style) end))
end


-- The number of the first line of LINES.
local function first_line()
  local before = PROGRAM:match("^(.-)LINES")
  return 1 + select(2, before:gsub("\n", ""))
end


local function zeroes(...)
  local out = {}
  for _, names in ipairs({ ... }) do
    for name in pairs(names) do
      out[name] = 0
    end
  end
  return out
end


-- What it costs to ask the clock, ns.
local function cost_of(clock)
  local start = clock()
  for _ = 1, 999 do
    clock()
  end
  return (clock() - start) / 1000
end


--- Writes the program to a file (names come from the source) and loads it.
---@param asked table {style = "straight"|"loop", path = where to write it,
---  burn = C functions a, b, raise, clock = function of ns, hooks = boolean,
---  leaf = how many times the usual work `leaf` does, 1}
---@return table program {run = run(more), count = calls, ns = times}
function M.make(asked)
  local file = assert(io.open(asked.path, "w"))
  file:write(program_text(asked.style, asked.leaf or 1))
  file:close()
  local chunk = assert(loadfile(asked.path))
  local count = zeroes(LUA_WORK, HOOK_WORK)
  count.lines, count.steps, count.hooks = 0, 0, asked.hooks or nil
  local ns = {
    alone = 0, step = 0, stepped = 0, tidy = 0, clock = cost_of(asked.clock),
  }
  return {
    count = count, ns = ns, leaf = asked.leaf or 1,
    run = function(more)
      chunk(count, ns, asked.burn, asked.clock, more)
    end,
  }
end


-- ---- truth ------------------------------------------------------------

local function add_group(groups, name, units)
  local sum = 0
  for _, value in pairs(units) do
    sum = sum + value
  end
  local shares = {}
  for part, value in pairs(units) do
    shares[part] = value / sum
  end
  groups[name] = shares
end


local function units_of(works, count)
  local units = {}
  for name, work_units in pairs(works) do
    units[name] = count[name] * work_units
  end
  return units
end


--- What is known of groups of equal units: group -> part -> share of the
--- group. Lines are parts of the Lua group.
---@param program table
---@return table groups
function M.groups(program)
  local count, groups = program.count, {}
  local lua = units_of(LUA_WORK, count)
  lua.leaf = lua.leaf * program.leaf
  for i = 1, LINES do
    lua["lines, line " .. i] = count.lines * i * UNIT / OPS
  end
  add_group(groups, "lua", lua)
  add_group(groups, "c", C_WORK)
  if count.hooks then
    add_group(groups, "hooked", units_of(HOOK_WORK, count))
  end
  return groups
end


--- What is known by the clock: part -> share of the whole.
---@param program table
---@param total_ns number
---@return table parts
function M.clocked(program, total_ns)
  local ns = program.ns
  local clock_ns = program.count.steps * ns.clock
  -- The clock is asked twice a step, once of that within what is timed.
  local plain_ns = ns.stepped - ns.step - clock_ns
  local parts = {
    ["explicit collections"] = ns.tidy / total_ns,
    ["explicit steps"] = (ns.step - clock_ns) / total_ns,
  }
  -- The twin allocates as much: what it takes longer is the collector. Not on
  -- LuaJIT, whose twin is slower by itself: its heap grows, page by page.
  if not jit then
    parts["[gc] by itself"] = (ns.alone - plain_ns) / total_ns
  end
  return parts
end


-- ---- what a stack counts for ------------------------------------------

-- A tail call has replaced its frame, and nothing else calls `sink`: what
-- [tail call] stands for is the worker.
local ALIAS = { ["[tail call]"] = "worker" }

-- The collector's time under a function; the first that a stack has counts.
local COLLECTOR = {
  { "step", "explicit steps", all = true }, -- the clock takes it whole
  { "tidy", "explicit collections" },
  { "churn_alone", "[gc] by itself" },
  { "churn_stepped", M.STOPPED },
}


local function has(stack, name)
  for _, frame in ipairs(stack.frames) do
    if frame.name == name then
      return true
    end
  end
  return false
end


-- Time of the collector, and under which function.
local function collector_part(stack, leaf)
  local is_collector = leaf == "[gc]" or leaf == "collectgarbage"
  for _, rule in ipairs(COLLECTOR) do
    if (rule.all or is_collector) and has(stack, rule[1]) then
      return rule[2]
    end
  end
end


--- The part that a stack belongs to, as the groups name it.
---@param stack table of profile:stacks()
---@return string part or another function's name
function M.part(stack)
  local leaf = stack.frames[1]
  if leaf.name == "lines" then
    return "lines, line " .. leaf.line - first_line() + 1
  end
  return collector_part(stack, leaf.name) or ALIAS[leaf.name] or leaf.name
end


--- Every part's share of a profile.
---@param profile userdata
---@return table parts part -> share
---@return number total of all weights, ns
function M.parts(profile)
  local sums, total = {}, 0
  for _, stack in ipairs(profile:stacks()) do
    local part, weight = M.part(stack), stack.values[2]
    sums[part] = (sums[part] or 0) + weight
    total = total + weight
  end
  for part, sum in pairs(sums) do
    sums[part] = sum / total
  end
  return sums, total
end


--- Where a stack of `inner` must lead: inner, through wrap into its resumer,
--- and on to the main chunk. PUC only.
---@param stack table
---@return boolean
function M.has_parents(stack)
  return has(stack, "coroutine.wrapped") and has(stack, "outer")
    and has(stack, "coroutine.resume") and has(stack, "round")
end


return M
