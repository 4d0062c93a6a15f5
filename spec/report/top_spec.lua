local top = require "cprof.report.top"

local function row(name, flat, cum)
  return { name = name, filename = "a.lua", start_line = 1, flat = flat,
    cum = cum }
end

local ROWS = { row("c", 10, 10), row("a", 10, 80), row("b", 60, 60) }
local VIEW = { type = "cpu", unit = "nanoseconds", total = 80 }

local function names_of(rows)
  local names = {}
  for i, each in ipairs(rows) do
    names[i] = each.name
  end
  return table.concat(names, " ")
end


describe("cprof.report.top", function()
  it("sorts by flat, then by name", function()
    assert.equal("b a c", names_of(top.rows(ROWS, 80,
      { n = 9, sort = "flat" })))
  end)

  it("sorts by cum", function()
    assert.equal("a b c", names_of(top.rows(ROWS, 80,
      { n = 9, sort = "cum" })))
  end)

  it("sorts by what is furthest from zero", function()
    local rows = { row("a", 5, 5), row("b", -9, -9) }
    assert.equal("b a", names_of(top.rows(rows, 14,
      { n = 9, sort = "flat" })))
  end)

  it("gives the first n with their shares", function()
    local rows = top.rows(ROWS, 80, { n = 2, sort = "flat" })
    assert.equal(2, #rows)
    assert.equal(0.75, rows[1].flat_share)
    assert.equal(0.875, rows[2].sum_share)
    assert.equal(1, rows[2].cum_share)
  end)

  it("leaves the rows as they were", function()
    top.rows(ROWS, 80, { n = 2, sort = "flat" })
    assert.equal("c a b", names_of(ROWS))
    assert.is_nil(ROWS[1].flat_share)
  end)

  it("prints the table as pprof does", function()
    local lines, head = top.lines(ROWS, VIEW, { n = 9, sort = "flat" })
    assert.same({
      "Type: cpu",
      "Showing nodes accounting for 80ns, 100% of 80ns total",
      "      flat  flat%   sum%        cum   cum%",
      "      60ns 75.00% 75.00%       60ns 75.00%  b",
      "      10ns 12.50% 87.50%       80ns   100%  a",
      "      10ns 12.50%   100%       10ns 12.50%  c",
    }, lines)
    assert.equal(3, head)
  end)

  it("says how many rows are not shown", function()
    local lines = top.lines(ROWS, VIEW, { n = 1, sort = "flat" })
    assert.equal("Showing top 1 nodes out of 3", lines[3])
    assert.equal(5, #lines)
  end)

  it("prints a profile without samples", function()
    local lines = top.lines({}, { type = "cpu", unit = "nanoseconds",
      total = 0 }, { n = 9, sort = "flat" })
    assert.equal("Showing nodes accounting for 0, 0% of 0 total", lines[2])
  end)

  it("tells functions of one name apart by their places", function()
    local rows = { row("run", 3, 3), row("run", 2, 2), row("go", 1, 1) }
    rows[2].filename, rows[2].start_line = "/x/mod/init.lua", 7
    local lines, head = top.lines(rows, { type = "cpu", unit = "count",
      total = 6 }, { n = 9, sort = "flat" })
    assert.matches(" run %(a%.lua:1%)$", lines[head + 1])
    assert.matches(" run %(mod/init%.lua:7%)$", lines[head + 2])
    assert.matches(" go$", lines[head + 3])
  end)
end)
