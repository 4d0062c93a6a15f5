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
  }
end

-- Name and filename of one function.
local function name_of(source, line, world)
  local profile, named =
    fake_profile({ { id = 1, source = source, line = line } })
  assert(names.apply(profile, world or context()))
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
    local name, filename = name_of("deg", -1, names.CONTEXT)
    assert.equal("math.deg", name)
    assert.equal("[builtin:deg]", filename)
  end)

  it("tells the core's failure", function()
    local profile = fake_profile({ { id = 1, source = "=x", line = 1 } })
    profile.rename = function()
      return nil, "no memory", "memory"
    end
    local ok, message, code = names.apply(profile, context())
    assert.is_nil(ok)
    assert.equal("no memory", message)
    assert.equal("memory", code)
  end)
end)
