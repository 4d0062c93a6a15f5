-- cprof: a profiler inside a Lua process that speaks pprof. Joins the C core
-- and the Lua half; applications call what this module returns.

local VERSION = "0.1.0"


local function vm_name()
  return jit and jit.version or _VERSION
end


-- The line of Lua's message that says most: that of the dynamic linker.
local function short_reason(message)
  message = tostring(message)
  return message:match("^error loading module[^\n]*\n%s*([^\n]+)")
    or message:match("^[^\n]*"):gsub(":$", "")
end


-- Loads the C half, or says for which VM it is missing and what to do.
local function load_core()
  if not jit and _VERSION ~= "Lua 5.4" then
    error(("cprof: runs in Lua 5.4 and in LuaJIT; this is %s")
      :format(vm_name()), 0)
  end
  local ok, core = pcall(require, "cprof.core")
  if not ok then
    local target = jit and "luajit" or "lua5.4"
    error(("cprof: the C core cannot be loaded by %s (%s). 'make LUA=%s' "
      .. "builds it; then 'make install LUA=%s' installs it, or 'eval "
      .. "\"$(make -s env LUA=%s)\"' sets LUA_PATH and LUA_CPATH to it.\n%s")
      :format(vm_name(), short_reason(core), target, target, target,
      tostring(core)), 0)
  end
  if core._VERSION ~= VERSION then
    error(("cprof: the Lua half is version %s, the C core is version %s; "
      .. "install both from one build"):format(VERSION,
      tostring(core._VERSION)), 0)
  end
  return core
end


local core = load_core()
local legacy = require "cprof.legacy"
local names = require "cprof.names"
local options = require "cprof.options"
local profile = require "cprof.profile"
local session = require "cprof.session"
local units = require "cprof.units"

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
---  engine = "auto"}, labels = {name = string|number}, native = "none"}
---@return table|nil session with snapshot, stop, running
---@return string? message
---@return string? code "range", "busy", "memory", "io"
function M.start(given)
  if rawequal(given, M) then
    error("cprof.start: call it with a dot: cprof.start({ cpu = true })", 2)
  end
  local asked, message, code = options.check(options.START, given,
    "cprof.start", 2)
  if not asked then
    return nil, message, code
  elseif not asked.cpu then
    error("cprof.start: nothing to profile; say cpu = true", 2)
  end
  local namer = names.new(names.new_context(core))
  local started, why, kind = core.start(core_options(asked))
  if not started then
    return nil, why, kind
  end
  return session.new(started, namer)
end


-- Whether a string is a profile rather than a path: gzip's first bytes,
-- pprof's first field, or a byte that no path has.
local function is_bytes(source)
  return source:find("^\31\139") or source:find("^\n")
    or source:find("%z")
end


local OPEN = {
  {
    name = "max_size_bytes", type = "number", default = 2 ^ 30, min = 1,
    max = 2 ^ 53, message = "how large a profile may be, unpacked",
  },
}


-- What is said of a source that is no profile, by how it begins.
local function explain(source, message, head)
  if message:find("writer interrupted%?$") then
    return message
  end
  local known = head ~= "" and legacy.message(head)
  if known then
    return (is_bytes(source) and "profile" or source) .. ": " .. known
  end
  return message .. "; expected is a profile in pprof's format, gzipped or "
    .. "not, as cprof and Go write it"
end


-- The core's refusal of a source, with what was expected there.
local function refusal(source, message, code, asked, head)
  if source == "" then
    message = "the path is empty; a file or - is expected"
  elseif code == "format" then
    message = explain(source, message, head)
  elseif code == "limit" then
    message = message:gsub("larger than the limit$", "%0 of "
      .. units.label(asked.max_size_bytes, "bytes") .. ", unpacked")
  end
  return nil, message, code
end


--- Reads a profile in pprof's format, whoever wrote it.
---@param source string a path ("-" is standard input), or the bytes of a
---  profile: what begins with 1f 8b or a line feed, or holds a zero byte
---@param given? table {max_size_bytes = 2^30}: the limit, unpacked
---@return userdata|nil profile
---@return string? message
---@return string? code "io", "format", "limit", "memory", "range"
function M.open(source, given)
  if rawequal(source, M) then
    error("cprof.open: call it with a dot: cprof.open(path)", 2)
  elseif type(source) ~= "string" then
    error("cprof.open: path or bytes expected, got " .. type(source), 2)
  end
  local asked, wrong, kind = options.check(OPEN, given == nil and {} or given,
    "cprof.open", 2)
  if not asked then
    return nil, wrong, kind
  end
  local read = is_bytes(source) and core.read or core.read_file
  local opened, message, code, head = read(source, asked.max_size_bytes)
  if not opened then
    return refusal(source, message, code, asked, head or "")
  end
  return opened
end


--- What cprof did in this process and what it cost.
---@return table<string, number> counters
function M.stats()
  return core.stats()
end


return M
