local peek = require "cprof.report.peek"

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
    assert.equal(1, #data.shown)
    assert.equal(2, #data.rows)
  end)

  it("answers nil and range when nothing matches", function()
    assert.same({ nil, "no function matches x", "range" },
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
