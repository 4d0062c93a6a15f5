-- cprof: a profiler inside a Lua process that speaks pprof. Joins the C core
-- and the Lua half; applications call what this module returns.

local VERSION = "0.1.0"


local function vm_name()
  return jit and jit.version or _VERSION
end


-- Loads the C half, or says for which VM it is missing and what to do.
local function load_core()
  local ok, core = pcall(require, "cprof.core")
  if not ok then
    local target = jit and "luajit" or "lua5.4"
    error(("cprof: the C core cannot be loaded by %s. Build it with "
      .. "'make LUA=%s', then 'eval \"$(make -s env LUA=%s)\"' sets the "
      .. "paths.\n%s"):format(vm_name(), target, target, tostring(core)), 0)
  end
  if core._VERSION ~= VERSION then
    error(("cprof: the Lua half is version %s, the C core is version %s; "
      .. "install both from one build"):format(VERSION,
      tostring(core._VERSION)), 0)
  end
  return core
end


local core = load_core()
local options = require "cprof.options"
local profile = require "cprof.profile"
local session = require "cprof.session"

profile.install(core.profile_methods)

local M = {
  _VERSION = VERSION,
}


-- The core takes one flat table.
local function core_options(asked)
  local cpu = asked.cpu
  return {
    hz = cpu.hz,
    depth_max = cpu.depth_max,
    mode = cpu.mode,
    engine = cpu.engine == "auto" and "timer" or cpu.engine,
    labels = asked.labels or {},
  }
end


--- Starts a session. Raises at the caller's line on an unknown option or a
--- wrong type.
---@param given table {cpu = true | {hz = 100, depth_max = 128, mode = "l",
---  engine = "auto"}, labels = {name = string}, native = "none"}
---@return table|nil session with snapshot, stop, running
---@return string? message
---@return string? code "range", "busy", "memory", "io"
function M.start(given)
  local asked, message, code = options.check(options.START, given,
    "cprof.start", 2)
  if not asked then
    return nil, message, code
  elseif not asked.cpu then
    error("cprof.start: nothing to profile; say cpu = true", 2)
  end
  local started, why, kind = core.start(core_options(asked))
  if not started then
    return nil, why, kind
  end
  return session.new(started)
end


--- Reads a profile in pprof's format, whoever wrote it.
---@param source string a path ("-" is standard input), or the bytes of a
---  gzipped profile: what begins with 1f 8b
---@return userdata|nil profile
---@return string? message
---@return string? code "io", "format", "limit", "memory"
function M.open(source)
  if type(source) ~= "string" then
    error("cprof.open: path or bytes expected, got " .. type(source), 2)
  elseif source:sub(1, 2) == "\31\139" then
    return core.read(source)
  end
  return core.read_file(source)
end


--- What cprof did in this process and what it cost.
---@return table<string, number> counters
function M.stats()
  return core.stats()
end


return M
