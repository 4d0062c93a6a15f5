-- What several specs share: commands in a process of their own, files that go
-- away, a profile made of tables. Not a spec.

local M = {}

M.vm = jit and "luajit" or "lua5.4"
M.tree = os.getenv("PWD")


--- Whether the C core is built for this VM; else why a spec is skipped.
---@return boolean
---@return string? reason
function M.has_core()
  local ok = pcall(require, "cprof.core")
  return ok, ok and nil or "cprof.core is not built for " .. M.vm
end


--- Skips the running test when the C core is not built.
---@param pending fun(reason: string) busted's
function M.need_core(pending)
  local ok, reason = M.has_core()
  if not ok then
    pending(reason)
  end
end


--- The content of a file, nil when there is none.
---@param path string
---@return string|nil
function M.read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("*a")
  return text, file and file:close()
end


--- Writes a temporary file.
---@param text string
---@return string path the caller removes it
function M.file(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end


--- A new, empty folder.
---@return string path the caller removes it: M.remove_folder
function M.new_folder()
  local path = os.tmpname()
  os.remove(path)
  assert(M.shell("mkdir " .. path) == 0, path)
  return path
end


--- Removes a folder of M.new_folder with all that is in it.
---@param path string
function M.remove_folder(path)
  M.shell("rm -r " .. path)
end


-- A wait status of Lua 5.1 or the answer of later ones as an exit code.
local function exit_code(ok, how, code)
  if type(ok) == "number" then
    return ok % 256 == 0 and math.floor(ok / 256) or 128 + ok % 128
  end
  return how == "signal" and 128 + code or code
end


--- Runs a shell command; in it, `lua` is this VM and `cprof` this tree's.
---@param command string
---@return integer code
---@return string out
---@return string err
function M.shell(command)
  local out, err = os.tmpname(), os.tmpname()
  local settings = ("CPROF_LUA=%s; export CPROF_LUA; PATH=%s/bin:$PATH\n"
    .. "lua() { %s \"$@\"; }\n"):format(M.vm, M.tree, M.vm)
  local code = exit_code(os.execute(("%s{ %s\n} >%s 2>%s"):format(settings,
    command, out, err)))
  local out_text, err_text = M.read(out), M.read(err)
  os.remove(out)
  os.remove(err)
  return code, out_text, err_text
end


--- Where there is a Go toolchain, whose pprof is the measure of ours: PATH's,
--- and Debian's.
M.GOS = { "go", "/usr/lib/go-1.19/bin/go" }


--- Whether a command is here.
---@param name string
---@return boolean
function M.has_command(name)
  return M.shell("command -v " .. name) == 0
end


-- Takes cprof's modules out of package.loaded, or puts them back.
local function swap_modules(modules)
  local before = {}
  for name in pairs(package.loaded) do
    if name == "cprof" or name:match("^cprof%.") then
      before[name] = package.loaded[name]
    end
  end
  for name in pairs(before) do
    package.loaded[name] = nil
  end
  for name, module in pairs(modules) do
    package.loaded[name] = module
  end
  return before
end


--- Requires a module of cprof over another core; what was loaded before is
--- loaded after.
---@param name string
---@param core? table stands in for cprof.core; nil: it cannot be loaded
---@return boolean ok
---@return any module or what was raised
function M.fresh(name, core)
  local before = swap_modules({ ["cprof.core"] = core })
  if not core then
    package.preload["cprof.core"] = function()
      error("no core here", 0)
    end
  end
  local ok, module = pcall(require, name)
  package.preload["cprof.core"] = nil
  swap_modules(before)
  return ok, module
end


--- A core whose sessions stop once and give the fake profile.
---@return table core `asked` is what start was called with last
function M.fake_core()
  local core = {
    _VERSION = "0.1.0",
    profile_methods = M.fake_methods(),
  }
  local function new_profile()
    return setmetatable({}, core.profile_methods)
  end
  function core.pid()
    return 42
  end
  function core.stats()
    return { signals = 3 }
  end
  function core.read(bytes)
    return "read " .. #bytes
  end
  function core.read_file(path)
    return "file " .. path
  end
  function core.start(asked)
    core.asked = asked
    return { snapshot = new_profile, stop = new_profile }
  end
  return core
end


--- A profile's methods over plain tables: two functions, 30 ms.
---@return table methods a new table, with itself as __index
function M.fake_methods()
  local methods = {}
  methods.__index = methods

  function methods.info()
    return {
      sample_types = {
        { type = "samples", unit = "count" },
        { type = "cpu", unit = "nanoseconds" },
      },
      period_type = { type = "cpu", unit = "nanoseconds" },
      period = 10000000, time_ns = 1700000000e9, duration_ns = 2.5e9,
      comments = { "cprof.engine=timer" }, default_sample_type = "",
      samples = 3, locations = 3, functions = 2, mappings = {},
      default_index = 2,
    }
  end

  function methods.unnamed()
    return {}
  end

  function methods.add_comment()
    return true
  end

  function methods.encode()
    return "\31\139"
  end

  function methods.write(self, path)
    self.path = path
    return true
  end

  function methods.rows(_, asked)
    local each = asked.index == 1 and 1 or 10000000
    return {
      { name = "main@a.lua", filename = "a.lua", start_line = 0,
        flat = each, cum = 3 * each, node = 1 },
      { name = "hot", filename = "a.lua", start_line = 3,
        flat = 2 * each, cum = 2 * each, node = 2 },
    }, 3 * each
  end

  function methods.graph(self, asked)
    local rows, total = methods.rows(self, asked)
    return { nodes = rows, edges = {
      { from = 1, to = 2, value = rows[2].cum, is_inline = false },
    } }, total
  end

  function methods.total(_, index)
    return index == 1 and 3 or 30000000
  end

  function methods.fold(_, index)
    return index == 1 and "main@a.lua;hot 2\nmain@a.lua 1\n"
      or "main@a.lua;hot 20000000\nmain@a.lua 10000000\n"
  end

  function methods.stacks()
    local main = { name = "main@a.lua", filename = "a.lua", line = 9 }
    local hot = { name = "hot", filename = "a.lua", line = 4 }
    return {
      { value = 10000000, frames = { main }, labels = {} },
      { value = 20000000, frames = { hot, main }, labels = { k = "v" } },
    }
  end

  return methods
end


-- A stream that keeps what is written in `text`.
local function new_stream()
  local stream = { text = "" }
  function stream:write(...)
    self.text = self.text .. table.concat({ ... })
    return self
  end
  function stream.flush(self)
    return self
  end
  return stream
end


--- A host for commands (see cprof.cli.main): no terminal, no environment, and
--- every file is the fake profile but "gone".
---@param changes? table fields to replace
---@return table host
function M.fake_host(changes)
  local methods = M.fake_methods()
  require("cprof.profile").install(methods)
  local host = {
    arg = { [-1] = "lua5.4", [0] = "bin/cprof" },
    fopen = io.open, remove = os.remove,
    stdout = new_stream(), stderr = new_stream(),
    version = "0.1.0",
  }
  function host.getenv() end
  function host.cwd()
    return "/start"
  end
  function host.is_file()
    return false
  end
  function host.isatty()
    return false
  end
  function host.open(path)
    if path == "gone" then
      return nil, "gone: No such file or directory", "io"
    end
    return setmetatable({}, methods)
  end
  for key, value in pairs(changes or {}) do
    host[key] = value
  end
  return host
end


--- A fake host whose streams are terminals; no other program can be started.
---@param variables? table<string, string> its environment
---@return table host
function M.fake_terminal(variables)
  return M.fake_host({
    isatty = function()
      return true
    end,
    getenv = function(name)
      return (variables or {})[name]
    end,
    popen = function()
      return nil
    end,
  })
end


--- A call raises at the line where it begins. In specs only.
---@param call fun()
---@param text string what the message begins with, behind file and line
function M.assert_raises(call, text)
  local at = debug.getinfo(call, "S")
  local file = at.short_src:match("[^/]+$")
  local _, message = pcall(call)
  require("luassert").matches(("%s:%d: %s"):format(file, at.linedefined,
    text), message, 1, true)
end


-- ---- profiles of real work ------------------------------------------------

local INTERPRETERS = {
  plain = "",
  required = [[-e 'require "cprof.core"']],
  running = [[-e 'session = require("cprof.core").start({ hz = 1000 })']],
}


--- What a program prints, run by this VM without cprof ("plain"), with its
--- core loaded ("required") or with a session at 1000 Hz ("running").
---@param code string a Lua program
---@return table<string, string> outputs by how it was run, with exit codes
function M.outputs(code)
  local path, outputs = M.file(code), {}
  for how, options in pairs(INTERPRETERS) do
    local status, out, err = M.shell(("lua %s %s"):format(options, path))
    outputs[how] = ("%sexit %d %s"):format(out, status, err)
  end
  os.remove(path)
  return outputs
end


--- What programs of M.assert_unchanged may use. busy takes so long that
--- signals come; show prints what differs from run to run as its type.
M.PRELUDE = [[
local function busy(n)
  local x = 0
  for i = 1, n or 1000000 do x = x + i % 7 end
  return x
end
local function show(...)
  local list = table.pack(...)
  for i = 1, list.n do
    list[i] = type(list[i]) == "function" and "function" or tostring(list[i])
  end
  print(table.unpack(list, 1, list.n))
end
]]


--- A program prints the same, byte for byte, without cprof, with it, and while
--- a session runs. In specs only.
---@param code string
function M.assert_unchanged(code)
  local luassert, outputs = require "luassert", M.outputs(code)
  luassert.equal(outputs.plain, outputs.required)
  luassert.equal(outputs.plain, outputs.running)
end


local function text_of(frame)
  if frame.name ~= "" then
    return frame.name
  end
  return ("%s:%d"):format(frame.filename:sub(2), frame.start_line)
end


--- The samples of a core's profile: signals, ns, state (vmstate), labels,
--- line (of the leaf), and frames as texts, leaf first: a name where there is
--- one, "chunk:line defined" of a Lua function.
---@param profile userdata
---@return table[] samples
function M.samples(profile)
  local samples = {}
  for i, stack in ipairs(assert(profile:stacks(1))) do
    local frames = {}
    for k, frame in ipairs(stack.frames) do
      frames[k] = text_of(frame)
    end
    local leaf = stack.frames[1]
    samples[i] = {
      signals = stack.values[1], ns = stack.values[2], frames = frames,
      labels = stack.labels, state = stack.labels.vmstate,
      line = leaf and leaf.line or 0,
      text = table.concat(frames, " < "),
    }
  end
  return samples
end


-- Within M.profile, the samples a second that are worth waiting for.
local samples_per_s = 0


--- Runs a call under a session of the core's.
---@param options table of core.start
---@param call function
---@return table[] samples see M.samples
---@return userdata profile
function M.profile(options, call, ...)
  local session = assert(require("cprof.core").start(options))
  samples_per_s = math.min(options.hz, 250) / 2
  local ok, why = pcall(call, ...)
  samples_per_s = 0
  local profile, message = session:stop()
  assert(ok, why)
  assert(profile, message)
  return M.samples(profile), profile
end


--- How many signals, and how much of their weight, match.
---@param samples table[]
---@param matches? fun(sample: table): any all when nil
---@return number signals
---@return number ns
function M.count(samples, matches)
  local signals, ns = 0, 0
  for _, sample in ipairs(samples) do
    if not matches or matches(sample) then
      signals, ns = signals + sample.signals, ns + sample.ns
    end
  end
  return signals, ns
end


--- Signals whose stack, as "leaf < … < root", holds this text.
---@param samples table[]
---@param text string
---@return number signals
function M.count_text(samples, text)
  return (M.count(samples, M.has(text)))
end


--- A match for M.count: the stack holds this text.
---@param text string
---@return fun(sample: table): any
function M.has(text)
  return function(sample)
    return sample.text:find(text, 1, true)
  end
end


--- At least this share of the signals, and of more than ten, matches.
---@param samples table[]
---@param share number
---@param matches fun(sample: table): any
function M.assert_share(samples, share, matches)
  local count, total = M.count(samples, matches), M.count(samples)
  local all = {}
  for i, sample in ipairs(samples) do
    all[i] = ("%d %s %.70s"):format(sample.signals, tostring(sample.state),
      sample.text)
  end
  assert(total > 10 and count >= share * total,
    ("%d of %d match\n%s"):format(count, total, table.concat(all, "\n")))
end


--- Is `count` of `total` what a share of p gives, within four sigmas?
---@return boolean
---@return string why not
function M.is_share(count, total, p)
  local sigma = math.sqrt(total * p * (1 - p))
  return math.abs(count - total * p) <= 4 * sigma + 1,
    ("%d of %d, %.1f +- %.1f expected"):format(count, total, total * p,
      4 * sigma + 1)
end


--- Loads code whose functions are "work:LINE" in samples.
---@param code string
---@return any what the chunk returns
function M.work(code)
  return assert((loadstring or load)(code, "=work"))() -- luacheck: ignore
end


-- Whether work is to go on: until this thread has used so much CPU, and there
-- are half as many samples as a kernel of HZ 250 gives. Where others use the
-- processor there may be few: wait for them, but not forever.
local function new_more(ms)
  local burn, core = require "burn", require "cprof.core"
  local start, ticks = burn.rusage(), core.stats().ticks
  return function()
    local used_ms = (burn.rusage() - start) / 1e6
    return used_ms < ms or used_ms < 10 * ms
      and core.stats().ticks - ticks < ms * samples_per_s / 1000
  end
end


--- Calls f until this thread has used so much CPU; f should take about 1 ms.
---@param ms number at least
---@param f function
function M.repeat_ms(ms, f, ...)
  local more = new_more(ms)
  while more() do
    f(...)
  end
end


--- The CPU time that a call takes.
---@param call function
---@return number ns
function M.used_by(call, ...)
  local burn = require "burn"
  local before = burn.rusage()
  call(...)
  return burn.rusage() - before
end


--- Burns this thread's CPU by C code, at least so long.
---@param ms number
function M.burn_ms(ms)
  M.repeat_ms(ms, require("burn").a, 2000)
end


--- The values of a profile's comments, by key without "cprof.".
---@param profile userdata
---@return table<string, string|number>
function M.comments(profile)
  local values = {}
  for _, comment in ipairs(profile:info().comments) do
    local key, value = comment:match("^cprof%.([%w_]+)=(.*)$")
    if key then
      values[key] = tonumber(value) or value
    end
  end
  return values
end


--- Skips the running test on the other VM.
---@param pending fun(reason: string) busted's
---@param vm string "lua5.4" or "luajit"
---@param reason string
function M.only_on(pending, vm, reason)
  if M.vm ~= vm then
    pending(reason)
  end
  M.need_core(pending)
end


return M
