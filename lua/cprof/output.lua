-- The file that a profile goes to when the process ends. It is told as it was
-- given and lies where that was at the start, whatever folder the program is
-- in by then. Used by cprof.auto and `cprof run`.

local path = require "cprof.path"

local M = {}

local output_methods = {}

local output_mt = {
  __name = "cprof.output",
  __index = output_methods,
}


--- Fixes a path.
---@param name string as it was given
---@param folder? string the folder of the start; nil: not known
---@return table output {name = as given}
function M.new(name, folder)
  return setmetatable({ name = name, place = path.absolute(name, folder) },
    output_mt)
end


--- Writes the profile.
---@param profile userdata
---@return boolean|nil ok
---@return string? message "cannot write NAME: reason"
function output_methods:write(profile)
  local ok, message = profile:write(self.place)
  if ok then
    return true
  elseif message:sub(1, #self.place) == self.place then
    message = self.name .. message:sub(#self.place + 1)
  end
  return nil, "cannot write " .. message
end


return M
