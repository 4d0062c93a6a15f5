local budget = require "cprof.report.budget"

local FREE = 64 * 2 ^ 20

describe("cprof.report.budget", function()
  it("gives every frame of the different stacks 256 bytes", function()
    local shared = { {}, {} }
    assert.equal(FREE, budget.of({}))
    assert.equal(FREE + 3 * 256, budget.of({
      { frames = shared }, { frames = shared, labels = {} },
      { frames = { {} } },
    }))
  end)

  it("counts stacks that labels tell apart, or all", function()
    local shared = { {}, {} }
    local stacks = { { frames = shared, labels = { k = "a" } },
      { frames = shared, labels = { k = "b" } } }
    assert.equal(FREE + 4 * 256, budget.of(stacks))
    assert.equal(FREE + 4 * 256,
      budget.of({ { frames = shared }, { frames = shared } }, true))
  end)

  it("says how large, and what to do", function()
    assert.same({ nil, "the text would be larger than 64 MiB; choose stacks by"
      .. " filters or n", "limit" }, { budget.fail(FREE, true) })
    assert.same({ nil, "the text would be larger than 64 MiB; choose stacks by"
      .. " filters", "limit" }, { budget.fail(FREE) })
  end)
end)
