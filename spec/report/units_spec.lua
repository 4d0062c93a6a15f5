local units = require "cprof.report.units"


describe("cprof.report.units", function()
  it("picks the unit of time that fits", function()
    assert.equal("1.50s", units.label(1.5e9, "nanoseconds"))
    assert.equal("10ms", units.label(1e7, "nanoseconds"))
    assert.equal("999ns", units.label(999, "nanoseconds"))
    assert.equal("2hrs", units.label(7200e9, "nanoseconds"))
    assert.equal("3s", units.label(3000, "milliseconds"))
  end)

  it("picks the unit of memory that fits", function()
    assert.equal("512.01kB", units.label(524298, "bytes"))
    assert.equal("1MB", units.label(1048576, "bytes"))
    assert.equal("1B", units.label(1, "bytes"))
  end)

  it("prints counts without a unit and foreign units as they are", function()
    assert.equal("12", units.label(12, "count"))
    assert.equal("12widgets", units.label(12, "widgets"))
  end)

  it("prints zero without a unit", function()
    assert.equal("0", units.label(0, "nanoseconds"))
    assert.equal("0", units.label(1, "nanoseconds", "s"))
  end)

  it("keeps the sign", function()
    assert.equal("-10ms", units.label(-1e7, "nanoseconds"))
  end)

  it("uses the unit asked for", function()
    assert.equal("0.01s", units.label(1e7, "nanoseconds", "s"))
    assert.equal("10000us", units.label(1e7, "nanoseconds", "us"))
  end)

  it("prints percentages six wide, as pprof does", function()
    assert.equal("62.50%", units.percentage(5, 8))
    assert.equal("  100%", units.percentage(8, 8))
    assert.equal("  100%", units.percentage(9996, 10000))
    assert.equal(" 0.12%", units.percentage(12, 10000))
    assert.equal("    0%", units.percentage(0, 8))
    assert.equal("    0%", units.percentage(1, 0))
  end)

  it("finds the unit of the smallest row", function()
    local rows = { { flat = 1e7, cum = 1e7 }, { flat = 0, cum = 2e9 } }
    assert.equal("s", units.common(rows, 2e9, "nanoseconds"))
    rows[1].flat = 5e8
    assert.equal("ms", units.common(rows, 2e9, "nanoseconds"))
  end)

  it("takes cum where flat is zero, and the total without rows", function()
    local rows = { { flat = 0, cum = 5e6 } }
    assert.equal("ms", units.common(rows, 5e6, "nanoseconds"))
    assert.equal("s", units.common({}, 5e9, "nanoseconds"))
  end)
end)
