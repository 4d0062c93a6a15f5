-- cprof's own memory in a session of SECONDS at 100 Hz over luacheck in a
-- loop, then as long again: by its own count, and by the resident set beside
-- that. Run: lua5.4 spec/bench/memory.lua SECONDS (luacheck in LUA_PATH)
-- Expect: a line a half, and a verdict

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local programs = require "programs"
local core = require "cprof.core"
local cprof = require "cprof"

local LIMIT = 4 * 1024 * 1024
local QUEUE = 156 * 1024 -- csrc/queue.h
local GROWTH = 1.2 -- of the second half: stacks that had not been seen

local seconds = tonumber(arg[1])


local function run()
  local start = core.cpu_ns()
  while core.cpu_ns() - start < seconds * 1e9 do
    programs.luacheck(50)
  end
  collectgarbage()
  collectgarbage()
end


local function own_bytes(profile)
  for _, comment in ipairs(profile:info().comments) do
    local bytes = comment:match("^cprof%.memory_bytes=(%d+)$")
    if bytes then
      return tonumber(bytes) + core.stats().memory_bytes + QUEUE
    end
  end
end


local function tell(name, bytes, profile, resident)
  print(("%-8s %-12s %8.0f KiB own  %6d stacks  %+8.0f KiB resident set")
    :format(jit and "luajit" or "lua5.4", name, bytes / 1024,
    #profile:stacks(), resident / 1024))
end


run() -- the program's own memory has its size now
local before = core.resident_bytes()
local session = assert(cprof.start { cpu = { hz = 100 } })
run()
local first = session:snapshot().cpu
local first_bytes = own_bytes(first)
tell("first half", first_bytes, first, core.resident_bytes() - before)
run()
local second = session:stop().cpu
local second_bytes = own_bytes(second)
tell("second half", second_bytes, second, core.resident_bytes() - before)
print(("%-8s at most %d KiB: %s; growth %.2f (at most %.2f): %s"):format(
  jit and "luajit" or "lua5.4", LIMIT / 1024,
  first_bytes <= LIMIT and "ok" or "MISSED", second_bytes / first_bytes,
  GROWTH, second_bytes <= GROWTH * first_bytes and "ok" or "MISSED"))
