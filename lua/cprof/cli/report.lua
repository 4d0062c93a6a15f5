-- Commands that print a report: one shape for all of them. The report declares
-- its options; those of files and output are the same everywhere.

local arguments = require "cprof.cli.arguments"
local load = require "cprof.cli.load"
local show = require "cprof.cli.show"
local term = require "cprof.cli.term"
local json = require "cprof.report.json"
local reports = require "cprof.profile"

local M = {}

local EXAMPLES = {
  folded = {
    "cprof folded cpu.pb.gz | flamegraph.pl > cpu.svg",
    "cprof folded --sample samples cpu.pb.gz",
  },
  info = {
    "cprof info cpu.pb.gz",
    "cprof info cpu.pb.gz | grep cprof.lost",
  },
  list = {
    "cprof list parse cpu.pb.gz",
    "cprof list '^Server[.:]' --source-path src cpu.pb.gz",
  },
  peek = { "cprof peek 'string.rep' cpu.pb.gz" },
  tags = { "cprof tags cpu.pb.gz" },
  top = {
    "cprof top cpu.pb.gz",
    "cprof top -n 50 --sort cum --focus 'parse|lex' cpu.pb.gz",
    "cprof top --base before.pb.gz after.pb.gz",
    "curl -s http://localhost:6060/debug/pprof/heap |",
    "  cprof top --sample inuse_space -",
  },
  traces = { "cprof traces --tagfocus route=/slow cpu.pb.gz" },
  tree = { "cprof tree --focus parse cpu.pb.gz" },
}


local function examples_text(name)
  return "Examples:\n  " .. table.concat(EXAMPLES[name], "\n  ")
end


--- Tells what an expression that matched nothing may hide.
---@param host table
---@param warnings string[]
function M.warn(host, warnings)
  for _, warning in ipairs(warnings) do
    host.stderr:write("cprof: ", term.plain(warning), "\n")
  end
end


--- What a report makes of a profile, as text or as JSON.
---@param kind string "top"
---@param profile userdata
---@param host table
---@param asked table what argparse read
---@return string|nil text
---@return string? message
---@return string? code
function M.render(kind, profile, host, asked)
  local given, message, code = arguments.check(reports.options(kind), asked)
  if not given then
    return nil, message, code
  elseif asked.json then
    local data, wrong, why = profile:data(kind, given)
    if not data then
      return nil, wrong, why
    end
    M.warn(host, data.warnings or {})
    return json.encode(data) .. "\n"
  end
  local text, warnings, cause = reports.print(profile, kind, given)
  if not text then
    return nil, warnings, cause
  end
  M.warn(host, warnings)
  return text
end


-- Whether a report would be written over one of the profiles that it is of.
local function replaces_input(asked)
  for _, list in ipairs({ asked.files, asked.base, asked.diff_base }) do
    for _, path in ipairs(list) do
      if path == asked.output and path ~= "-" then
        return true
      end
    end
  end
  return false
end


--- Writes or shows a report's text.
---@param host table
---@param asked table what argparse read
---@param text string
---@return boolean|nil ok
---@return string? message
---@return string? code
function M.show(host, asked, text)
  if replaces_input(asked) then
    return nil, asked.output .. ": the report would replace the profile that "
      .. "it is of", "usage"
  end
  return show.text(host, asked, text)
end


--- The command of a report.
---@param name string "top"
---@return table command {name, summary, examples, declare, execute}
function M.command(name)
  local command = {
    name = name,
    summary = reports.report(name).summary,
    examples = examples_text(name),
  }

  function command.declare(parser)
    arguments.declare_positional(parser, reports.options(name))
    load.declare_files(parser)
    arguments.declare(parser, reports.options(name))
    arguments.declare(parser, load.OPTIONS)
    arguments.declare(parser, show.TEXT_OPTIONS)
  end

  function command.execute(asked, host)
    local profile, message, code = load.profile(host, asked)
    if not profile then
      return nil, message, code
    end
    local text, why, kind = M.render(name, profile, host, asked)
    if not text then
      return nil, why, kind
    end
    return M.show(host, asked, text)
  end

  return command
end


return M
