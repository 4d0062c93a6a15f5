-- Truth against profile, printed and judged. Shares are rows of a table: a
-- difference within four standard deviations, and these within so many points
-- that the verdict says something. A sum is right within 2 %.

local M = {}

M.SIGMAS = 4

local SUM_WITHIN = 0.02


--- The standard deviation of a share p that n equal samples give.
---@param p number
---@param n number
---@return number
function M.sigma(p, n)
  return math.sqrt(p * (1 - p) / n)
end


local function verdict_of(row)
  if math.abs(row.seen - row.truth) > row.bound then
    return "WRONG"
  end
  return row.points and row.bound * 100 > row.points and "COARSE" or "ok"
end


--- Prints and judges. What is too coarse to say anything is no failure.
---@param title string
---@param rows table[] {name, truth, seen, bound: parts of 1; points: what the
---  bound may be at most, in points}
---@return integer failures
---@return integer coarse
function M.judge(title, rows)
  local count = { WRONG = 0, COARSE = 0, ok = 0 }
  print(title)
  print(("  %-32s %8s %8s %8s %8s"):format("part", "truth", "profile",
    "differs", "bound"))
  for _, row in ipairs(rows) do
    local verdict = verdict_of(row)
    count[verdict] = count[verdict] + 1
    print(("  %-32s %7.2f%% %7.2f%% %+8.2f %8.2f %s"):format(row.name,
      row.truth * 100, row.seen * 100, (row.seen - row.truth) * 100,
      row.bound * 100, verdict))
  end
  return count.WRONG, count.COARSE
end


--- Prints and judges the sum of a profile against what the kernel says.
---@param name string
---@param sum_ns number
---@param used_ns number by getrusage
---@return integer failures
function M.judge_sum(name, sum_ns, used_ns)
  local off = sum_ns / used_ns - 1
  local is_right = math.abs(off) <= SUM_WITHIN
  print(("%-10s profile %6.0f ms, getrusage %6.0f ms, %+.2f %% %s"):format(
    name, sum_ns / 1e6, used_ns / 1e6, off * 100, is_right and "ok" or "WRONG"))
  return is_right and 0 or 1
end


return M
