-- The programs that are measured with and without cprof: NAME -> function(n)
-- that does n units of work. `luacheck` is a real one: Debian's, analysing its
-- own sources (/usr/share/lua/5.1 must be in package.path).

local FOLDER = "/usr/share/lua/5.1/luacheck" -- Debian's

local M = {}


local function fib(n)
  return n < 2 and n or fib(n - 1) + fib(n - 2)
end


function M.fib(n)
  for _ = 1, n do
    fib(20)
  end
end


function M.strings(n)
  for i = 1, n do
    local parts = {}
    for j = 1, 100 do
      parts[j] = ("%d:%s"):format(j, tostring(i + j))
    end
    local text = table.concat(parts, ",")
    text:gsub("%d+", function(digits) return digits .. "!" end)
    text:upper():find("99:", 1, true)
  end
end


function M.tables(n)
  for i = 1, n do
    local list, index = {}, {}
    for j = 1, 200 do
      list[j] = { key = (j * 7919 + i) % 1009 }
    end
    table.sort(list, function(a, b) return a.key < b.key end)
    for j, item in ipairs(list) do
      index[item.key] = (index[item.key] or 0) + j
    end
    assert(next(index))
  end
end


-- Nothing but switches.
function M.switches(n)
  local thread = coroutine.wrap(function()
    while true do
      coroutine.yield()
    end
  end)
  for _ = 1, n * 1000 do
    thread()
  end
end


local sources


local function read_sources()
  local pipe = assert(io.popen("find " .. FOLDER .. " -name '*.lua' | sort"))
  sources = {}
  for path in pipe:lines() do
    local file = assert(io.open(path))
    sources[#sources + 1] = file:read("*a")
    file:close()
  end
  pipe:close()
end


-- A unit is a file.
function M.luacheck(n)
  local luacheck = require "luacheck"
  if not sources then
    read_sources()
  end
  for i = 1, n do
    luacheck.check_strings({ sources[i % #sources + 1] })
  end
end


return M
