-- `cprof run [options] script.lua args…`: runs a script under the profiler,
-- in this process and in place of cprof: the script's main chunk is called
-- last of all (a tail call), so that its `arg`, streams, errors and exit code
-- are those of `lua script.lua args…`, and no frame of cprof is on its stack.
-- The profile is written when the process ends (cprof.at_exit).

local at_exit = require "cprof.at_exit"
local outputs = require "cprof.output"
local paths = require "cprof.path"
local term = require "cprof.cli.term"
local vm = require "cprof.cli.vm"
local words = require "cprof.cli.words"

local format = string.format

local M = {
  name = "run",
  summary = "run a script and write its profile",
  examples = "Examples:\n"
    .. "  cprof run script.lua --its-option\n"
    .. "  cprof run --hz 250 -o /tmp/cpu.pb.gz script.lua\n"
    .. "  cprof run --lua luajit --label service=gw script.lua",
}

local ROWS = 10 -- of the table at the end
-- With fewer a share of one half is off by 7 points or more in one profile of
-- three: its deviation is sqrt(1 / 4n).
local SAMPLES_FEW = 50
local SAMPLES = 1 -- the sample type samples/count

-- The option behind a name of cprof.start.
local SHELL_NAMES = {
  ["cpu.hz"] = "option '--hz'",
  ["cpu.depth_max"] = "option '--depth'",
  ["labels"] = "option '--label'",
}

-- A row: names, name of the value (none: a flag), help, choices, and how
-- often it may be given.
local OPTIONS = {
  { "--cpu", nil, "Profile the CPU; so far all there is." },
  { "--hz", "N", "Samples per second of CPU time, 1 to 10000 (100)." },
  { "--depth", "N", "Frames kept of a stack, 1 to 512 (128)." },
  { "--mode", "MODE", "LuaJIT: exact lines or functions (l).", { "l", "f" } },
  { "-o --output", "PATH", "Where the profile goes (cpu.pb.gz)." },
  { "--lua", "VM", "The interpreter: lua5.4, luajit, a path." },
  { "--label", "KEY=VALUE", "A label of every sample; may be repeated.",
    nil, "*" },
  { "-q --quiet", nil, "Say nothing at the end." },
}


--- Declares arguments and options.
---@param command table argparse's command
function M.declare(command)
  command:argument("script", "The Lua file to run; - is stdin.")
  command:argument("args", "What the script gets."):args("*")
  for _, row in ipairs(OPTIONS) do
    if not row[2] then
      command:flag(row[1], row[3])
    else
      local option = command:option(row[1], row[3]):argname(row[2])
      option:count(row[5] or "?")
      if row[4] then
        option:choices(row[4])
      end
    end
  end
end


-- The names of the options that take a value.
local function valued_names()
  local names = {}
  for _, row in ipairs(OPTIONS) do
    for name in row[1]:gmatch("%S+") do
      names[name] = row[2] ~= nil
    end
  end
  return names
end


-- Whether the word after this one is its value: "--hz", "-o", "-qo".
local function takes_next(word, valued)
  if valued[word] ~= nil or word:sub(1, 2) == "--" then
    return valued[word]
  end
  local first = word:find("o", 1, true)
  return first == #word
end


