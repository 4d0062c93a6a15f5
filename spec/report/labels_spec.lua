local labels = require "cprof.report.labels"


describe("cprof.report.labels", function()
  -- Sets of one numeric label each.
  local function sets(...)
    local out = {}
    for i, label in ipairs({ ... }) do
      out[i] = { labels = {
        { key = label[1], num = label[2], unit = label[3] or "" },
      } }
    end
    return out
  end

  it("takes a key's unit from the first number that has one", function()
    assert.same({ size = "kilobyte" }, labels.units(sets({ "size", 1 },
      { "size", 2, "kilobyte" }, { "size", 3, "bytes" })))
  end)

  it("guesses a unit from the key, else there is none", function()
    assert.same({ bytes = "bytes", request = "bytes", alignment = "bytes",
      shard = "" }, labels.units(sets({ "bytes", 1 }, { "request", 1 },
      { "alignment", 1 }, { "shard", 1 })))
  end)

  it("drops a unit that pprof does not know", function()
    assert.same({ shard = "" }, labels.units(sets({ "shard", 1, "things" })))
  end)

  it("sorts texts before numbers, by key", function()
    local list = labels.sorted({ labels = { b = "1", a = 2, c = "3", d = 4 } })
    local keys = {}
    for i, label in ipairs(list) do
      keys[i] = label.key
    end
    assert.same({ "b", "c", "a", "d" }, keys)
  end)

  it("leaves out a number 0 without a unit, as pprof", function()
    assert.same({}, labels.sorted({ labels = { a = 0 } }))
    assert.equal(1, #labels.sorted({ labels = { a = 0 }, units = { a = "B" } }))
  end)

  it("keeps the values of a key that has several", function()
    local list = labels.sorted({ label_list = {
      { key = "k", value = "b" }, { key = "k", value = "a" },
      { key = "k", value = 3 },
    } })
    assert.same({ { key = "k", values = { "b", "a" } },
      { key = "k", values = { 3 } } }, list)
  end)

  it("prints values with their units", function()
    assert.equal("GET", labels.text("GET"))
    assert.equal("512kB", labels.text(512 * 1024, "bytes"))
    assert.equal("524288B", labels.text(512 * 1024, "bytes", "B"))
    assert.equal("7", labels.text(7, ""))
    assert.equal("7", labels.text(7))
  end)

  it("pads by characters", function()
    assert.equal("  \195\169", labels.pad("\195\169", 3))
    assert.equal("long", labels.pad("long", 2))
  end)
end)
