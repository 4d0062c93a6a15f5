-- How long the text of a report of stacks may be: a few long names in many
-- stacks make a small profile into more than any memory holds. What a report
-- appends is taken off before it is made. The numbers are those of
-- csrc/folded.c. Pure.

local M = {}

local FREE = 64 * 2 ^ 20
local PER_FRAME = 256


-- Whether a stack is one of its own: others of the same frames and without
-- labels are not.
local function is_new(stack, known)
  local is_known = known[stack.frames]
  known[stack.frames] = true
  return not is_known or next(stack.labels or {}) ~= nil
end


--- The bytes that a text of these stacks may have.
---@param stacks table[] {frames = {…}, labels = {} | nil}; equal stacks may
---  share their `frames`, and count once if they have no labels
---@param is_all? boolean all stacks count
---@return number
function M.of(stacks, is_all)
  local known, count = {}, 0
  for _, stack in ipairs(stacks) do
    if is_all or is_new(stack, known) then
      count = count + #stack.frames
    end
  end
  return FREE + count * PER_FRAME
end


--- The answer of a report whose text would be too long.
---@param bytes number as `of` gave them
---@param has_n? boolean whether the report has the option n
---@return nil
---@return string message
---@return string code "limit"
function M.fail(bytes, has_n)
  return nil, ("the text would be larger than %.0f MiB; choose stacks by"
    .. " filters%s"):format(bytes / 2 ^ 20, has_n and " or n" or ""), "limit"
end


return M
