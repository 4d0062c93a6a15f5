-- The words of a command line: those that argparse would take for options, and
-- those that the shell would read.

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


--- A word as the shell takes it literally.
---@param word string
---@return string
function M.quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end


return M
