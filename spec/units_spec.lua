local units = require "cprof.units"


describe("cprof.units", function()
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

  it("knows the spellings that pprof knows, in any case", function()
    for spelling, text in pairs({
      nanosecond = "7ns", ns = "7ns", MicroSeconds = "7us", msec = "7msec",
      secs = "7s", hours = "7hrs", hr = "7hrs", hrs = "7hrs", KiloBytes = "7kB",
      kbyte = "7kB", tb = "7TB", petabytes = "7PB", microGCU = "7u*GCU",
      gigagcus = "7G*GCU", byte = "7B",
    }) do
      assert.equal(text, units.label(7, spelling))
    end
  end)

  it("scales across the units of a family", function()
    assert.equal("2.50k*GCU", units.label(2500, "gcu"))
    assert.equal("1.50GB", units.label(1536, "mb", "gb"))
    assert.equal("0.25hrs", units.label(900, "s", "hour"))
  end)

  it("takes auto and minimum for the fitting unit", function()
    assert.equal("1.50s", units.label(1.5e9, "nanoseconds", "auto"))
    assert.equal("1.50s", units.label(1.5e9, "nanoseconds", "minimum"))
  end)

  it("falls back to seconds or bytes for a unit of another kind", function()
    assert.equal("1.50s", units.label(1.5e9, "nanoseconds", "kb"))
    assert.equal("2048B", units.label(2, "kb", "ms"))
    assert.equal("12", units.label(12, "count", "ms"))
  end)

  it("tells what is a unit", function()
    for _, name in ipairs({ "auto", "minimum", "ms", "KB", "seconds",
      "count" }) do
      assert.is_true(units.is_unit(name))
    end
    assert.is_false(units.is_unit("parsec"))
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

  it("tells what a unit is worth in another of its kind", function()
    assert.equal(1000, units.ratio("us", "nanoseconds"))
    assert.equal(1 / 1024, units.ratio("bytes", "kB"))
    assert.equal(1, units.ratio("widgets", "widgets"))
    assert.is_nil(units.ratio("ns", "bytes"))
    assert.is_nil(units.ratio("widgets", "ns"))
  end)

  it("converts as pprof compares labels with ranges", function()
    local function converts(value, from, to, want, unit)
      local got, name = units.convert(value, from, to)
      assert.equal(unit, name)
      assert.equal(want, got)
    end
    converts(2048, "bytes", "kb", 2, "kB")
    converts(-2048, "bytes", "auto", -2, "kB")
    converts(0.5, "ns", "auto", 0.5e-9, "s")
    converts(2048, "kb", "ms", 2 ^ 21, "B")
    converts(5e9, "ns", "", 5, "s")
    converts(7, "apples", "pears", 7, "pears")
    converts(7, "", "ms", 7, "ms")
    converts(7, "count", "count", 7, "")
    converts(7, "apples", "minimum", 7, "")
    converts(2 ^ 53, "pb", "b", 2 ^ 103, "B") -- an integer would wrap
  end)
end)
