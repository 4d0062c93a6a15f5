-- `cprof run` on a program that nobody here wrote: Debian's luacheck. Under
-- cprof it prints and ends as without it, and the profile names its functions
-- and those of its libraries as their definitions do.

local support = require "spec.support"

local LUACHECK = "/usr/bin/luacheck"
local MODULES = "/usr/share/lua/5.1" -- pure Lua, good for 5.4 as well
local FILES = 2000 -- for lfs to look at
local WORDS = 7000 -- for argparse to take
local RUNS = 10 -- at most, until a sample fell into argparse
local OPTIONS = "--no-config --no-cache --no-color "

local folder


-- Runs a command in the folder, luacheck's modules in reach.
local function shell(command)
  return support.shell(("LUA_PATH=\"$LUA_PATH;%s/?.lua;%s/?/init.lua\"\n"
    .. "export LUA_PATH; cd %s || exit 99\n"):format(MODULES, MODULES, folder)
    .. command)
end


local function need_luacheck()
  support.need_core(pending)
  if os.getenv("TEST_MODE") == "gc" then
    pending("other processes do the work: no collector here to stress")
  end
  if not support.read(LUACHECK) then
    pending("no " .. LUACHECK .. " (lua-check)")
  elseif shell("lua " .. LUACHECK .. " --version") ~= 0 then
    pending("luacheck does not run on " .. support.vm)
  end
end


setup(function()
  folder = os.tmpname()
  os.remove(folder)
  support.shell("mkdir -p " .. folder .. "/many")
  shell("echo 'local unused = 1' >warn.lua; echo 'x = = 1' >bad.lua\n"
    .. "echo 'return 1' >clean.lua")
end)


teardown(function()
  support.shell("rm -r " .. folder)
end)


describe("luacheck under cprof", function()
  for _, case in ipairs({
    { 0, "clean.lua" },
    { 0, "--help" },
    { 0, "--version" },
    { 1, "warn.lua clean.lua" },
    { 1, "--formatter JUnit warn.lua" },
    { 1, "- <warn.lua" },
    { 1, "-q --codes --ranges " .. MODULES .. "/luacheck " .. MODULES
      .. "/argparse.lua --max-line-length 40" },
    { 2, "bad.lua warn.lua" },
    { 3, "no.lua" },
    { 4, "--std nonsense clean.lua" },
    { 4, "" },
  }) do
    it("prints and ends as without: " .. case[2], function()
      need_luacheck()
      local words = LUACHECK .. " " .. OPTIONS .. case[2]
      local plain = { shell("lua " .. words) }
      local profiled = { shell("cprof run -q -o cpu.pb.gz " .. words) }
      assert.equal(case[1], plain[1])
      assert.same(plain, profiled)
      assert.is_true(assert(require("cprof").open(folder .. "/cpu.pb.gz"))
        :check())
    end)
  end
end)


-- ---- names ----------------------------------------------------------------

-- Adds every function of a profile, {name, filename, start_line}, once.
local function add_functions(list, profile)
  for _, stack in ipairs((profile:stacks())) do
    for _, frame in ipairs(stack.frames) do
      local key = frame.name .. "\0" .. frame.filename .. frame.start_line
      if not list[key] then
        list[key] = true
        list[#list + 1] = frame
      end
    end
  end
end


-- How many stacks of a profile hold a function of cprof below the script's. A
-- sample may fall into cprof's own start, or into its end above the script.
local function count_mixed(profile)
  local mixed = 0
  for _, stack in ipairs((profile:stacks())) do
    local own, foreign = false, false
    for _, frame in ipairs(stack.frames) do -- leaf first
      foreign = foreign or frame.filename:find("/luacheck")
      own = own or foreign and (frame.filename:find("/bin/cprof$")
        or frame.filename:find("/lua/cprof/"))
    end
    mixed = mixed + (own and 1 or 0)
  end
  return mixed
end


-- How many functions match in a field.
local function count(list, field, pattern)
  local found = 0
  for _, frame in ipairs(list) do
    if frame[field]:find(pattern) then
      found = found + 1
    end
  end
  return found
end


local function lines_of(path)
  local lines = {}
  for line in io.lines(path) do
    lines[#lines + 1] = line
  end
  return lines
end


-- The part of a name that its definition must show: "Parser:parse" -> parse.
local function last_part(name)
  return name:match("[%w_]+$") or name:match("%b[]$") or name
end


-- What is wrong with the name of a Lua function, by its source alone.
local function find_fault(frame)
  local file = frame.filename:match("[^/]+$")
  if frame.start_line == 0 then
    return not frame.name:find("^main@") and "is a main chunk"
  end
  local lines = lines_of(frame.filename)
  local text = lines[frame.start_line] or ""
  local before = lines[frame.start_line - 1] or ""
  if not text:find("function", 1, true) then
    return "no function is defined there"
  elseif frame.name:find("^anonymous@") then
    return not frame.name:find(file .. ":" .. frame.start_line, 1, true)
      and "is elsewhere"
  end
  local part = last_part(frame.name)
  return not (text:find(part, 1, true) or before:find(part, 1, true))
    and "is not named there: " .. text
end


describe("the profile of luacheck", function()
  local functions, mixed = nil, 0

  local function run(words)
    local code, _, err = shell("cprof run -q --hz 1000 -o cpu.pb.gz "
      .. LUACHECK .. " " .. OPTIONS .. words)
    assert.same({ true, "" }, { code <= 1, err })
    local read = assert(require("cprof").open(folder .. "/cpu.pb.gz"))
    add_functions(functions, read)
    mixed = mixed + count_mixed(read)
  end

  -- The functions of runs that make lfs and argparse work, too.
  local function profile()
    if functions then
      return functions
    end
    functions = {}
    shell(("for i in $(seq %d); do echo \"local a$i = 1\" >many/$i.lua; "
      .. "done"):format(FILES))
    run("-q many many many " .. MODULES .. "/luacheck")
    for _ = 1, RUNS do
      run("clean.lua $(seq -f --ignore=%.0f " .. WORDS .. ")")
      if count(functions, "filename", "/argparse%.lua$") > 0 then
        break
      end
    end
    return functions
  end

  it("names every Lua function as the source at its line does", function()
    need_luacheck()
    local faults, checked = {}, 0
    for _, frame in ipairs(profile()) do
      if frame.filename:find("^/") then
        checked = checked + 1
        local fault = find_fault(frame)
        if fault then
          faults[#faults + 1] = ("%s, %s:%d %s"):format(frame.name,
            frame.filename, frame.start_line, fault)
        end
      end
    end
    assert.equal("", table.concat(faults, "\n"))
    assert.is_true(checked > 30, checked .. " functions")
  end)

  it("has luacheck, its argparse, and C functions of lfs", function()
    need_luacheck()
    local list = profile()
    assert.is_true(count(list, "filename", "^" .. MODULES .. "/luacheck/")
      > 20)
    assert.is_true(count(list, "filename", "/argparse%.lua$") > 0)
    assert.is_true(count(list, "name", "^lfs%.%l+$") > 0)
    assert.is_true(count(list, "name", "^string%.%l+$") > 0)
  end)

  it("has no frame of cprof below the script's", function()
    need_luacheck()
    assert.is_true(#profile() > 0)
    assert.equal(0, mixed)
  end)
end)
