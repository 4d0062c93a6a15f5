-- Shows a profile of a script that knows nothing of cprof. The variable CPROF
-- says what to do (its grammar: lua/cprof/auto.lua); the file is there at the
-- end, whether the script returns, calls os.exit, or fails.
--
-- Run: CPROF='cpu;hz=200;out=/tmp/auto.pb.gz' LUA_INIT='require "cprof.auto"' \
--   lua examples/without_touching_code.lua && cprof top /tmp/auto.pb.gz
-- Expect: done\n
-- Expect: Type: cpu
-- Expect:   work\n

local function work(seconds)
  local stop, x = os.clock() + seconds, 0
  while os.clock() < stop do
    for i = 1, 20000 do
      x = (x * 31 + i) % 65521
    end
  end
  return x
end


work(0.3)
print("done")
