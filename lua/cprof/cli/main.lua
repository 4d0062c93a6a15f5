-- The program `cprof`: reads the command line and calls the command. Every
-- error is one line on standard error; exit codes: 0 well, 1 failed, 2 usage.

local term = require "cprof.cli.term"
local words = require "cprof.cli.words"

local M = {}

local COMMANDS = {
  "run", "top", "tree", "peek", "traces", "list", "tags", "folded", "info",
  "diff", "merge", "filter", "convert",
}

-- Those that print a report of that name.
local REPORTS = {
  folded = true, info = true, list = true, peek = true, tags = true,
  top = true, traces = true, tree = true,
}

local EXAMPLES = "Examples:\n"
  .. "  cprof run script.lua args        profile a script into cpu.pb.gz\n"
  .. "  cprof top cpu.pb.gz              what cost the most\n"
  .. "  cprof list parse cpu.pb.gz       the source, with cost per line\n"
  .. "  cprof diff old.pb.gz new.pb.gz   what has changed\n"
  .. "  cprof folded cpu.pb.gz | flamegraph.pl > cpu.svg\n"
  .. "  go tool pprof -http=: cpu.pb.gz  any tool that reads pprof\n"
  .. "\n"
  .. "`cprof COMMAND --help` tells more of a command."

local unpack = rawget(_G, "unpack") or rawget(table, "unpack")


-- ---------------------------------------------------------------- host ----

-- The exit code of a shell command; 128 and the signal when one ended it.
local function shell(line)
  local ok, how, code = os.execute(line)
  if type(ok) == "number" then -- Lua 5.1's answer: a wait status
    code = ok % 256
    return code == 0 and math.floor(ok / 256) or 128 + code % 128
  end
  return how == "signal" and 128 + code or code
end


--- What commands use of the process; a spec hands in its own.
---@return table host
function M.host()
  local cprof, core = require "cprof", require "cprof.core"
  return {
    arg = rawget(_G, "arg"),
    cwd = core.cwd,
    fopen = io.open,
    getenv = os.getenv,
    is_file = core.is_file,
    isatty = core.isatty or function() return false end,
    open = cprof.open,
    popen = io.popen,
    remove = os.remove,
    shell = shell,
    start = cprof.start,
    stderr = io.stderr,
    stdout = io.stdout,
    version = cprof._VERSION,
    write_file = core.write_file,
  }
end


-- ------------------------------------------------------------- parsing ----

local function load_command(name)
  return REPORTS[name] and require("cprof.cli.report").command(name)
    or require("cprof.cli." .. name)
end


-- The command that is called, or all, for what needs their names.
local function load_commands(called)
  local commands = {}
  for i, name in ipairs(COMMANDS) do
    if name == called then
      return { load_command(name) }
    end
    commands[i] = name
  end
  for i, name in ipairs(commands) do
    commands[i] = load_command(name)
  end
  return commands
end


local function print_version(version)
  return function()
    print("cprof " .. version .. " (" .. (jit and jit.version or _VERSION)
      .. ")")
    os.exit(0)
  end
end


-- The one module from elsewhere; the library does without.
local function load_argparse()
  local ok, argparse = pcall(require, "argparse")
  if not ok then
    error("the command line needs argparse (Debian: lua-argparse, LuaRocks: "
      .. "argparse)", 0)
  end
  return argparse
end


-- The parser and the commands by name.
local function make_parser(host, called)
  local argparse = load_argparse()
  local parser = argparse("cprof", "A profiler for Lua that speaks pprof.")
    :epilog(EXAMPLES):command_target("command")
    :help_description_margin(28):help_max_width(80)
  parser:flag("--version", "Show the version and exit.")
    :action(print_version(host.version))
  local by_name = {}
  for _, command in ipairs(load_commands(called)) do
    by_name[command.name] = command
    command.declare(parser:command(command.name)
      :summary(command.summary)
      :description((command.summary:gsub("^%l", string.upper)) .. ".")
      :epilog(command.examples))
  end
  return parser, by_name
end


-- `help` is --help, of a command if one is named.
local function help_words(command)
  if command and command ~= "help" then
    return { command, "--help" }
  end
  return { "--help" }
end


-- What the parser gets; `run` keeps its script's options from it.
local function parser_words(argv, by_name)
  if argv[1] == "help" then
    return help_words(argv[2])
  elseif argv[1] ~= "run" then
    return words.tie_numbers(argv)
  end
  local rest = by_name.run.split({ unpack(argv, 2) })
  table.insert(rest, 1, "run")
  return rest
end


-- -------------------------------------------------------------- calling ----

local FAILED, USAGE = 1, 2
local EXIT_CODES = { usage = USAGE, range = USAGE }


-- One line, whatever the message was.
local function fail(host, message, code)
  message = tostring(message):gsub("^cprof: ", ""):gsub("%s*\n%s*", "; ")
  host.stderr:write("cprof: ", term.plain(message), "\n")
  return EXIT_CODES[code] or FAILED
end


--- Runs a command line up to the point where a script would be called.
---@param argv string[]
---@param host table as `main.host()` gives it
---@return integer|nil code the exit code; nil: call the chunk with its args
---@return function? chunk
---@return string[]? args
function M.dispatch(argv, host)
  local parser, by_name = make_parser(host, argv[1])
  local parsed, asked = parser:pparse(parser_words(argv, by_name))
  if not parsed then
    asked = asked:gsub("^a command is required$", "%0; see 'cprof help'")
      :gsub("^missing argument '.*$", ("%%0; see 'cprof help %s'"):format(
        argv[1]))
    return fail(host, asked, "usage")
  end
  local ok, a, b = by_name[asked.command].execute(asked, host)
  if not ok then
    return a == nil and b or fail(host, a, b)
  elseif type(a) == "function" then
    return nil, a, b
  end
  return 0
end


-- As `dispatch`; what was raised is told in one line, too.
local function dispatch_safely(argv)
  local ok, code, chunk, args = pcall(function()
    return M.dispatch(argv, M.host())
  end)
  if not ok then
    local first = tostring(code):match("^[^\n]*")
    return fail({ stderr = io.stderr }, first)
  end
  return code, chunk, args
end


--- Runs the program; ends in the script or the process's end.
---@param argv string[]
function M.main(argv)
  local code, chunk, args = dispatch_safely(argv)
  if code then
    os.exit(code, true)
  end
  return chunk(unpack(args))
end


return M
