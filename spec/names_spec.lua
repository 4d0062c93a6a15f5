local names = require "cprof.names"
local support = require "spec.support"

-- A profile of these functions, whose names come back in `named`.
local function fake_profile(functions)
  local named = {}
  local profile = {}
  function profile.unnamed()
    return functions
  end
  function profile.rename(_, id, name, filename)
    named[id] = { name = name, filename = filename }
    return true
  end
  return profile, named
end

local function context(loaded)
  return {
    open = io.open, getinfo = debug.getinfo, loaded = loaded or {},
    is_file = function() return true end,
  }
end

-- Name and filename of one function.
local function name_of(source, line, world)
  local profile, named =
    fake_profile({ { id = 1, source = source, line = line } })
  assert(names.new(world or context()):apply(profile))
  return named[1].name, named[1].filename
end


describe("cprof.names", function()
  local path

  before_each(function()
    path = support.file("local x\nfunction M.f()\r\nend\n"
      .. "return function()\n" .. ("x"):rep(4090) .. " function g() end\n")
  end)

  after_each(function()
    os.remove(path)
  end)

  it("reads the definition from the file", function()
    local name, filename = name_of("@" .. path, 2)
    assert.equal("M.f", name)
    assert.equal(path, filename)
  end)

  it("names a main chunk after its file", function()
    assert.equal("main@x.lua", name_of("@/a/b/x.lua", 0))
    assert.equal("main@b/init.lua", name_of("@/a/b/init.lua", 0))
    assert.equal("main@stdin", name_of("=stdin", 0))
  end)

  it("falls back to the place", function()
    local base = path:match("[^/]+$")
    assert.equal("anonymous@" .. base .. ":4", name_of("@" .. path, 4))
    assert.equal("anonymous@gone.lua:7", name_of("@/no/gone.lua", 7))
    assert.equal("anonymous@" .. base .. ":99", name_of("@" .. path, 99))
  end)

  it("does not read lines that are too long", function()
    local base = path:match("[^/]+$")
    assert.equal("anonymous@" .. base .. ":5", name_of("@" .. path, 5))
  end)

  it("does not read folders, devices, and files too large", function()
    local huge = context()
    huge.open = function()
      return {
        seek = function() return 16 * 1024 * 1024 + 1 end,
        read = function() error("read") end,
        close = function() end,
      }
    end
    assert.equal("anonymous@x:2", name_of("@x", 2, huge))
    assert.equal("anonymous@tmp:2", name_of("@/tmp", 2))
    assert.equal("anonymous@zero:2", name_of("@/dev/zero", 2))
  end)

  it("keeps a relative path relative", function()
    local _, filename = name_of("@./a/b.lua", 3)
    assert.equal("./a/b.lua", filename)
  end)

  it("reads the text of a chunk that was a string", function()
    local name, filename = name_of("local x\nfunction g() end", 2)
    assert.equal("g", name)
    assert.equal('[string "local x..."]', filename)
  end)

  it("shows the first line of such a text", function()
    local name = name_of(("x"):rep(99), 12)
    assert.equal('anonymous@[string "' .. ("x"):rep(45) .. '..."]:12', name)
  end)

  it("takes the = off a chunk name", function()
    local name, filename = name_of("=content_by_lua(nginx.conf:9)", 3)
    assert.equal("anonymous@content_by_lua(nginx.conf:9):3", name)
    assert.equal("content_by_lua(nginx.conf:9)", filename)
  end)

  it("uses the path from a loaded module where no text helps", function()
    local load = rawget(_G, "loadstring") or load
    local f = load("return {\nfunction() end}", "=lib")()[1]
    local loaded = { a = { part = { map = f } }, b = { map = f } }
    assert.equal("b.map", name_of("=lib", 2, context(loaded)))
  end)

  it("gives functions of one line no one name", function()
    local code = "local t = { add = function() end, mul = function() end }\n"
      .. "return t"
    local load = rawget(_G, "loadstring") or load
    local one = { add = load(code, code)().add }
    assert.matches("^anonymous@.*:1$", name_of(code, 1,
      context({ lib = one })))
  end)

  it("leaves _G out of such a path", function()
    local load = rawget(_G, "loadstring") or load
    local f = load("return {\nfunction() end}", "=lib")()[1]
    assert.equal("f", name_of("=lib", 2, context({ _G = { f = f } })))
  end)

  it("does not call metamethods of loaded tables", function()
    local trap = setmetatable({}, {
      __index = error, __pairs = error, __len = error,
    })
    assert.equal("anonymous@lib:2",
      name_of("=lib", 2, context({ trap = trap })))
  end)

  it("names what LuaJIT has built in", function()
    if not jit then
      pending("PUC Lua has no functions of this kind")
    end
    local name, filename = name_of("deg", -1, context(package.loaded))
    assert.equal("math.deg", name)
    assert.equal("[builtin:deg]", filename)
  end)

  it("tells the core's failure", function()
    local profile = fake_profile({ { id = 1, source = "=x", line = 1 } })
    profile.rename = function()
      return nil, "no memory", "memory"
    end
    local ok, message, code = names.new(context()):apply(profile)
    assert.is_nil(ok)
    assert.equal("no memory", message)
    assert.equal("memory", code)
  end)

  it("names by the place when the look for names raises", function()
    local world = context()
    world.open = error
    assert.equal("anonymous@x.lua:3", name_of("@x.lua", 3, world))
    assert.equal("main@x.lua", name_of("@x.lua", 0, world))
  end)
end)


