-- Shows the data behind the reports: rows of the table, the header of a
-- profile, and a profile that was read back from its bytes.
--
-- Run: lua examples/report_as_data.lua
-- Expect: the type shown is cpu in nanoseconds
-- Expect: busy: %d+%.%d%% of the time, defined at line %d+

local cprof = require "cprof"


local function busy()
  local stop, x = os.clock() + 0.3, 0
  while os.clock() < stop do
    for i = 1, 20000 do
      x = (x * 31 + i) % 65521
    end
  end
  return x
end


local session = assert(cprof.start({ cpu = { hz = 200 } }))
busy()
local bytes = assert(assert(session:stop()).cpu:encode())

local profile = assert(cprof.open(bytes))
local info = profile:info()
local kind = info.sample_types[info.default_index]
print(("the type shown is %s in %s"):format(kind.type, kind.unit))

local top = assert(profile:data("top", { n = 3, sort = "cum" }))
for _, row in ipairs(top.rows) do
  print(("%s: %.1f%% of the time, defined at line %d"):format(row.name,
    100 * row.cum_share, row.start_line))
end
