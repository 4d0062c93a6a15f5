-- `make differential`: every option over every file, by every Go that is here.
-- run.lua [SEEDS] [random]: so many random profiles, 40 by default; and no
-- others. Prints what differs and a last line; ends with 1 if anything does.

local check = require "spec.differential.check"
local files = require "spec.differential.files"
local pprof = require "spec.differential.pprof"
local support = require "spec.support"

local SEEDS = tonumber(arg[1]) or 40
local RANDOM_ONLY = arg[2] == "random"

local folder = support.new_folder()
local cases, findings = 0, 0


local function tell(lines)
  for _, line in ipairs(lines) do
    print(line)
  end
  findings = findings + #lines
end


local function compare(go, what, set)
  local lines, count = check.run(go, set)
  cases = cases + count
  if #lines > 0 then
    print(("%s: %d of %d differ"):format(what, #lines, count))
    tell(lines)
  end
end


local function all(go)
  local paths = RANDOM_ONLY and {} or files.fixtures()
  for seed = 1, SEEDS do
    paths[#paths + 1] = files.random(folder, seed)
  end
  for _, path in ipairs(paths) do
    compare(go, path, { paths = { path } })
    local lines, count = check.contents(go, path, folder)
    cases = cases + count
    tell(lines)
  end
  for _, set in ipairs(RANDOM_ONLY and {} or files.sets(folder)) do
    compare(go, set.name, set)
  end
  cases = cases + #paths
  tell(check.round_trip(go, paths, folder))
end


for _, go in ipairs(support.GOS) do
  if pprof.program(go) then
    all(go)
  else
    print("differential: no " .. go)
  end
end
support.remove_folder(folder)
print(("differential: %d cases, %d differ"):format(cases, findings))
os.exit(findings == 0 and 0 or 1)
