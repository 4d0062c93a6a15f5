local made_up = require "spec.made"
local support = require "spec.support"
local view = require "cprof.report.view"

local function new_profile()
  return setmetatable({}, support.fake_methods())
end

local function new_view(asked)
  return view.new(new_profile(), asked or {})
end


describe("cprof.report.view", function()
  it("says what the values are", function()
    local made = new_view()
    assert.equal(2, made.index)
    assert.equal("cpu", made.type)
    assert.equal("nanoseconds", made.unit)
    assert.equal(30000000, made.total)
    assert.equal("minimum", made.output_unit)
    assert.equal("definitions", made.granularity)
    assert.same({}, made.warnings)
  end)

  it("takes the sample type by name, number and digits", function()
    for _, sample in ipairs({ "samples", 1, "1" }) do
      assert.equal(1, new_view({ sample = sample }).index)
    end
  end)

  it("answers nil and range for a type that is not there", function()
    local made, message, code = new_view({ sample = "heat" })
    assert.is_nil(made)
    assert.equal('no sample type "heat" (types: samples, cpu)', message)
    assert.equal("range", code)
  end)

  it("answers nil and range for a unit that there is not", function()
    local made, message, code = new_view({ unit = "parsec" })
    assert.is_nil(made)
    assert.matches('^no unit "parsec" %(units: ', message)
    assert.equal("range", code)
  end)

  it("takes a profile without types where that is allowed", function()
    local profile = new_profile()
    function profile.info()
      return { sample_types = {} }
    end
    local made, message = view.new(profile, {})
    assert.is_nil(made)
    assert.equal("the profile has no sample types", message)
    assert.equal(0, view.new(profile, {}, true).total)
    assert.is_nil(view.new(profile, { sample = "cpu" }, true))
  end)

  it("hands on a failure of the core", function()
    local profile = new_profile()
    function profile.total()
      return nil, "no memory", "memory"
    end
    assert.same({ nil, "no memory", "memory" }, { view.new(profile, {}) })
  end)

  it("takes shares of the whole, or of what the filters leave", function()
    support.need_core(pending)
    require "cprof"
    local profile = made_up.profile({ { "main;f", 10 }, { "main;g", 30 } })
    local asked = { focus = "f" }
    local made = assert(view.new(profile, asked))
    assert.equal(10, made.profile:total(1))
    assert.equal(40, made.total)
    asked.relative_percentages = true
    assert.equal(10, assert(view.new(profile, asked)).total)
  end)

  it("chooses the unit of all rows, or the one asked for", function()
    local rows = { { flat = 1e7, cum = 1e7 }, { flat = 0, cum = 2e9 } }
    local made = { total = 2e9, unit = "nanoseconds", output_unit = "minimum" }
    assert.equal("s", view.output_unit(made, rows))
    made.output_unit = "ms"
    assert.equal("ms", view.output_unit(made, rows))
    made.output_unit = "auto"
    assert.equal("auto", view.output_unit(made, rows))
  end)

  it("sums up as pprof does", function()
    local made = { total = 1000, unit = "count", filters = {} }
    local lines = {}
    view.add_summary(lines, made, { rows = { { flat = 600 } }, count = 2,
      dropped = 3, nodefraction = 0.05 })
    assert.same({
      "Showing nodes accounting for 600, 60.00% of 1000 total",
      "Dropped 3 nodes (cum <= 50)",
      "Showing top 1 nodes out of 2",
    }, lines)
  end)

  it("lists the filters", function()
    local made = { total = 0, unit = "count",
      filters = { "focus=a", "ignore=" .. ("x"):rep(90) } }
    local lines = {}
    view.add_summary(lines, made, { rows = {}, count = 0, dropped = 0 })
    assert.same({
      "Active filters:",
      "   focus=a",
      "   ignore=" .. ("x"):rep(73) .. "…",
      "Showing nodes accounting for 0, 0% of 0 total",
    }, lines)
  end)
end)
