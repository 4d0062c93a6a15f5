-- The known program under a session: every part's share against the truth.
-- Run: lua5.4 spec/accuracy/known.lua STYLE SECONDS POINTS [MODE] [interpret]
-- Expect: a table, and exit 0 when every share is right; 77 when the kernel
-- gave too few samples to tell

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local driver = require "driver"
local verdict = require "verdict"
local workload = require "workload"

local STOPPED_MAX = 0.01

local style, seconds, points = arg[1], tonumber(arg[2]), tonumber(arg[3])
local mode = arg[4] or "l"
if arg[5] == "interpret" then
  jit.off()
end
-- In mode f LuaJIT does not know lines; PUC always does.
local has_lines = not jit or mode == "l"


local function sorted(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end


-- A group's share of the whole is what the profile says, for its unit has no
-- truth in another's; within the group each part has one.
local function add_group_rows(rows, truth, seen, n)
  local group = 0
  for part in pairs(truth) do
    group = group + (seen[part] or 0)
  end
  for _, part in ipairs(sorted(truth)) do
    local sigma = verdict.sigma(truth[part], n * group) * group
    rows[#rows + 1] = {
      name = part, truth = truth[part] * group, seen = seen[part] or 0,
      bound = verdict.SIGMAS * sigma, points = points,
    }
  end
end


local function add_clock_rows(rows, truth, seen, n)
  for _, part in ipairs(sorted(truth)) do
    rows[#rows + 1] = {
      name = part, truth = truth[part], seen = seen[part] or 0,
      bound = verdict.SIGMAS * verdict.sigma(truth[part], n), points = points,
    }
  end
end


-- No truth but 0, so a bound of its own.
local function add_stopped_row(rows, seen)
  rows[#rows + 1] = {
    name = workload.STOPPED, truth = 0, seen = seen[workload.STOPPED] or 0,
    bound = STOPPED_MAX,
  }
end


-- Without lines, all lines are one part.
local function join_lines(map)
  local joined = {}
  for part, share in pairs(map) do
    local name = part:match("^(lines), line") or part
    joined[name] = (joined[name] or 0) + share
  end
  return joined
end


-- The stacks of the coroutine that wrap resumes inside another.
local function count_orphans(profile)
  local orphans, all = 0, 0
  for _, stack in ipairs(profile:stacks()) do
    if stack.frames[1].name == "inner" then
      all = all + 1
      orphans = orphans + (workload.has_parents(stack) and 0 or 1)
    end
  end
  return orphans, all
end


local function title(seen)
  return ("%s, %s, mode %s%s: n_eff %.0f of %.0f ms"):format(driver.vm, style,
    mode, arg[5] and ", interpreted" or "", seen.n, seen.cpu_ns / 1e6)
end


-- All rows: of the groups in the order of their names, then by the clock.
local function rows_of(program, seen)
  local rows, parts = {}, seen.parts
  local groups = workload.groups(program)
  if not has_lines then
    parts, groups.lua = join_lines(parts), join_lines(groups.lua)
  end
  for _, group in ipairs(sorted(groups)) do
    add_group_rows(rows, groups[group], parts, seen.n)
  end
  add_clock_rows(rows, workload.clocked(program, seen.cpu_ns), parts, seen.n)
  add_stopped_row(rows, parts)
  return rows
end


local function check_parents(profile)
  local orphans, all = count_orphans(profile)
  print(("  stacks of inner without its resumers: %d of %d"):format(orphans,
    all))
  return all > 0 and orphans == 0 and 0 or 1
end


local program = driver.program { style = style, hooks = not jit }
local seen = driver.measure(program, seconds, { hz = 1000, mode = mode })
local failures, coarse = verdict.judge(title(seen), rows_of(program, seen))
if not jit then
  failures = failures + check_parents(seen.profile)
end
driver.finish(failures, coarse, seen)
