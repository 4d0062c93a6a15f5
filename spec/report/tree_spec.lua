local tree = require "cprof.report.tree"

-- main calls a and b, both call c: a 30 of 60, b 10 of 20.
local function new_view()
  local rows = {
    { name = "main", flat = 0, cum = 80 }, { name = "a", flat = 30, cum = 60 },
    { name = "b", flat = 10, cum = 20 }, { name = "c", flat = 40, cum = 40 },
  }
  for i, row in ipairs(rows) do
    row.filename, row.start_line, row.node = "", 0, i
  end
  local profile = {}
  function profile.rows()
    return rows, 80
  end
  function profile.graph(_, asked)
    profile.asked = asked
    return { nodes = rows, edges = {
      { from = 1, to = 3, value = 20 }, { from = 1, to = 2, value = 60 },
      { from = 3, to = 4, value = 10 },
      { from = 2, to = 4, value = 30, is_inline = true },
    } }
  end
  return { profile = profile, info = {}, index = 1, type = "cpu",
    unit = "nanoseconds", total = 80, output_unit = "minimum",
    granularity = "functions" }
end

local RULE = ("-"):rep(58) .. "+-------------\n"


describe("cprof.report.tree", function()
  it("sorts edges of one value by whole names, and cuts labels", function()
    local view, long = new_view(), ("l"):rep(9000)
    local rows = view.profile.rows()
    rows[2].name, rows[3].name = long .. "2" .. long, long .. "1" .. long
    function view.profile.graph()
      return { nodes = rows, edges = { { from = 1, to = 2, value = 9 },
        { from = 1, to = 3, value = 9 }, { from = 1, to = 4, value = 9 } } }
    end
    local data = tree.data(view, { n = 9, sort = "cum" })
    local callees = data.rows[1].callees
    assert.equal("c", callees[1].label)
    assert.is_true(callees[2].label == data.rows[4].label
      and callees[3].label == data.rows[2].label)
    assert.is_true(#callees[3].label < 5000)
  end)

  it("prints the table as pprof does", function()
    local view = new_view()
    local data = tree.data(view, { n = 9, sort = "flat" })
    assert.equal("Type: cpu\n"
      .. "Showing nodes accounting for 80ns, 100% of 80ns total\n" .. RULE
      .. "      flat  flat%   sum%        cum   cum%   calls calls% + context "
      .. "\t \t \n" .. RULE
      .. "                                              30ns 75.00% |   a "
      .. "(inline)\n"
      .. "                                              10ns 25.00% |   b\n"
      .. "      40ns 50.00% 50.00%       40ns 50.00%                | c\n"
      .. RULE
      .. "                                              60ns   100% |   main\n"
      .. "      30ns 37.50% 87.50%       60ns 75.00%                | a\n"
      .. "                                              30ns 50.00% |   c "
      .. "(inline)\n" .. RULE
      .. "                                              20ns   100% |   main\n"
      .. "      10ns 12.50%   100%       20ns 25.00%                | b\n"
      .. "                                              10ns 50.00% |   c\n"
      .. RULE
      .. "         0     0%   100%       80ns   100%                | main\n"
      .. "                                              60ns 75.00% |   a\n"
      .. "                                              20ns 25.00% |   b\n"
      .. RULE, tree.text(data, view))
  end)

  it("gives neighbours as data, the largest first", function()
    local data = tree.data(new_view(), { n = 9, sort = "cum" })
    assert.equal("main", data.rows[1].label)
    assert.same({ label = "a", value = 60 }, data.rows[1].callees[1])
    assert.same({}, data.rows[1].callers)
  end)

  it("asks for calls over what is not shown", function()
    local view = new_view()
    local data = tree.data(view, { n = 2, sort = "flat" })
    assert.same({ 4, 2 }, view.profile.asked.keep)
    assert.equal(4, data.count)
    tree.data(view, { n = 4, sort = "flat" })
    assert.is_nil(view.profile.asked.keep)
  end)

  it("leaves out calls that are too light", function()
    local data = tree.data(new_view(), { n = 9, sort = "flat",
      edgefraction = 0.25 })
    assert.equal(1, #data.rows[1].callers)
    assert.equal(2, #data.rows[4].callees)
  end)

  it("prints a profile without samples", function()
    local view = new_view()
    function view.profile.rows()
      return {}, 0
    end
    view.total = 0
    function view.profile.graph()
      return { nodes = {}, edges = {} }
    end
    local text = tree.text(tree.data(view, { n = 9, sort = "flat" }), view)
    assert.matches("of 0 total\n" .. RULE:gsub("[-+]", "%%%0")
      .. "[^\n]*\n$", text)
  end)

  it("hands on a failure of the core", function()
    local view = new_view()
    function view.profile.graph()
      return nil, "no memory", "memory"
    end
    assert.same({ nil, "no memory", "memory" }, { tree.data(view,
      { n = 1, sort = "flat" }) })
  end)
end)
