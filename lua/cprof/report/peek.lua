-- The table of `go tool pprof -peek`: the functions that an expression
-- matches, with all their callers and callees.

local regex = require "cprof.regex"
local nodes = require "cprof.report.nodes"
local tree = require "cprof.report.tree"
local view_of = require "cprof.report.view"

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
local function pick(rows, matches, name_of)
  local picked = {}
  for _, row in ipairs(rows) do
    if matches(name_of(row)) then
      picked[#picked + 1] = row
    end
  end
  return picked
end


-- The matching rows of all, or nil, message, code.
local function find_rows(rows, asked, name_of)
  local matches, message, code = regex.compile(asked.pattern)
  if not matches then
    return nil, message, code
  end
  local picked, wrong, why = regex.catch(pick, rows, matches, name_of)
  if picked and #picked == 0 then
    local shown = type(asked.pattern) == "string"
      and regex.show(asked.pattern) or tostring(asked.pattern)
    return nil, "no function matches " .. shown, "range"
  end
  return picked, wrong, why
end


local function sum_flat(rows)
  local sum = 0
  for _, row in ipairs(rows) do
    sum = sum + row.flat
  end
  return sum
end


--- The functions that match.
---@param view table as `view.new` gives it
---@param asked table {pattern = string|function, sort}
---@return table|nil data as of tree, `rows` those that match; `sum`, the flat
---  values of all functions together, and `output_unit` are of the whole
---@return string? message
---@return string? code "range": the expression is wrong, or nothing matches;
---  "limit": it is too costly; "state": the library for it is missing
function M.data(view, asked)
  local all, message, code = view_of.rows(view)
  if not all then
    return nil, message, code
  end
  local names = nodes.names(all, view.granularity)
  local found, wrong, why = find_rows(all, asked, names.text)
  if not found then
    return nil, wrong, why
  end
  local chosen, of = nodes.choose(found, { sort = asked.sort },
    names.order)
  local rows, failed, cause = tree.surround(view, chosen,
    { choice = "around", names = names })
  if not rows then
    return nil, failed, cause
  end
  return {
    rows = rows, count = of.count, dropped = 0, sum = sum_flat(all),
    total = view.total, type = view.type, unit = view.unit,
    output_unit = view_of.output_unit(view, all),
  }
end


--- The report as a text.
M.text = tree.text


return M
