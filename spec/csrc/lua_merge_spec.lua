local made = require "spec.made"
local support = require "spec.support"

describe("core.merge", function()
  local core

  -- A profile of two types.
  local function new(given)
    given.types = { { "samples", "count" }, { "cpu", "nanoseconds" } }
    given.period_type, given.period = { "cpu", "nanoseconds" }, 10
    return made.profile(given)
  end

  local function head()
    return {
      types = {
        { type = "samples", unit = "count" },
        { type = "cpu", unit = "nanoseconds" },
      },
      period_type = { type = "cpu", unit = "nanoseconds" },
    }
  end

  before_each(function()
    support.need_core(pending)
    core = select(2, pcall(require, "cprof.core"))
    require "cprof"
  end)

  after_each(function()
    collectgarbage()
  end)

  it("adds up what is equal", function()
    local a = new({ { "main;f", { 1, 10 } } })
    local b = new({ { "main;f", { 2, 20 } }, { "main", { 3, 30 } } })
    local p = assert(core.merge(head(), {
      { profile = a, columns = { 1, 2 } }, { profile = b, columns = { 1, 2 } },
    }))
    assert.same({ ["main;f"] = { 3, 30 }, main = { 3, 30 } }, made.spell(p))
    assert.equal(10, p:info().period)
    assert.is_true(p:check())
  end)

  it("takes the columns, the ratios and the base as they are given",
    function()
      local a = new({ { "f", { 1, 10 } } })
      local wanted = head()
      wanted.types[2] = nil
      local p = assert(core.merge(wanted, { { profile = a, columns = { 2 },
        ratios = { 0.5 }, period_ratio = 3, is_base = true } }))
      assert.same({ ["f pprof::base=true"] = { 5 } }, made.spell(p))
      assert.equal(30, p:info().period)
    end)

  it("takes the head's comments instead of the sources'", function()
    local a = new({ { "f", { 1, 10 } }, comments = { "one" } })
    local wanted = head()
    wanted.comments = { "a\0b", "two", "two" }
    local p = assert(core.merge(wanted,
      { { profile = a, columns = { 1, 2 } } }))
    assert.same({ "a\0b", "two" }, p:info().comments)
    wanted.comments = 5
    assert.error_matches(function() core.merge(wanted, {}) end,
      "table expected, got number", 1, true)
  end)

  it("gives an empty profile for no source", function()
    local p = assert(core.merge(head(), {}))
    assert.same({}, made.spell(p))
    assert.equal(2, #p:info().sample_types)
  end)

  it("raises for what is no source, and keeps nothing", function()
    local a = new({ { "f", { 1, 10 } } })
    local good = { profile = a, columns = { 1, 2 } }
    for message, bad in pairs({
      ["no column for type 1"] = { profile = a, columns = {} },
      ["no column for type 2"] = { profile = a, columns = { 1, 3 } },
      ["table expected"] = { profile = a },
      ["number expected"] = { profile = a, columns = { 1, 2 },
        ratios = { 1 } },
      ["cprof.profile expected"] = { columns = { 1, 2 } },
    }) do
      assert.error_matches(function()
        core.merge(head(), { good, bad })
      end, message, 1, true)
    end
  end)

  it("raises for what is no head", function()
    for message, bad in pairs({
      ["type of a type: string expected, got nil"] =
        { types = { {} }, period_type = {} },
      ["unit of a type: string expected, got number"] =
        { types = {}, period_type = { type = "cpu", unit = 5 } },
      ["table expected"] = { types = {} },
    }) do
      assert.error_matches(function() core.merge(bad, {}) end, message, 1,
        true)
    end
    local many = head()
    for i = 1, 17 do
      many.types[i] = { type = "t", unit = "count" }
    end
    assert.error_matches(function() core.merge(many, {}) end,
      "too many types")
  end)

  it("sums values with their signs", function()
    local a = new({ { "f", { 1, -10 } }, { "g", { 1, 4 } } })
    assert.same({ 2, -6 }, core.sums(a))
    assert.same({ 0, 0 }, core.sums(new({})))
  end)
end)
