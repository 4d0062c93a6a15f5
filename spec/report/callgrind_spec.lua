local callgrind = require "cprof.report.callgrind"
local model = require "spec.report.model"
local support = require "spec.support"

local STACKS = {
  { values = { 10e6 }, "hot a.lua:1:4", "main a.lua:0:9" },
  { values = { 20e6 }, "hot a.lua:1:5", "main a.lua:0:9" },
  { values = { 5e6 }, "main a.lua:0:10" },
  { values = { 7e6 }, "print [C]:-1:0", "main a.lua:0:10" },
}

local function render(stacks, fields)
  local view = model.view({ stacks = stacks or STACKS }, fields)
  return callgrind.text(assert(callgrind.data(view)), view)
end


-- The table of callgrind_annotate as {["file:name"] = cost, total = cost}.
local function annotate(text, options)
  local path = support.file(text)
  local code, out, err = support.shell("callgrind_annotate --threshold=100"
    .. " --auto=no --show-percs=no " .. options .. " " .. path)
  os.remove(path)
  assert.equal("", err)
  assert.equal(0, code)
  local costs = {}
  for cost, what in out:gmatch("\n *([%d,]+)%s+(%S[^\n]*)") do
    local name = what:match("^PROGRAM TOTALS") and "total"
      or what:gsub(" %[.*%]$", "")
    costs[name] = tonumber((cost:gsub(",", "")))
  end
  return costs
end


local function need_annotate()
  if not support.has_command("callgrind_annotate") then
    pending("callgrind_annotate (valgrind) is not installed")
    return false
  end
  return true
end


describe("cprof.report.callgrind", function()
  it("writes a block a node, its calls with what they cost", function()
    assert.equal("version: 1\n"
      .. "creator: cprof\n"
      .. "positions: line\n"
      .. "events: cpu(ns)\n"
      .. "\nob=(1) ???\nfl=(1) a.lua\nfn=(1) hot\n4 10000000\n"
      .. "\nob=(1)\nfl=(1)\nfn=(2) main\n9 0\n"
      .. "cob=(1)\ncfi=(1)\ncfn=(1)\ncalls=1 4\n9 10000000\n"
      .. "\ntotals: 10000000\n", render({ STACKS[1] }))
  end)

  it("writes addresses where there are some", function()
    local text = render({ { values = { 3 }, "f a.c:1:2@0x10",
      "main a.c:5:6@0x20" } })
    assert.matches("positions: instr line\n", text, 1, true)
    assert.matches("fn=(1) f\n0x10 2 3\n", text, 1, true)
    assert.matches("calls=1 0x10 2\n0x20 6 3\n", text, 1, true)
  end)

  it("writes values in the unit asked for", function()
    local text = render(nil, { output_unit = "ms" })
    assert.matches("events: cpu(ms)\n", text, 1, true)
    assert.matches("totals: 42\n", text, 1, true)
  end)

  it("keeps every name on its line and apart from a number", function()
    local text = render({ { values = { 1 }, "(7) a\nb ()c.lua:1:1" } })
    assert.matches("fn=(1) (7) a b\n", text, 1, true)
    assert.equal("odd_type_(a_b)", callgrind.event({ type = "odd type:",
      unit = "a\nb" }))
  end)

  it("gives names that differ in a control alone one number", function()
    local view = model.view({ stacks = { { values = { 1 }, "f a.lua:1:1" },
      { values = { 1 }, "g a.lua:1:1" } } })
    view.profile.list[1].frames[1].name = "a\0b"
    view.profile.list[2].frames[1].name = "a b"
    local data = callgrind.data(view)
    local text = callgrind.text(data, view)
    assert.matches("fn=(1) a b\n", text, 1, true)
    assert.matches("fn=(1)\n", text, 1, true)
  end)

  it("refuses values below zero", function()
    local view = model.view({ stacks = { { values = { -1 }, "f a.lua:1:1" } } })
    local data, message, code = callgrind.data(view)
    assert.is_nil(data)
    assert.matches("no values below zero", message, 1, true)
    assert.equal("range", code)
  end)

  it("is read by callgrind_annotate: own costs", function()
    if need_annotate() then
      assert.same({ total = 42e6, ["a.lua:hot"] = 30e6, ["a.lua:main"] = 5e6,
        ["[C]:print"] = 7e6 }, annotate(render(), ""))
    end
  end)

  it("is read by callgrind_annotate: inclusive costs", function()
    if need_annotate() then
      assert.same({ total = 42e6, ["a.lua:hot"] = 30e6,
        ["a.lua:main"] = 42e6, ["[C]:print"] = 7e6 },
        annotate(render(), "--inclusive=yes"))
    end
  end)

  it("is read by callgrind_annotate with addresses", function()
    if need_annotate() then
      assert.same({ total = 8, ["a.c:f"] = 3, ["a.c:main"] = 5 },
        annotate(render({
          { values = { 3 }, "f a.c:1:2@0xff10", "main a.c:5:6@0xff20" },
          { values = { 5 }, "main a.c:5:7@0xff24" },
        }), ""))
    end
  end)
end)
