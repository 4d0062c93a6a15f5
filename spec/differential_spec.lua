-- cprof against `go tool pprof` of each Go that is here: a fixed sample of what
-- spec/differential compares, each file with some of the options; `make
-- differential` takes all of them.

local check = require "spec.differential.check"
local files = require "spec.differential.files"
local pprof = require "spec.differential.pprof"
local skipping = require "spec.skipping"
local support = require "spec.support"

local STEP = 9 -- one of so many cases of a file
local STEP_SET = 19
local STEP_CONTENTS = 23
local SEEDS = 6
local SEEDS_RAW = 30

local folder


local function no_processes()
  return skipping.no_processes()
end


local it_can = skipping.it_unless(it, function(reason)
  pending(reason)
end, no_processes)


local function need(go)
  if not pprof.program(go) then
    pending("no " .. go)
    return false
  end
  return true
end


-- Each file starts with another case, so that all cases come.
local function every(step, start)
  return function(i)
    return i % step == start % step
  end
end


local function none(findings)
  assert.equal("", table.concat(findings, "\n"))
end


setup(function()
  folder = support.new_folder()
end)


teardown(function()
  support.remove_folder(folder)
end)


for number, go in ipairs(support.GOS) do
  describe("totals, flat and cum by " .. go, function()
    it_can("are ours for fixtures, whatever is asked", function()
      if need(go) then
        for i, path in ipairs(files.fixtures()) do
          none((check.run(go, { paths = { path } },
            every(STEP, i + number))))
        end
      end
    end)

    it_can("are ours for random profiles", function()
      if need(go) then
        for seed = 1, SEEDS do
          none((check.run(go, { paths = { files.random(folder, seed) } },
            every(STEP, seed + number))))
        end
      end
    end)

    it_can("are ours for merged and subtracted profiles", function()
      if need(go) then
        for i, set in ipairs(files.sets(folder)) do
          none((check.run(go, set, every(STEP_SET, i + number))))
        end
      end
    end)
  end)

  describe("what filters leave", function()
    it_can("has the stacks, labels and values that it has by " .. go,
      function()
        if need(go) then
          local paths = files.fixtures()
          paths[#paths + 1] = files.random(folder, 1)
          for i, path in ipairs(paths) do
            none((check.contents(go, path, folder,
              every(STEP_CONTENTS, i + number))))
          end
        end
      end)
  end)

  describe("a file that cprof wrote anew", function()
    it_can("is the same in -raw by " .. go, function()
      if need(go) then
        local paths = files.fixtures()
        for seed = 1, SEEDS_RAW do
          paths[#paths + 1] = files.random(folder, seed)
        end
        none(check.round_trip(go, paths, folder))
      end
    end)
  end)
end


describe("a row that differs", function()
  it("is told with both values", function()
    local own = { a = { flat = 1, cum = 2, count = 1 },
      b = { flat = 0, cum = 0, count = 1 } }
    local theirs = { a = { flat = 1, cum = 3, count = 1 } }
    assert.same({ "    a: pprof 1 3 (1), cprof 1 2 (1)" },
      check.differences(theirs, own))
    assert.same({}, check.differences(own, own))
  end)
end)


describe("a table of -top", function()
  it("is read as pprof prints it", function()
    local rows, total = pprof.top("File: x\nShowing nodes accounting for "
      .. "60ns, 100% of 60ns total\n      flat  flat%   sum%        cum   "
      .. "cum%\n      30ns 50.00% 50.00%       60ns   100%  a b (inline)\n"
      .. "     -30ns 50.00%   100%       30ns 1e-05%  c\n")
    assert.equal(60, total)
    assert.same({ flat = 30, cum = 60, count = 1 }, rows["a b"])
    assert.same({ flat = -30, cum = 30, count = 1 }, rows.c)
  end)
end)