-- Appends the value of the last word; one that looks like an option is tied
-- to it, lest it be taken for one.
local function put_value(out, value)
  if value and value:match("^%-.") then
    out[#out] = words.tie(out[#out], value)
  else
    out[#out + 1] = value
  end
end


--- Puts "--" before the script, so that its options stay its own.
---@param argv string[] from after the word "run"
---@return string[]
function M.split(argv)
  local out, pos, valued = {}, 1, valued_names()
  while argv[pos] and argv[pos]:match("^%-.") and argv[pos] ~= "--" do
    local word = argv[pos]
    out[#out + 1] = word
    if takes_next(word, valued) then
      pos = pos + 1
      put_value(out, argv[pos])
    end
    pos = pos + 1
  end
  if argv[pos] ~= "--" then
    out[#out + 1] = "--"
  end
  for i = pos, #argv do
    out[#out + 1] = argv[i]
  end
  return out
end


-- ------------------------------------------------------------- checks ----

local function to_number(name, text)
  if not text then
    return nil
  end
  local number = tonumber(text)
  if not number then
    error(format("option '%s' needs a number, got '%s'", name, text), 0)
  end
  return number
end


local function to_labels(list)
  local labels = {}
  for _, text in ipairs(list or {}) do
    local key, value = text:match("^([^=]+)=(.*)$")
    if not key then
      error("option '--label' needs KEY=VALUE, got '" .. text .. "'", 0)
    end
    labels[key] = value
  end
  return labels
end


-- The options of cprof.start, or nil, message, "usage".
local function start_options(asked)
  local ok, result = pcall(function()
    return {
      cpu = {
        hz = to_number("--hz", asked.hz),
        depth_max = to_number("--depth", asked.depth),
        mode = asked.mode,
      },
      labels = to_labels(asked.label),
    }
  end)
  if not ok then
    return nil, result, "usage"
  end
  return result
end


local function exists(host, path)
  local file = host.fopen(path, "rb")
  return file and file:close() and true or false
end


-- Whether a file can be made in the folder of a path.
local function check_folder(host, path)
  -- Hard to guess: nobody's file, and no link of somebody to one.
  local unique = tostring({}):match("%x+$") .. ("%.0f"):format(os.time())
  local probe = ("%s.%s.probe"):format(path, unique)
  local file, why = host.fopen(probe, "ab")
  if not file then
    return nil, (why:gsub("^.-%.probe: ", ""))
  end
  file:close()
  host.remove(probe)
  return true
end


-- Whether two paths lead to one file; the shell follows their links.
local function is_same_file(host, a, b)
  local folder = host.cwd()
  a, b = paths.absolute(a, folder), paths.absolute(b, folder)
  return a == b or host.is_file(a) and host.shell(format(
    "test %s -ef %s", words.quote(a), words.quote(b))) == 0
end


-- What is wrong with the output's path as such, or nothing.
local function output_misuse(host, path, script)
  if path == "" then
    return "the output path is empty"
  elseif path == "-" then
    return "the output '-' would be a file of that name; standard output is "
      .. "/dev/stdout"
  elseif script ~= "-" and is_same_file(host, path, script) then
    return "the output " .. path .. " is the script itself"
  end
end


-- Learned before the script runs: an hour later would be too late.
local function check_output(host, path, script)
  local misuse = output_misuse(host, path, script)
  if misuse then
    return nil, misuse, "usage"
  end
  local is_special = path:match("^/dev/") or path:match("^/proc/")
  local ok, why
  if exists(host, path .. "/.") then
    ok, why = nil, "it is a directory; the name of a file is expected"
  elseif is_special then
    ok, why = host.fopen(path, "ab")
    ok = ok and ok:close()
  else
    ok, why = check_folder(host, path)
  end
  if not ok then
    return nil, "cannot write " .. path .. ": " .. tostring(why)
  end
  return true
end


-- The compiled script; what is wrong with it is told as Lua tells it. Opened
-- once only: it may be a pipe.
local function load_script(script)
  local chunk, message = loadfile(script ~= "-" and script or nil)
  if not chunk then
    return nil, (message:gsub("^cannot %l+ ", "%0script "))
  end
  return chunk
end


-- ---------------------------------------------------------------- run ----

-- What is told on standard error when all is done.
local function report(host, path, profile)
  local count = profile:total(SAMPLES)
  local text = count > 0 and profile:top({ n = ROWS })
    or "cprof: too little CPU time for a sample; a higher --hz takes more\n"
  local few = count > 0 and count < SAMPLES_FEW
    and ", too few for exact shares" or ""
  host.stderr:write(format("cprof: %.0f samples written to %s%s\n", count,
    path, few), term.plain(text or ""))
end


local function finish(host, session, output, quiet)
  local set = assert(term.busy(host, "naming functions", session.stop,
    session))
  local ok, why = term.busy(host, "writing " .. output.name, output.write,
    output, set.cpu)
  if not ok then
    error(why, 0)
  elseif not quiet then
    report(host, output.name, set.cpu)
  end
end


-- Makes `arg` what the script would see without cprof. The table stays the
-- same one, should somebody hold it.
local function set_script_arg(arg, script, args)
  local command = vm.command(arg)
  for key in pairs(arg) do
    arg[key] = nil
  end
  arg[-1], arg[0] = command, script
  for i, value in ipairs(args) do
    arg[i] = value
  end
end


-- The script requires its own argparse, not the one that cprof came by.
local function forget_modules(loaded)
  for name in pairs(loaded) do
    if name == "argparse" or name:match("^cprof%.cli%.") then
      loaded[name] = nil
    end
  end
end


-- Everything that can fail before the script runs.
local function prepare(asked, host)
  local options, message, code = start_options(asked)
  if not options then
    return nil, message, code
  end
  local path = asked.output or "cpu.pb.gz"
  local ok, why, kind = check_output(host, path, asked.script)
  if not ok then
    return nil, why, kind
  end
  local chunk, wrong = load_script(asked.script)
  if not chunk then
    return nil, wrong
  end
  return chunk, options, outputs.new(path, host.cwd())
end


-- Starts the profiler; what it refuses is told in the shell's words.
local function start(host, options)
  local ok, session, message, code = pcall(host.start, options)
  if ok and session then
    return session
  elseif not ok then
    message, code = session, "usage"
  end
  message = message:gsub("^cprof%.start: ", "")
  return nil, (message:gsub("^[%l_.]+", SHELL_NAMES)), code
end


--- Starts the profiler and hands back the script, to be called last.
---@param asked table what argparse read
---@param host table
---@return boolean|nil ok
---@return string|function message, or the script's chunk
---@return string|string[] code, or the script's arguments
function M.execute(asked, host)
  if asked.lua and not vm.is_running(host, asked.lua) then
    return vm.execute(asked.lua, host)
  end
  local chunk, options, output = prepare(asked, host)
  if not chunk then
    return nil, options, output
  end
  set_script_arg(host.arg, asked.script, asked.args)
  forget_modules(package.loaded)
  local session, message, code = start(host, options) -- from here it samples
  if not session then
    return nil, message, code
  end
  at_exit.register(function()
    finish(host, session, output, asked.quiet)
  end)
  return true, chunk, asked.args
end


return M
