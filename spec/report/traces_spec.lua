local fixtures = require "spec.report.fixtures"
local model = require "spec.report.model"
local traces = require "cprof.report.traces"

local RULE = ("-"):rep(11) .. "+" .. ("-"):rep(55) .. "\n"

local function new_view(fields)
  return model.view({
    stacks = {
      { values = { 10e6 }, "hot a.lua:1:4", "main a.lua:0:9",
        labels = { route = "/x", size = 2048, bb = "y" },
        units = { size = "bytes" } },
      { values = { -30e6 }, "main a.lua:0:9" },
      { values = { 5e6 } },
      { values = { 0 }, "idle a.lua:20:21" },
    },
  }, fields)
end

local function render(asked, fields)
  local view = new_view(fields)
  return traces.text(assert(traces.data(view, asked or {})), view)
end


describe("cprof.report.traces", function()
  it("prints stacks leaf first, the value beside the leaf", function()
    assert.equal("Type: cpu\n" .. RULE
      .. "        bb:  y\n"
      .. "     route:  /x\n"
      .. "      size:  2kB\n"
      .. "      10ms   hot\n"
      .. "             main\n" .. RULE
      .. "     -30ms   main\n" .. RULE
      .. "         0   idle\n" .. RULE, render())
  end)

  it("tells lines at that granularity, and the unit asked for", function()
    local text = render(nil, { granularity = "lines", output_unit = "us" })
    assert.matches("\n   10000us   hot a.lua:4\n             main a.lua:9\n",
      text, 1, true)
  end)

  it("marks inlined frames", function()
    local view = new_view()
    view.profile.list[1].frames[1].is_inline = true
    assert.matches("\n      10ms   hot (inline)\n",
      traces.text(traces.data(view, {}), view), 1, true)
  end)

  it("keeps the n largest and says how many are left out", function()
    local text = render({ n = 1 })
    assert.matches(RULE .. "     -30ms   main\n" .. RULE
      .. "2 stacks with smaller values are left out\n", text, 1, true)
    assert.not_matches("left out", render({ n = 3 }), 1, true)
  end)

  it("prints a rule alone for a profile without stacks", function()
    local view = model.view({ stacks = {} })
    assert.equal("Type: cpu\n" .. RULE,
      traces.text(traces.data(view, {}), view))
  end)

  it("marks zero bytes in names, labels and units", function()
    local view = new_view({ unit = "a\0b" })
    local stack = view.profile.list[1]
    stack.frames = { { name = "f\0g", filename = "a\0.lua", start_line = 1,
      line = 2, is_inline = true } }
    stack.labels, stack.units = { ["k\0"] = "v\0", n = 3 }, { n = "u\0" }
    local text = traces.text(traces.data(view, {}), view)
    assert.matches("k?:  v?\n", text, 1, true)
    assert.matches("f?g (inline)\n", text, 1, true)
  end)

  it("answers nil and limit for what no memory holds", function()
    local view = new_view()
    local frame = { name = ("x"):rep(1000), filename = "a.lua",
      start_line = 1, line = 1 }
    local frames = {}
    for i = 1, 1e5 do
      frames[i] = frame
    end
    view.profile.list = { { value = 1, values = { 1 }, frames = frames,
      labels = {} } }
    assert.same({ nil, "the text would be larger than 88 MiB; choose stacks by"
      .. " filters or n", "limit" },
      { traces.text(traces.data(view, {}), view) })
  end)

  it("answers nil and limit for labels that no memory holds", function()
    for _, kind in ipairs({ "keys", "values" }) do
      local view, set = new_view(), {}
      local long = ("x"):rep(2 ^ 20)
      for i = 1, 70 do
        set[kind == "keys" and long .. i or "k" .. i] =
          kind == "keys" and i or long
      end
      view.profile.list[1].labels, view.profile.list[1].units = set, nil
      assert.equal("limit",
        select(3, traces.text(traces.data(view, {}), view)))
    end
  end)

  it("hands on what the profile answers", function()
    local view = new_view()
    view.profile = { stacks = function()
      return nil, "why", "range"
    end }
    assert.same({ nil, "why", "range" }, { traces.data(view, {}) })
  end)
end)


-- What comes below the header.
local function body_of(text)
  return text:sub(assert(text:find(RULE, 1, true)))
end


describe("traces beside go tool pprof", function()
  for _, name in ipairs(fixtures.NAMES) do
    it("says the same of " .. name, function()
      local theirs, profile = fixtures.open(pending, name, "-traces")
      local ours = assert(profile:traces({ granularity = "functions" }))
      assert.equal(body_of(theirs), body_of(ours))
    end)
  end
end)
