local made = require "spec.made"
local support = require "spec.support"


describe("label_sets", function()
  before_each(function()
    support.need_core(pending)
  end)

  it("sums what has the same labels, in order of first appearance", function()
    local profile = made.profile({
      { "main;a", { 1, 10 }, { k = "x", n = { 5, "bytes" } } },
      { "main;b", { 2, 20 } },
      { "main;c", { 4, -40 }, { k = "x", n = { 5, "bytes" } } },
      { "main;c", { 8, 80 }, { k = "y" } },
    })
    local sets = assert(profile:label_sets(2))
    assert.same({ -30, 20, 80 },
      { sets[1].value, sets[2].value, sets[3].value })
    table.sort(sets[1].labels, function(a, b)
      return a.key < b.key
    end)
    assert.same({ { key = "k", str = "x" },
      { key = "n", num = 5, unit = "bytes" } }, sets[1].labels)
    assert.same({}, sets[2].labels)
    assert.equal(5, profile:label_sets(1)[1].value)
    assert.equal(3, #sets)
  end)

  it("answers range for a type that is not there", function()
    local sets, message, code = made.profile({}):label_sets(3)
    assert.is_nil(sets)
    assert.is_string(message)
    assert.equal("range", code)
  end)
end)