describe("cprof.names of a relative path", function()
  local opened

  -- A world in which only these files are; opening notes the name.
  local function world_of(folder, files)
    opened = {}
    local world = context()
    world.folder = folder
    world.is_file = function(name)
      return files[name]
    end
    world.open = function(name)
      opened[#opened + 1] = name
    end
    return world
  end

  it("reads the file in the folder of the start", function()
    name_of("@a.lua", 2, world_of("/start", { ["/start/a.lua"] = true,
      ["a.lua"] = true }))
    assert.same({ "/start/a.lua" }, opened)
  end)

  it("reads the file in the present folder if there is none", function()
    name_of("@a.lua", 2, world_of("/start", { ["a.lua"] = true }))
    assert.same({ "a.lua" }, opened)
  end)

  it("opens nothing that is no file", function()
    name_of("@a.lua", 2, world_of("/start", {}))
    name_of("@/a.lua", 2, world_of(nil, {}))
    assert.same({}, opened)
  end)
end)


describe("a namer", function()
  local path, opened, world

  before_each(function()
    path = support.file("local function f()\nend\nlocal function g()\nend\n")
    opened, world = 0, context()
    world.open = function(...)
      opened = opened + 1
      return io.open(...)
    end
  end)

  after_each(function()
    os.remove(path)
  end)

  local function apply(namer, ...)
    local functions = {}
    for i, line in ipairs({ ... }) do
      functions[i] = { id = i, source = "@" .. path, line = line }
    end
    local profile, named = fake_profile(functions)
    assert(namer:apply(profile))
    return named
  end

  it("reads a file once", function()
    local namer = names.new(world)
    assert.equal("f", apply(namer, 1)[1].name)
    local named = apply(namer, 1)
    assert.equal("f", named[1].name)
    assert.equal(path, named[1].filename)
    assert.equal(1, opened)
  end)

  it("reads it again for functions that are new", function()
    local namer = names.new(world)
    apply(namer, 1)
    local named = apply(namer, 1, 3)
    assert.same({ "f", "g" }, { named[1].name, named[2].name })
    assert.equal(2, opened)
  end)

  it("looks once for what cannot be read", function()
    local namer = names.new(world)
    os.remove(path)
    apply(namer, 1)
    apply(namer, 1)
    assert.equal(1, opened)
  end)

  it("keeps no more than a bound, and names all the same", function()
    local functions = {}
    for i = 1, 6000 do
      functions[i] = { id = i, source = "=chunk" .. i, line = 2 }
    end
    local namer, profile, named = names.new(world), fake_profile(functions)
    assert(namer:apply(profile))
    assert.equal("anonymous@chunk6000:2", named[6000].name)
    local kept = 0
    for _ in pairs(namer.known) do
      kept = kept + 1
    end
    assert.equal(5000, kept)
  end)

  it("keeps no texts", function()
    local namer = names.new(world)
    local profile = fake_profile({
      { id = 1, source = "function f() end", line = 1 },
    })
    assert(namer:apply(profile))
    assert.is_nil(next(namer.known))
  end)
end)


describe("cprof.names with its core", function()
  it("does not wait for a pipe that nobody writes", function()
    support.need_core(pending)
    local path = os.tmpname()
    local code, out, err = support.shell(("rm %s; mkfifo %s\n"):format(path,
      path) .. ([[timeout 10 %s -e '
      local core, names = require "cprof.core", require "cprof.names"
      names.new(names.new_context(core)):apply({
        unnamed = function()
          return { { id = 1, source = "@%s", line = 7 } }
        end,
        rename = function(_, _, name) print(name) return true end,
      })']]):format(support.vm, path))
    os.remove(path)
    assert.same({ 0, "" }, { code, err })
    assert.equal("anonymous@" .. path:match("[^/]+$") .. ":7\n", out)
  end)
end)
