-- `cprof top FILE`: the functions with the largest values.

local load = require "cprof.cli.load"
local term = require "cprof.cli.term"

local M = {
  name = "top",
  summary = "show the functions that cost the most",
  examples = "Examples:\n"
    .. "  cprof top cpu.pb.gz\n"
    .. "  cprof top -n 50 --sort cum cpu.pb.gz\n"
    .. "  curl -s http://localhost:6060/debug/pprof/heap |\n"
    .. "    cprof top --sample inuse_space -",
}

local ROWS_MAX = 1000000 -- as profile:top has it


local function to_rows(text)
  local number = tonumber(text)
  local fits = number and number % 1 == 0 and number >= 1
    and number <= ROWS_MAX
  if not fits then
    return nil, ("option '-n' needs a whole number from 1 to %d, got '%s'")
      :format(ROWS_MAX, text)
  end
  return number
end


--- Declares arguments and options.
---@param command table argparse's command
function M.declare(command)
  command:argument("file", "A profile in pprof's format; - is stdin.")
  command:option("-n --number", "Rows to show.", "20"):argname("N")
    :convert(to_rows)
  command:option("--sort", "The order: by own or by cumulative value.", "flat")
    :choices({ "flat", "cum" })
  command:option("--sample",
    "The sample type, its name or number; the profile's default else.")
    :argname("TYPE")
end


--- Prints the report.
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
  local text, why, code = profile:top({
    n = asked.number,
    sort = asked.sort,
    index = asked.sample,
  })
  if not text then
    return nil, why, code
  end
  return term.write(host, term.fit(host, text))
end


return M
