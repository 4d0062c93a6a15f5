-- `cprof filter --focus … -o OUT FILE…`: the part of a profile that is asked
-- for, as a profile.

local convert = require "cprof.cli.convert"
local load = require "cprof.cli.load"

local M = {
  name = "filter",
  summary = "keep a part of a profile",
  examples = "Examples:\n"
    .. "  cprof filter --focus parse -o parse.pb.gz cpu.pb.gz\n"
    .. "  cprof filter --tagfocus route=/slow -o slow.pb.gz cpu.pb.gz\n"
    .. "  cprof filter --hide '^string[.]' cpu.pb.gz | cprof top -",
}


--- Declares arguments and options.
---@param command table argparse's command
function M.declare(command)
  load.declare_files(command)
  convert.declare_common(command)
end


--- Writes the filtered profile.
---@param asked table what argparse read
---@param host table
---@return boolean|nil ok
---@return string? message
---@return string? code
function M.execute(asked, host)
  local profile, message, code = convert.load(asked, host)
  if not profile then
    return nil, message, code
  end
  return convert.write(host, asked, profile)
end


return M
