-- A method that was called with a dot has lost its object: that is told at
-- the caller's line, and how the call is written.

local M = {}

local LEVEL = 3 -- of error: this function, the method, its caller


--- Raises unless the method got an object of its class.
---@param is_one boolean
---@param class string as it is written, "session"
---@param method string "stop"
function M.check(is_one, class, method)
  if not is_one then
    error(("%s.%s: call it with a colon: %s:%s()"):format(class, method,
      class, method), LEVEL)
  end
end


return M
