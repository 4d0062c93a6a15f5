-- A process that is being profiled ends, in the way that is asked for: no late
-- signal may kill it, and its exit code is its own. ends.sh knows which.
-- Run: lua5.4 spec/soak/ends.lua WAY

local cprof = require "cprof"

local function work(n)
  local x = 0
  for i = 1, n do x = x + i % 7 end
  return x
end

local ways = {}

function ways.exit() os.exit(3) end
function ways.exit_closing() os.exit(true, true) end
function ways.exit_in_coroutine()
  coroutine.wrap(function() work(1e4) os.exit(4, true) end)()
end
function ways.raise() error("on purpose") end
function ways.raise_in_coroutine()
  coroutine.wrap(function() work(1e4) error({}) end)()
end

function ways.heap()
  local list = {}
  for i = 1, 100000 do list[i] = { i } end
  return list
end

function ways.collected()
  for _ = 1, 5 do
    assert(cprof.start{ cpu = { hz = 1000 } })
    work(1e5)
    collectgarbage()
  end
end

function ways.stopped()
  assert(cprof.start{ cpu = { hz = 1000 } }):stop()
end

-- Finalizers that are older than cprof, at lua_close: see spec/regress.
function ways.finalizers()
  local newproxy = rawget(_G, "newproxy")
  local function finalize()
    work(1e5)
    coroutine.wrap(work)(1e5)
  end
  if newproxy then
    getmetatable(newproxy(true)).__gc = finalize
    return
  end
  setmetatable({}, { __gc = finalize })
end

function ways.terminate()
  local pid = require "cprof.core".pid()
  os.execute("kill -TERM " .. pid)
  work(1e9)
end

local session = assert(cprof.start{ cpu = { hz = 1000 } })
work(1e5)
local kept = ways[arg[1]]()
work(1e5)
return session, kept
