-- The words of a command line that argparse would take for options.

local M = {}


--- An option and its value in one word: "-n-3", "--hz=-1".
---@param option string
---@param value string
---@return string
function M.tie(option, value)
  return option .. (option:match("^%-%-") and "=" or "") .. value
end


--- Ties every number below zero to the option before it.
---@param argv string[]
---@return string[]
function M.tie_numbers(argv)
  local out = {}
  for _, word in ipairs(argv) do
    local option = out[#out] or ""
    if word:match("^%-%d") and option:match("^%-%-?%a") then
      out[#out] = M.tie(option, word)
    else
      out[#out + 1] = word
    end
  end
  return out
end


return M
