-- A running session as Lua code sees it: wraps the core's session, names the
-- functions of what it gives, and puts the profiles into a set by kind.

local names = require "cprof.names"

local M = {}

local session_methods = {}

local session_mt = {
  __name = "cprof.session",
  __index = session_methods,
}


--- Wraps a session of the core.
---@param cpu userdata the core's session: snapshot, stop, running
---@param context? table what names are read with, as `names.CONTEXT`
---@return table session
function M.new(cpu, context)
  return setmetatable({ cpu = cpu, context = context }, session_mt)
end


-- The set of one profile, or the core's `nil, message, code`.
local function named_set(self, profile, message, code)
  if not profile then
    return nil, message, code
  end
  local ok, why, kind = names.apply(profile, self.context)
  if not ok then
    return nil, why, kind
  end
  return { cpu = profile }
end


--- What was gathered until now; the session goes on.
---@return table|nil set {cpu = profile}
---@return string? message
---@return string? code "state" after `stop`, "memory"
function session_methods:snapshot()
  return named_set(self, self.cpu:snapshot())
end


--- Ends the session.
---@return table|nil set {cpu = profile}
---@return string? message
---@return string? code "state" when stopped before, "memory"
function session_methods:stop()
  return named_set(self, self.cpu:stop())
end


--- Whether the session still gathers samples.
---@return boolean
function session_methods:running()
  return self.cpu:running()
end


return M
