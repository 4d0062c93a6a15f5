-- `cprof diff BASE FILE…`: what has changed, and what of it chance explains.

local arguments = require "cprof.cli.arguments"
local load = require "cprof.cli.load"
local report = require "cprof.cli.report"
local show = require "cprof.cli.show"
local reports = require "cprof.profile"

local M = {
  name = "diff",
  summary = "compare two profiles, function by function",
  examples = "Examples:\n"
    .. "  cprof diff before.pb.gz after.pb.gz\n"
    .. "  cprof diff --sort cum --normalize before.pb.gz after.pb.gz\n"
    .. "  cprof top --base before.pb.gz after.pb.gz",
}


--- Declares arguments and options.
---@param command table argparse's command
function M.declare(command)
  command:argument("base_file", "The profile to compare with."):argname("BASE")
  load.declare_files(command)
  arguments.declare(command, reports.options("compare"))
  arguments.declare(command, { load.MAX_SIZE })
  arguments.declare(command, show.TEXT_OPTIONS)
end


--- Prints the comparison.
---@param asked table what argparse read
---@param host table
---@return boolean|nil ok
---@return string? message
---@return string? code
function M.execute(asked, host)
  local base, message, code = load.files(host, { asked.base_file }, asked)
  if not base then
    return nil, message, code
  end
  local profile, why, kind = load.files(host, asked.files, asked)
  if not profile then
    return nil, why, kind
  end
  asked.base = base
  local text, reason, what = report.render("compare", profile, host, asked)
  if not text then
    return nil, reason, what
  end
  asked.base = { asked.base_file }
  return report.show(host, asked, text)
end


return M
