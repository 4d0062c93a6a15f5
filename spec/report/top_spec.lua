local support = require "spec.support"
local top = require "cprof.report.top"
local view = require "cprof.report.view"

-- A view of rows: {name, flat, cum, more fields}, all in a.lua.
local function view_of(rows, fields)
  local profile = { calls = 0 }
  function profile.rows(_, asked)
    profile.asked = asked
    return rows, 0
  end
  function profile.graph(_, asked)
    profile.calls, profile.kept = profile.calls + 1, asked
    return { nodes = { { node = 1, inline = "partial-inline" }, { node = 2 } } }
  end
  local made = { profile = profile, info = {}, index = 1, type = "cpu",
    unit = "nanoseconds", total = 80, output_unit = "minimum",
    granularity = "definitions" }
  for key, value in pairs(fields or {}) do
    made[key] = value
  end
  for i, row in ipairs(rows) do
    row.name, row.flat, row.cum = row[1], row[2], row[3]
    row.filename, row.start_line, row.node = "a.lua", 1, i
  end
  return made
end

local function new_rows()
  return { { "c", 10, 10 }, { "a", 10, 80 }, { "b", 60, 60 } }
end

local function print_top(made, asked)
  asked.sort = asked.sort or "flat"
  return top.text(top.data(made, asked), made)
end


describe("cprof.report.top", function()
  it("prints the table as pprof does", function()
    assert.equal("Type: cpu\n"
      .. "Showing nodes accounting for 80ns, 100% of 80ns total\n"
      .. "      flat  flat%   sum%        cum   cum%\n"
      .. "      60ns 75.00% 75.00%       60ns 75.00%  b\n"
      .. "      10ns 12.50% 87.50%       80ns   100%  a\n"
      .. "      10ns 12.50%   100%       10ns 12.50%  c\n",
      print_top(view_of(new_rows()), { n = 9 }))
  end)

  it("says how many rows are not shown", function()
    assert.matches("\nShowing top 1 nodes out of 3\n", print_top(
      view_of(new_rows()), { n = 1 }), 1, true)
  end)

  it("prints in the unit asked for", function()
    assert.matches("\n    0.06us 75.00%", print_top(view_of(new_rows(),
      { output_unit = "us" }), { n = 1 }), 1, true)
  end)

  it("prints a profile without samples", function()
    assert.matches("\nShowing nodes accounting for 0, 0% of 0 total\n",
      print_top(view_of({}, { total = 0 }), { n = 9 }), 1, true)
  end)

  it("gives the rows as data", function()
    local data = top.data(view_of(new_rows()), { n = 2, sort = "cum" })
    assert.equal(3, data.count)
    assert.equal(80, data.total)
    assert.equal("ns", data.output_unit)
    assert.equal("a", data.rows[1].label)
    assert.equal(1, data.rows[1].cum_share)
    assert.equal(2, #data.rows)
  end)

  it("says what was inlined, where there is something", function()
    local made = view_of(new_rows())
    print_top(made, { n = 2 })
    assert.equal(0, made.profile.calls)
    made.info.inlined = 1
    made.profile.graph = nil
    made = view_of({ { "x", 2, 2 }, { "y", 1, 1 } }, { info = { inlined = 1 } })
    local text = print_top(made, { n = 2 })
    assert.matches("  x (partial-inline)\n", text, 1, true)
    assert.matches("  y\n", text, 1, true)
    assert.same({ 1, 2 }, made.profile.kept.keep)
  end)

  it("hands on a failure of the core", function()
    local made = view_of({}, { info = { inlined = 1 } })
    function made.profile.graph()
      return nil, "no memory", "memory"
    end
    assert.same({ nil, "no memory", "memory" }, { top.data(made,
      { n = 1, sort = "flat" }) })
    function made.profile.rows()
      return nil, "wrong", "range"
    end
    assert.same({ nil, "wrong", "range" }, { top.data(made, { n = 1 }) })
  end)

  it("asks for the type and the granularity of the view", function()
    local profile = setmetatable({}, support.fake_methods())
    local made = view.new(profile, { sample = 1, granularity = "lines" })
    function profile.rows(_, asked)
      assert.same({ index = 1, granularity = "lines" }, asked)
      return {}, 0
    end
    assert.equal(0, top.data(made, { n = 1, sort = "flat" }).count)
  end)
end)
