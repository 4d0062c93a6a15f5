local fixtures = require "spec.report.fixtures"
local model = require "spec.report.model"
local tags = require "cprof.report.tags"

local function new_view(fields)
  return model.view({
    stacks = {
      { values = { 10e6 }, "f a.lua:1:1", units = { size = "bytes" },
        labels = { route = "/x", size = 1024 } },
      { values = { 30e6 }, "f a.lua:1:1", labels = { route = "/longer" } },
      { values = { 20e6 }, "f a.lua:1:1", labels = { route = "/x" } },
      { values = { 40e6 }, "f a.lua:1:1" },
    },
  }, fields)
end


describe("cprof.report.tags", function()
  it("prints keys by name, their values by size", function()
    local view = new_view()
    -- the layout is that of go tool pprof -tags
    assert.equal(" route: Total 60ms of 100ms (60.00%)\n"
      .. "        30ms (30.00%): /longer\n"
      .. "        30ms (30.00%): /x\n"
      .. "\n"
      .. " size: Total 10ms of 100ms (10.00%)\n"
      .. "       10ms (10.00%): 1kB\n"
      .. "\n", tags.text(tags.data(view), view))
  end)

  it("gives sums, shares and what the numbers were", function()
    local data = tags.data(new_view())
    assert.equal(100e6, data.total)
    assert.equal(0.6, data.tags[1].share)
    assert.same({ label = "1kB", value = 10e6, share = 0.1, number = 1024,
      unit = "bytes" }, data.tags[2].values[1])
  end)

  it("says so of a profile without labels", function()
    local view = model.view({ stacks = { { values = { 1 }, "f a.lua:1:1" } } })
    assert.equal("no labels\n", tags.text(tags.data(view), view))
  end)

  it("gives no shares of a total of 0", function()
    local view = new_view({ total = 0 })
    assert.matches("^ route: Total 60ms of 0\n        30ms: /longer\n",
      tags.text(tags.data(view), view))
  end)
end)


describe("tags beside go tool pprof", function()
  for _, name in ipairs(fixtures.NAMES) do
    it("says the same of " .. name, function()
      local theirs, profile = fixtures.open(pending, name, "-tags")
      if theirs:find("Total", 1, true)
        and not theirs:find(": Total [^\n]* of ") then
        pending("an older pprof, which prints tags another way")
        return
      end
      assert.equal(theirs == "" and "no labels\n" or theirs, profile:tags())
    end)
  end
end)
