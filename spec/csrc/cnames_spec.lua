-- Names of C functions, as profiles show them. Each program runs in a process
-- of its own, since a name once found stays.

local support = require "spec.support"

-- The leaf with the most signals while the code's function runs.
local function leaf_of(code)
  local path = support.file([[
    package.path = "./?.lua;" .. package.path
    local support = require "spec.support"
    local burn = require "burn"
    local run = (function() ]] .. code .. [[ end)()
    local samples, leaves, best = support.profile({ hz = 1000 },
      support.repeat_ms, 120, run), {}, ""
    leaves[""] = 0
    for _, sample in ipairs(samples) do
      local leaf = sample.frames[1] or ""
      leaves[leaf] = (leaves[leaf] or 0) + sample.signals
      if leaves[leaf] > leaves[best] then best = leaf end
    end
    io.write(best)]])
  local status, out, err = support.shell("lua " .. path)
  os.remove(path)
  assert.equal("0 ", status .. " " .. err)
  return out
end


describe("a C function", function()
  it("is named by its module's path", function()
    support.need_core(pending)
    assert.equal("burn.a",
      leaf_of("local f = burn.a return function() f(20000) end"))
  end)

  it("is named by the shortest path", function()
    support.need_core(pending)
    assert.equal("x.y", leaf_of([[
      package.loaded["a.much.longer"] = { a = burn.a }
      package.loaded.x = { y = burn.a }
      return function() burn.a(20000) end]]))
  end)

  it("is found in a table of a module", function()
    support.need_core(pending)
    assert.equal("m.s.f", leaf_of([[
      package.loaded.m = { s = { f = burn.b } }
      burn.b = nil
      local f = package.loaded.m.s.f
      return function() f(20000) end]]))
  end)

  it("is named as a global", function()
    support.need_core(pending)
    assert.equal("busy", leaf_of([[
      busy = burn.a
      return function() busy(20000) end]]))
  end)

  it("is named as a method", function()
    support.only_on(pending, "lua5.4", "LuaJIT's io methods are built in")
    assert.equal("FILE*:write", leaf_of([[
      local file, text = io.open("/dev/null", "w"), ("x"):rep(100)
      return function() for i = 1, 5000 do file:write(text, text, text) end
      end]]))
  end)

  it("does not run metamethods to be named", function()
    support.need_core(pending)
    assert.equal("burn.a", leaf_of([[
      local function fail() error("ran") end
      package.loaded.trap = setmetatable({}, { __index = fail,
        __pairs = fail, __len = fail, __name = fail, __tostring = fail })
      return function() burn.a(20000) end]]))
  end)

  it("in no table is named as it is called", function()
    support.only_on(pending, "lua5.4", "LuaJIT gives no call-site names")
    assert.equal("hidden", leaf_of([[
      local hidden = burn.b
      burn.b = nil
      return function() hidden(20000) end]]))
  end)

  it("that ipairs returns has a name", function()
    support.only_on(pending, "lua5.4", "LuaJIT's ipairs is no C function")
    local list = "local t = {} for i = 1, 3000 do t[i] = i end "
    local leaf = leaf_of(list .. "return function() for r = 1, 10 do "
      .. "for i in ipairs(t) do end end end")
    assert.is_true(leaf == "ipairs.iterator" or leaf:find("cnames") == nil,
      leaf)
  end)
end)
