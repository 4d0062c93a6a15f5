-- A running session as Lua code sees it: wraps the core's session, names the
-- functions of what it gives, and puts the profiles into a set by kind.

local receiver = require "cprof.receiver"

local M = {}

local session_methods = {}

local session_mt = {
  __name = "cprof.session",
  __index = session_methods,
  __tostring = function(self)
    return "cprof.session: " .. (self.cpu:running() and "running" or "stopped")
  end,
}


--- Wraps a session of the core.
---@param cpu userdata the core's session: snapshot, stop, running
---@param namer table names the functions of profiles, see cprof.names
---@return table session
function M.new(cpu, namer)
  return setmetatable({ cpu = cpu, namer = namer }, session_mt)
end


local function is_session(value)
  return getmetatable(value) == session_mt
end


-- The set of one profile, or `nil, message, code`: the core's, or "memory"
-- when there is none for the names.
local function named_set(self, profile, message, code)
  if not profile then
    return nil, message, code
  end
  local ok, why, kind = self.namer:apply(profile)
  local folder = self.namer.context and self.namer.context.folder
  if ok and folder then -- where relative names of files begin
    ok, why, kind = profile:add_comment("cprof.cwd=" .. folder)
  end
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
  receiver.check(is_session(self), "session", "snapshot")
  return named_set(self, self.cpu:snapshot())
end


--- Ends the session.
---@return table|nil set {cpu = profile}
---@return string? message
---@return string? code "state" when stopped before, "memory"
function session_methods:stop()
  receiver.check(is_session(self), "session", "stop")
  return named_set(self, self.cpu:stop())
end


--- Whether the session still gathers samples.
---@return boolean
function session_methods:running()
  receiver.check(is_session(self), "session", "running")
  return self.cpu:running()
end


return M
