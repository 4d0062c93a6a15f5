-- Folded stacks, one a line ("root;…;leaf value"), as flamegraph.pl and
-- speedscope read them. The core sums them; here they get a stable order.

local M = {
  name = "folded",
  summary = "print folded stacks for flame graph tools",
  WITHOUT = { unit = true }, -- see cprof.profile
  OPTIONS = {},
}


--- The lines, sorted bytewise, so that two runs can be compared with `diff`.
---@param view table as `view.new` gives it
---@return table|nil data {lines = string[] without line ends}
---@return string? message
---@return string? code
function M.data(view)
  local text, message, code = view.profile:fold(view.index, view.granularity)
  if not text then
    return nil, message, code
  end
  local lines = {}
  for line in text:gmatch("[^\n]+") do
    lines[#lines + 1] = line
  end
  table.sort(lines)
  return { lines = lines }
end


--- The report as a text.
---@param data table as `data` gives it
---@return string lines, each with its line end
function M.text(data)
  return #data.lines == 0 and "" or table.concat(data.lines, "\n") .. "\n"
end


return M
