-- Profiling without touching code: `require "cprof.auto"`, by LUA_INIT or
-- `lua -l`, does what the variable CPROF says and writes a file at the end.
--
--   CPROF='cpu;hz=200;out=cpu.%p.pb.gz' LUA_INIT='require "cprof.auto"' \
--     lua5.4 script.lua
--
--   spec    = item { ";" item }
--   item    = kind { "," kind } | key "=" value | nothing
--   kind    = "cpu"
--   key     = "hz" | "depth_max" | "mode" | "engine" | "out" | "label"
--   value   = text without ";"; of `label` it is name "=" text
--
-- Where no kind is named it is cpu. In `out` %p is the process id and %% a
-- percent sign; a relative path begins in the folder in which the process
-- starts. The default is cpu.%p.pb.gz: child processes inherit CPROF, and would
-- overwrite a file that all of them share. Without CPROF nothing happens. A
-- CPROF that cannot be used is told on standard error, and the script runs
-- without a profile.

local M = {}

local NUMBERS = { hz = true, depth_max = true }
local TEXTS = { mode = true, engine = true }


-- One parser per key: (settings, value) -> message when it is wrong.
local parsers = {}


function parsers.out(settings, value)
  local code = value:gsub("%%[p%%]", ""):match("%%.?")
  if value == "" then
    return "out needs a path"
  elseif value == "-" then
    return "out=- would be a file of that name; standard output is "
      .. "/dev/stdout"
  elseif code then
    return "out knows %p and %%, got '" .. code .. "'"
  end
  settings.out = value
end


function parsers.label(settings, value)
  local name, text = value:match("^([^=]+)=(.*)$")
  if not name then
    return "label needs name=text, got '" .. value .. "'"
  end
  settings.options.labels[name] = text
end


local function unknown(word)
  return "unknown profile or setting '" .. word .. "' (known: cpu, hz, "
    .. "depth_max, mode, engine, out, label)"
end


local function parse_kinds(item)
  for kind in item:gmatch("[^,]+") do
    if kind ~= "cpu" then
      return unknown(kind)
    end
  end
end


local function parse_item(settings, item)
  local key, value = item:match("^([%w_]+)=(.*)$")
  if not key then
    return parse_kinds(item)
  elseif parsers[key] then
    return parsers[key](settings, value)
  elseif NUMBERS[key] then
    settings.options.cpu[key] = tonumber(value)
    return not tonumber(value) and key .. " needs a number, got '" .. value
      .. "'" or nil
  elseif TEXTS[key] then
    settings.options.cpu[key] = value
  else
    return key == "cpu" and "cpu takes no value" or unknown(key)
  end
end


--- Reads a CPROF value.
---@param spec string in the grammar above
---@return table|nil settings {out = path, options = for cprof.start}
---@return string? message
function M.parse(spec)
  local settings =
    { out = "cpu.%p.pb.gz", options = { cpu = {}, labels = {} } }
  for item in spec:gmatch("[^;]+") do
    local message = parse_item(settings, (item:match("^%s*(.-)%s*$")))
    if message then
      return nil, message
    end
  end
  return settings
end


--- The path with %p and %% replaced.
---@param path string
---@param pid integer
---@return string
function M.expand(path, pid)
  return (path:gsub("%%([p%%])", { p = ("%d"):format(pid), ["%"] = "%" }))
end


-- Starts what was asked; the message when that cannot be.
local function begin(settings)
  local cprof = require "cprof"
  local core = require "cprof.core"
  local ok, session, message = pcall(cprof.start, settings.options)
  if not ok or not session then
    return ((ok and message or session):gsub("^cprof%.start: ", ""))
  end
  local output = require("cprof.output").new(
    M.expand(settings.out, core.pid()), core.cwd())
  require("cprof.at_exit").register(function()
    local set = assert(session:stop())
    local written, why = output:write(set.cpu)
    if not written then
      error(why, 0)
    end
  end)
end


--- Does what a CPROF value says.
---@param spec? string nil does nothing
---@param stderr? file where a message goes
---@return boolean started
function M.run(spec, stderr)
  if not spec or spec == "" then
    return false
  end
  local settings, message = M.parse(spec)
  if settings then
    local ok, raised = pcall(begin, settings)
    message = raised
    if ok and not message then
      return true
    end
  end
  message = tostring(message):gsub("\n.*", "")
  stderr = stderr or io.stderr
  stderr:write("cprof: CPROF: ", message, "\n")
  return false
end


M.started = M.run(os.getenv("CPROF"))

return M
