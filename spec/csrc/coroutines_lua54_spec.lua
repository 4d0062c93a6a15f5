-- Coroutines behave as Lua's own: small programs print the same, byte for
-- byte, without cprof, with it, and while a session runs.

local support = require "spec.support"

-- What every program may use beside support.PRELUDE.
local PRELUDE = support.PRELUDE .. [[
local function closing(name, raises)
  return setmetatable({}, { __close = function(_, e)
    busy(100000)
    print("close " .. name, e, coroutine.isyieldable())
    if raises then error(raises, 0) end
  end })
end
]]

local PROGRAMS = {
  ["passes values both ways"] = [[
    local co = coroutine.create(function(...)
      show("in", select("#", ...), ...)
      show("back", coroutine.yield(1, nil, 3, nil))
      busy()
      return nil, "end", nil
    end)
    show(coroutine.resume(co, nil, "a", nil))
    show(coroutine.resume(co, "b", nil))
    show(coroutine.resume(co))
    show(coroutine.resume(co, 1))]],
  ["tells every status"] = [[
    local outer
    outer = coroutine.create(function()
      show(coroutine.status(outer), coroutine.isyieldable())
      local inner = coroutine.create(function()
        show(coroutine.status(outer), coroutine.isyieldable(outer))
        coroutine.yield()
      end)
      coroutine.resume(inner)
      show(coroutine.status(inner))
    end)
    show(coroutine.status(outer))
    coroutine.resume(outer)
    show(coroutine.status(outer), select(2, coroutine.running()))]],
  ["refuses wrong arguments"] = [[
    for _, name in ipairs({ "create", "resume", "wrap", "close" }) do
      for _, value in ipairs({ 1, "x", {}, print, false }) do
        if not (type(value) == "function"
          and (name == "create" or name == "wrap")) then
          show(name, pcall(coroutine[name], value))
        end
      end
      show(name, pcall(coroutine[name]))
      show(name, pcall(coroutine[name], nil))
    end]],
  ["refuses wrong arguments by the name called"] = [[
    local t = { go = coroutine.resume, shut = coroutine.close }
    show(pcall(function() t.go(1) end))
    show(pcall(function() t.shut({}) end))
    local mine = coroutine.wrap
    show(pcall(function() mine("x") end))
    show(pcall(function() coroutine.resume("x") end))]],
  ["refuses the dead, the running and the normal"] = [[
    local co
    co = coroutine.create(function()
      show("self", coroutine.resume(co))
      show("close self", pcall(coroutine.close, co))
      local inner = coroutine.create(function()
        show("normal", coroutine.resume(co))
        show("close normal", pcall(coroutine.close, co))
      end)
      show(coroutine.resume(inner))
    end)
    show(coroutine.resume(co))
    show("dead", coroutine.resume(co))
    show("main", coroutine.resume((coroutine.running())))
    show("close main", pcall(coroutine.close, (coroutine.running())))]],
  ["refuses a wrapped one that is dead or running"] = [[
    local f
    f = coroutine.wrap(function() show(pcall(f)) end)
    show(pcall(f))
    show(pcall(f))
    f = coroutine.wrap(function() coroutine.yield(1) end)
    f() f()
    local ok, e = pcall(function() f() end)
    show(ok, e)]],
  ["refuses too many arguments and results"] = [[
    local many = table.pack(pcall(table.unpack, {}, 1, 999000))
    local co = coroutine.create(function(...) return select("#", ...) end)
    local list = {}
    show(pcall(function()
      return coroutine.resume(co, table.unpack(list, 1, 600000))
    end))
    co = coroutine.create(function() return table.unpack(list, 1, 600000) end)
    show(pcall(function()
      local function pad(...) return coroutine.resume(co) end
      return select("#", pad())
    end))
    co = coroutine.create(function() return table.unpack(list, 1, 1e7) end)
    show(coroutine.resume(co))
    show(many[1])]],
  ["finds no room for what comes and goes"] = [[
    local list = {}
    local function hold(...)
      local co = coroutine.create(function()
        return table.unpack(list, 1, 600000)
      end)
      return coroutine.resume(co)
    end
    show(pcall(function()
      return select("#", hold(table.unpack(list, 1, 500000)))
    end))
    local co = coroutine.create(function(...)
      coroutine.yield(...)
      local function f(...) return coroutine.yield(...) end
      f(table.unpack(list, 1, 700000))
    end)
    show(select("#", coroutine.resume(co, table.unpack(list, 1, 400000))))
    show(select("#", coroutine.resume(co, table.unpack(list, 1, 700000))))]],
  ["puts the position before a wrapped error"] = [[
    local f = coroutine.wrap(function() busy() error("plain") end)
    show(pcall(f))
    f = coroutine.wrap(function() error("no level", 0) end)
    show(pcall(f))
    show(pcall(function()
      local g = coroutine.wrap(function() error("inner", 0) end)
      g()
    end))
    f = coroutine.wrap(function()
      local g = coroutine.wrap(function() busy() error("deep") end)
      g()
    end)
    show(pcall(function() f() end))]],
  ["hands on error values that are no strings"] = [[
    local value = setmetatable({}, { __tostring = function() return "V" end })
    for _, e in ipairs({ value, 12, 1.5, true, print }) do
      local ok, got = pcall(coroutine.wrap(function() busy() error(e) end))
      show(ok, got == e, type(got))
      local co = coroutine.create(function() error(e) end)
      ok, got = coroutine.resume(co)
      show(ok, got == e, coroutine.status(co))
    end
    show(pcall(coroutine.wrap(function() error() end)))
    show(pcall(coroutine.wrap(function() error(nil, 2) end)))]],
  ["dies of an error and stays dead"] = [[
    local co = coroutine.create(function() busy() error("x") end)
    show(coroutine.resume(co))
    show(coroutine.status(co), coroutine.resume(co))
    show(coroutine.close(co))
    show(coroutine.close(co), coroutine.status(co))]],
  ["closes pending variables"] = [[
    local co = coroutine.create(function()
      local a <close> = closing("a")
      local b <close> = closing("b")
      busy()
      coroutine.yield("y")
    end)
    show(coroutine.resume(co))
    show(coroutine.close(co), coroutine.status(co))
    show(coroutine.close(coroutine.create(print)))]],
  ["closes pending variables that raise"] = [[
    local co = coroutine.create(function()
      local a <close> = closing("a", "from a")
      local b <close> = closing("b", "from b")
      coroutine.yield()
    end)
    coroutine.resume(co)
    show(coroutine.close(co))
    show(coroutine.status(co), coroutine.close(co))
    local t = {}
    co = coroutine.create(function()
      local a <close> = closing("t", t)
      coroutine.yield()
    end)
    coroutine.resume(co)
    local ok, e = coroutine.close(co)
    show(ok, e == t)]],
  ["closes what an error leaves in a wrapped one"] = [[
    local f = coroutine.wrap(function()
      local a <close> = closing("a")
      local b <close> = closing("b", "replaced")
      busy()
      error("first")
    end)
    show(pcall(f))
    show(pcall(f))
    local co = coroutine.create(function()
      local a <close> = closing("c")
      error("left open")
    end)
    show(coroutine.resume(co))
    show(coroutine.close(co))]],
  ["yields inside a closing metamethod"] = [[
    local co = coroutine.wrap(function()
      local a <close> = setmetatable({}, { __close = function()
        busy()
        show(coroutine.yield("in close"))
      end })
      return "result"
    end)
    show(co())
    show(co("again"))]],
  ["yields across pcall, metamethods and iterators"] = [[
    local mt = {
      __add = function(a, b) busy() return coroutine.yield("add") end,
      __index = function(t, k) return coroutine.yield(k) end,
      __lt = function() return coroutine.yield("lt") end }
    local co = coroutine.wrap(function()
      local t = setmetatable({}, mt)
      show(pcall(function() return t + 1, t.key, t < t end))
      show(pcall(function() coroutine.yield("p") busy() error("e") end))
      show(xpcall(function() coroutine.yield("x") error("f", 0) end,
        function(m) return "handled " .. m end))
      for i in function(_, i) return coroutine.yield("it") end do show(i) end
      return "done"
    end)
    show(co())
    for i = 1, 4 do show(co(i)) end
    show(co()) show(co(5)) show(co(nil))]],
  ["does not yield where Lua cannot"] = [[
    show(pcall(coroutine.yield, 1))
    local co = coroutine.create(function()
      busy()
      table.sort({ 3, 2, 1 }, function() coroutine.yield() end)
    end)
    show(coroutine.resume(co))
    co = coroutine.create(function()
      return string.gsub("abc", ".", coroutine.yield)
    end)
    show(coroutine.resume(co))]],
  ["overflows the C stack as Lua does"] = [[
    local depth = 0
    local function nest()
      depth = depth + 1
      return coroutine.wrap(nest)()
    end
    local ok, e = pcall(nest)
    show(ok, depth, #e, e:sub(-40))
    depth = 0
    local function chain()
      depth = depth + 1
      local co = coroutine.create(chain)
      local good, why = coroutine.resume(co)
      if not good then error(why, 0) end
    end
    show(pcall(chain))
    show(depth)]],
  ["recurses to the end of a stack inside"] = [[
    local co = coroutine.create(function()
      local function f() return 1 + f() end
      return f()
    end)
    local ok, e = coroutine.resume(co)
    show(ok, (e:gsub("\n.*", "")))
    show(coroutine.close(co))]],
  ["generates, in turns"] = [[
    local function gen(n)
      return coroutine.wrap(function()
        for i = 1, n do busy(1000) coroutine.yield(i) end
      end)
    end
    local function filter(p, g)
      return coroutine.wrap(function()
        for n in g do if n % p ~= 0 then coroutine.yield(n) end end
      end)
    end
    local g, primes = gen(400), {}
    g()
    for n in function() return g() end do
      primes[#primes + 1] = n
      g = filter(n, g)
    end
    show(table.concat(primes, " "))]],
  ["lets go of coroutines"] = [[
    local weak = setmetatable({}, { __mode = "k" })
    for i = 1, 200 do
      local co = coroutine.create(function() coroutine.yield(busy(1000)) end)
      weak[co] = true
      if i % 2 == 0 then coroutine.resume(co) end
      weak[coroutine.wrap(print)] = true
    end
    collectgarbage() collectgarbage()
    show(next(weak))]],
  ["runs finalizers inside"] = [[
    local co = coroutine.wrap(function()
      for i = 1, 3 do
        setmetatable({}, { __gc = function() busy() print("gc", i) end })
        collectgarbage()
        coroutine.yield(i)
      end
    end)
    show(co(), co(), co())]],
  ["gives tracebacks"] = [[
    local co = coroutine.create(function()
      local function f() busy() coroutine.yield() end
      f()
    end)
    coroutine.resume(co)
    show(debug.traceback(co))
    show(debug.traceback(co, "message", 1))
    show(debug.traceback(co, nil, 0))
    co = coroutine.create(function() local x = nil + 1 end)
    show(coroutine.resume(co))
    show(debug.traceback(co))]],
  ["fails uncaught with a traceback"] = [[
    local f = coroutine.wrap(function() busy() error("uncaught") end)
    f()]],
  ["has the functions it has"] = [[
    local names = {}
    for name, value in pairs(coroutine) do
      names[#names + 1] = name .. " " .. type(value)
        .. " " .. debug.getinfo(value, "S").what
    end
    table.sort(names)
    show(table.concat(names, "\n"))]],
}


describe("coroutine", function()
  for name, code in pairs(PROGRAMS) do
    it(name, function()
      support.only_on(pending, "lua5.4", "LuaJIT's coroutines stay its own")
      support.assert_unchanged(PRELUDE .. code)
    end)
  end
end)
