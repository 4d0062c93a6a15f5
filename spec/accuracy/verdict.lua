-- Rows of truth against profile, printed as a table and judged: a difference
-- within four standard deviations, and these within so many points that the
-- verdict says something.

local M = {}

M.SIGMAS = 4


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


--- Prints and judges.
---@param title string
---@param rows table[] {name, truth, seen, bound: parts of 1; points: what the
---  bound may be at most, in points}
---@return integer failures
function M.judge(title, rows)
  local failures = 0
  print(title)
  print(("  %-32s %8s %8s %8s %8s"):format("part", "truth", "profile",
    "differs", "bound"))
  for _, row in ipairs(rows) do
    local verdict = verdict_of(row)
    failures = failures + (verdict == "ok" and 0 or 1)
    print(("  %-32s %7.2f%% %7.2f%% %+8.2f %8.2f %s"):format(row.name,
      row.truth * 100, row.seen * 100, (row.seen - row.truth) * 100,
      row.bound * 100, verdict))
  end
  return failures
end


return M
