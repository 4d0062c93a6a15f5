-- Folded stacks, one a line ("root;…;leaf value"), as flamegraph.pl and
-- speedscope read them. The core sums them; here they get a stable order.

local M = {}


--- Sorts the lines, so that two runs can be compared with `diff`.
---@param text string lines as the core gives them
---@return string lines, sorted bytewise, each with its line end
function M.sort(text)
  local lines = {}
  for line in text:gmatch("[^\n]+") do
    lines[#lines + 1] = line .. "\n"
  end
  table.sort(lines)
  return table.concat(lines)
end


return M
