-- Beside what peek prints: what it asks for, and that it takes time for the
-- functions that match, not for all.

local many = require "spec.report.many"
local peek = require "cprof.report.peek"
local support = require "spec.support"

local function new_view()
  local rows = {
    { name = "main", flat = 0, cum = 3, filename = "", start_line = 1,
    node = 1 },
    { name = "hot", flat = 3, cum = 3, filename = "", start_line = 2,
    node = 2 },
  }
  local profile = {}
  function profile.rows()
    return rows, 3
  end
  function profile.graph()
    return { nodes = rows, edges = { { from = 1, to = 2, value = 3 } } }
  end
  return { profile = profile, info = {}, index = 1, type = "n", unit = "count",
    total = 3, output_unit = "minimum", granularity = "functions" }
end


describe("cprof.report.peek", function()
  it("prints what matches between its callers and callees", function()
    local view = new_view()
    local text = peek.text(peek.data(view, { pattern = "ot" }), view)
    assert.matches("Showing nodes accounting for 3, 100% of 3 total\n", text,
      1, true)
    assert.matches(" 3   100%% |   main\n +3   100%%   100%% +3   100%% +"
      .. "| hot\n%-", (text:gsub("\n  +", "\n ")))
    assert.not_matches("| main\n", text, 1, true)
  end)

  it("takes a function of names", function()
    local data = peek.data(new_view(), { pattern = function(name)
      return name == "main"
    end })
    assert.equal(1, #data.rows)
    assert.equal("main", data.rows[1].label)
    assert.equal("hot", data.rows[1].callees[1].label)
  end)

  it("gives the rows that match, and the sum of all for the summary",
    function()
      local view = new_view()
      local data = peek.data(view, { pattern = "main" })
      assert.same({ 1, 1, 3, 3 }, { #data.rows, data.count, data.sum,
        data.total })
      assert.is_nil(data.shown)
      assert.not_matches("Showing top", peek.text(data, view), 1, true)
    end)

  it("asks for the edges of what matches only", function()
    local view, wanted = new_view(), nil
    local graph = view.profile.graph
    function view.profile.graph(_, asked)
      wanted = asked
      return graph()
    end
    peek.data(view, { pattern = "ot" })
    assert.same({ 2 }, wanted.around)
    assert.is_nil(wanted.keep)
  end)

  it("matches a whole name, of which the label shows the ends", function()
    local view, half = new_view(), ("a"):rep(9000)
    view.profile.rows()[2].name = half .. "needle" .. half
    local data = peek.data(view, { pattern = "needle" })
    assert.equal(1, #data.rows)
    assert.matches("^a+…a+$", data.rows[1].label)
  end)

  it("answers nil and limit when a match costs too much", function()
    local view = new_view()
    view.profile.rows()[1].name = ("a"):rep(60) .. "b"
    local data, message, code = peek.data(view, { pattern = "(a+)+$" })
    if code == "state" then
      return pending("no rex_pcre2")
    end
    assert.is_nil(data)
    assert.matches("too costly to match", message, 1, true)
    assert.equal("limit", code)
  end)

  it("answers nil and range when nothing matches", function()
    assert.same({ nil, 'no function matches "x"', "range" },
    { peek.data(new_view(), { pattern = "x" }) })
  end)

  it("answers nil for a bad expression", function()
    local data, message, code = peek.data(new_view(), { pattern = "(" })
    assert.is_nil(data)
    assert.is_string(message)
    assert.is_true(code == "range" or code == "state")
  end)

  it("hands on a failure of the core", function()
    local view = new_view()
    function view.profile.rows()
    return nil, "no memory", "memory"
    end
    assert.same({ nil, "no memory", "memory" },
    { peek.data(view, { pattern = "x" }) })
  end)
end)


describe("peek at a profile of many functions", function()
  before_each(function()
    support.need_core(pending)
  end)

  it("finds the neighbours that tree finds", function()
    local profile = many.new(500, 100)
    local whole = assert(profile:data("tree", { n = 1000 }))
    local data = assert(profile:data("peek", { pattern = "func7" }))
    local by_label = {}
    for _, row in ipairs(whole.rows) do
      by_label[row.label] = row
    end
    assert.equal(11, #data.rows) -- 7, 70 to 79
    for _, row in ipairs(data.rows) do
      assert.same(by_label[row.label].callers, row.callers)
      assert.same(by_label[row.label].callees, row.callees)
    end
  end)

  it("takes less time than all functions take", function()
    local profile = many.new(10000, 2000)
    local function seconds(pattern)
      collectgarbage()
      local from = os.clock()
      assert(profile:data("peek", { pattern = pattern }))
      return os.clock() - from
    end
    local one, all = seconds("func1999"), seconds("func")
    assert.is_true(one * 4 < all, ("%.3f s of %.3f s"):format(one, all))
  end)
end)
