-- `cprof folded FILE`: folded stacks for flame graph tools.

local load = require "cprof.cli.load"
local term = require "cprof.cli.term"

local M = {
  name = "folded",
  summary = "print folded stacks for flame graph tools",
  examples = "Examples:\n"
    .. "  cprof folded cpu.pb.gz | flamegraph.pl > cpu.svg\n"
    .. "  cprof folded --sample samples cpu.pb.gz",
}


--- Declares arguments and options.
---@param command table argparse's command
function M.declare(command)
  command:argument("file", "A profile in pprof's format; - is stdin.")
  command:option("--sample",
    "The sample type, its name or number; the profile's default else.")
    :argname("TYPE")
end


--- Prints the stacks.
---@param asked table what argparse read
---@param host table
---@return boolean|nil ok
---@return string? message
---@return string? code "range"
function M.execute(asked, host)
  local profile, message = load.profile(host, asked.file)
  if not profile then
    return nil, message
  end
  local text, why, code = profile:folded(asked.sample)
  if not text then
    return nil, why, code
  end
  return term.write(host, term.plain(text))
end


return M
