-- Runs a function once when the process ends: at os.exit, or when the VM
-- closes (the script's end, or an error that nobody caught). Not at a signal,
-- nor where C ends the process. Used by cprof.auto and `cprof run`.

local core = require "cprof.core"

local M = {}


-- Something whose finalizer runs when the VM closes. In the registry, so that
-- no script can let go of it earlier.
local function new_sentinel(finalize)
  local newproxy = rawget(_G, "newproxy")
  if newproxy then
    local sentinel = newproxy(true)
    getmetatable(sentinel).__gc = finalize
    return sentinel
  end
  return setmetatable({}, { __gc = finalize })
end


-- Calls once, and only in the process that asked: not in its forks.
local function once(call, host)
  local pid, pending = host.pid(), true
  return function()
    if pending and host.pid() == pid then
      pending = false
      local ok, message = pcall(call)
      if not ok then
        host.stderr:write("cprof: ", tostring(message), "\n")
      end
    end
  end
end


--- Registers a function to be called when the process ends.
---@param call fun() whatever it raises is printed
---@param host? table {pid = fun(): integer, os = table, stderr = file}
function M.register(call, host)
  host = host or { pid = core.pid, os = os, stderr = io.stderr }
  local finish = once(call, host)
  local exit = host.os.exit
  host.os.exit = function(...)
    finish()
    return exit(...)
  end
  local registry = debug.getregistry()
  registry[finish] = new_sentinel(finish)
end


return M
