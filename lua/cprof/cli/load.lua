-- Reads the profile that a command is about.

local term = require "cprof.cli.term"

local M = {}


--- Reads a profile file.
---@param host table with `open`, as cprof.open, and what cli.term needs
---@param path string "-" is standard input
---@return userdata|nil profile
---@return string? message which names the file
function M.profile(host, path)
  local name = path == "-" and "standard input" or path
  local profile, message = term.busy(host, "reading " .. name, host.open, path)
  if profile then
    return profile
  end
  message = path == "-" and message:gsub("^%-: ", "") or message
  if message:find(name, 1, true) or path == "" then
    return nil, message
  end
  return nil, name .. ": " .. message
end


return M
