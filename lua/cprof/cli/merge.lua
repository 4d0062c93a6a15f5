-- `cprof merge -o OUT FILE…`: several profiles as one.

local convert = require "cprof.cli.convert"
local load = require "cprof.cli.load"
local show = require "cprof.cli.show"
local arguments = require "cprof.cli.arguments"

local M = {
  name = "merge",
  summary = "merge profiles into one",
  examples = "Examples:\n"
    .. "  cprof merge -o all.pb.gz worker-*.pb.gz\n"
    .. "  cprof merge --base before.pb.gz -o new.pb.gz after.pb.gz",
}


--- Declares arguments and options.
---@param command table argparse's command
function M.declare(command)
  load.declare_files(command)
  arguments.declare(command, load.OPTIONS)
  arguments.declare(command, show.OPTIONS)
end


--- Writes the merged profile.
---@param asked table what argparse read
---@param host table
---@return boolean|nil ok
---@return string? message
---@return string? code
function M.execute(asked, host)
  local profile, message, code = load.profile(host, asked)
  if not profile then
    return nil, message, code
  end
  return convert.write(host, asked, profile)
end


return M
