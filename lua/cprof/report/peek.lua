-- The table of `go tool pprof -peek`: the functions that an expression
-- matches, with all their callers and callees.

local regex = require "cprof.regex"
local nodes = require "cprof.report.nodes"
local tree = require "cprof.report.tree"

local M = {
  name = "peek",
  summary = "show the callers and callees of functions",
  OPTIONS = {
    {
      name = "pattern", type = "pattern", positional = true,
      required = "string or function",
      argname = "PATTERN",
      message = "which functions: a regular expression, or a function of "
        .. "their names",
    },
    nodes.SORT,
  },
}


-- The rows whose names match.
local function pick(rows, matches)
  local picked = {}
  for _, row in ipairs(rows) do
    if matches(row.label) then
      picked[#picked + 1] = row
    end
  end
  return picked
end


--- The functions that match.
---@param view table as `view.new` gives it
---@param asked table {pattern = string|function, sort}
---@return table|nil data as of tree; `rows` are all, `shown` those that match
---@return string? message
---@return string? code "range": the expression is wrong, or nothing matches;
---  "limit": it is too costly; "state": the library for it is missing
function M.data(view, asked)
  local matches, wrong, why = regex.compile(asked.pattern)
  if not matches then
    return nil, wrong, why
  end
  local data, message, code = tree.collect(view, { sort = asked.sort })
  if not data then
    return nil, message, code
  end
  data.shown, message, code = regex.catch(pick, data.rows, matches)
  if not data.shown then
    return nil, message, code
  elseif #data.shown == 0 then
    return nil, "no function matches " .. tostring(asked.pattern), "range"
  end
  return data
end


--- The report as a text.
M.text = tree.text


return M
