-- `cprof convert --to FORMAT FILE…`: the profile as another program reads it.
-- `merge` and `filter` are the same to pprof's own format.

local arguments = require "cprof.cli.arguments"
local filter = require "cprof.filter"
local load = require "cprof.cli.load"
local report = require "cprof.cli.report"
local show = require "cprof.cli.show"
local term = require "cprof.cli.term"

local M = {
  name = "convert",
  summary = "write a profile in another format",
  examples = "Examples:\n"
    .. "  cprof convert --to speedscope -o cpu.speedscope.json cpu.pb.gz\n"
    .. "  cprof convert --to callgrind -o callgrind.out cpu.pb.gz\n"
    .. "  cprof convert --to pprof old.pb | cprof top -",
}

local DEFAULT = "pprof"
local FORMATS = { DEFAULT, "json", "speedscope", "callgrind", "folded" }

local OPTIONS = {
  {
    name = "to", type = "string", choices = FORMATS, default = DEFAULT,
    message = "the format",
  },
  {
    name = "sample", type = "index", message = "the sample type, its name or "
      .. "number; the profile's default else",
  },
}


--- Declares arguments and options.
---@param command table argparse's command
function M.declare(command)
  load.declare_files(command)
  arguments.declare(command, OPTIONS)
  M.declare_common(command)
end


--- Declares what convert, merge and filter share.
---@param command table argparse's command
function M.declare_common(command)
  arguments.declare(command, filter.OPTIONS)
  arguments.declare(command, load.OPTIONS)
  arguments.declare(command, show.OPTIONS)
end


-- Does anything of the filters change the profile?
local function is_filtered(asked)
  for _, field in ipairs(filter.OPTIONS) do
    if asked[field.name] ~= nil and asked[field.name] ~= field.default then
      return true
    end
  end
  return false
end


--- Reads the files and applies the filters that are asked for.
---@param asked table what argparse read
---@param host table
---@return userdata|nil profile
---@return string? message
---@return string? code
function M.load(asked, host)
  local profile, message, code = load.profile(host, asked)
  if not profile or not is_filtered(asked) then
    return profile, message, code
  end
  local given, why, kind = arguments.check(filter.OPTIONS, asked)
  if not given then
    return nil, why, kind
  end
  local filtered, warnings
  filtered, warnings, code = filter.run(profile, given)
  if not filtered then
    return nil, warnings, code
  end
  report.warn(host, warnings)
  return filtered
end


--- Writes a profile in pprof's format.
---@param host table
---@param asked table {output = path|nil}
---@param profile userdata
---@return boolean|nil ok
---@return string? message
---@return string? code
function M.write(host, asked, profile)
  local bytes, message, code = profile:encode()
  if not bytes then
    return nil, message, code
  end
  return show.bytes(host, asked, bytes, true)
end


-- Writes a profile in another format than pprof's.
local function write_as(host, asked, profile)
  local text, message, code = profile:report(asked.to,
    { sample = asked.sample })
  if not text then
    return nil, message, code
  end
  return show.bytes(host, asked, asked.to == "folded" and term.plain(text)
    or text, false)
end


--- Writes the profile in the format asked for.
---@param asked table what argparse read
---@param host table
---@return boolean|nil ok
---@return string? message
---@return string? code
function M.execute(asked, host)
  local profile, message, code = M.load(asked, host)
  if not profile then
    return nil, message, code
  elseif asked.to and asked.to ~= DEFAULT then
    return write_as(host, asked, profile)
  elseif asked.sample then
    return nil, "--sample does not go with --to pprof, which keeps all types",
      "usage"
  end
  return M.write(host, asked, profile)
end


return M
