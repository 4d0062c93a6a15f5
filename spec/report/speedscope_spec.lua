local json = require "cprof.report.json"
local model = require "spec.report.model"
local speedscope = require "cprof.report.speedscope"

local function new_view(fields, types, stacks)
  local view = model.view({
    types = types or { { "samples", "count" }, { "cpu", "nanoseconds" } },
    stacks = stacks or {
      { values = { 2, 20 }, "hot a.lua:1:4", "main a.lua:0:9" },
      { values = { 1, 10 }, "hot a.lua:1:5", "main a.lua:0:9" },
      { values = { 0, 5 }, "main a.lua:0:9" },
    },
    info = { mappings = { { filename = "/bin/prog" } } },
  }, fields)
  view.version = "1.2"
  return view
end


describe("cprof.report.speedscope", function()
  it("writes one sampled profile a type, the chosen one on top", function()
    local data = speedscope.data(new_view())
    assert.equal("https://www.speedscope.app/file-format-schema.json",
      data["$schema"])
    assert.equal(1, data.activeProfileIndex)
    assert.equal("cprof@1.2", data.exporter)
    assert.equal("prog", data.name)
    assert.equal("samples", data.profiles[1].name)
    assert.equal("none", data.profiles[1].unit)
    assert.equal("nanoseconds", data.profiles[2].unit)
    assert.equal(0, speedscope.data(new_view({ index = 1 }))
      .activeProfileIndex)
  end)

  it("writes stacks root first, functions as frames", function()
    local data = speedscope.data(new_view())
    assert.same({ { name = "hot", file = "a.lua", line = 1 },
      { name = "main", file = "a.lua" } }, data.shared.frames)
    assert.same({ type = "sampled", name = "cpu", unit = "nanoseconds",
      startValue = 0, endValue = 35, samples = { { 1, 0 }, { 1, 0 }, { 1 } },
      weights = { 20, 10, 5 } }, data.profiles[2])
  end)

  it("leaves out samples that have nothing of a type", function()
    local profile = speedscope.data(new_view()).profiles[1]
    assert.same({ 2, 1 }, profile.weights)
    assert.equal(2, #profile.samples)
    assert.equal(3, profile.endValue)
  end)

  it("makes lines frames of their own at that granularity", function()
    local data = speedscope.data(new_view({ granularity = "lines" }))
    assert.same({ { name = "hot", file = "a.lua", line = 4 },
      { name = "main", file = "a.lua", line = 9 },
      { name = "hot", file = "a.lua", line = 5 } }, data.shared.frames)
  end)

  it("converts units that the format does not have", function()
    local types = { { "a", "kilobyte" }, { "b", "ms" }, { "c", "seconds" },
      { "d", "things" }, { "e", "bytes" }, { "f", "microseconds" } }
    local data = speedscope.data(new_view({ index = 1 }, types,
      { { values = { 3, 3, 3, 3, 3, 3 }, "f a.lua:1:1" } }))
    local got = {}
    for i, profile in ipairs(data.profiles) do
      got[i] = profile.unit .. " " .. ("%.0f"):format(profile.endValue)
    end
    assert.same({ "bytes 3072", "milliseconds 3", "seconds 3", "none 3",
      "bytes 3", "microseconds 3" }, got)
  end)

  it("sums beyond 2^63", function()
    local huge = math.floor(2 ^ 62)
    local data = speedscope.data(new_view(nil, nil, {
      { values = { 1, huge }, "f a.lua:1:1" },
      { values = { 1, huge }, "g a.lua:1:1" },
      { values = { 1, huge }, "h a.lua:1:1" } }))
    assert.equal(3 * 2 ^ 62, data.profiles[2].endValue)
  end)

  it("takes zero bytes in names", function()
    local view = new_view({ granularity = "lines" })
    view.profile.list[1].frames[1].name = "f\0g"
    view.profile.list[1].frames[1].filename = "a\0b"
    assert.matches('{"file":"a\\u0000b","line":4,"name":"f\\u0000g',
      speedscope.text(speedscope.data(view)), 1, true)
  end)

  it("answers nil and limit for what no memory holds", function()
    local name = ("x"):rep(2 ^ 20)
    local view = new_view({ granularity = "lines" })
    local frames = {}
    for i = 1, 70 do
      frames[i] = { name = name, filename = "a", start_line = 1, line = i }
    end
    view.profile.list[1].frames = frames
    local text, _, code = speedscope.text(speedscope.data(view))
    assert.is_nil(text)
    assert.equal("limit", code)
  end)

  it("refuses values below zero", function()
    assert.same({ nil, "speedscope shows no values below zero; cpu has some,"
      .. " as a difference of two profiles does", "range" },
      { speedscope.data(new_view(nil, nil,
        { { values = { 1, -1 }, "f a.lua:1:1" } })) })
  end)

  it("is a JSON document with arrays where there is nothing", function()
    local view = model.view({ stacks = {} }, { version = "1" })
    assert.equal('{"$schema":"https://www.speedscope.app/file-format-schema'
      .. '.json","activeProfileIndex":0,"exporter":"cprof@1","name":"cpu",'
      .. '"profiles":[{"endValue":0,"name":"cpu","samples":[],'
      .. '"startValue":0,"type":"sampled","unit":"nanoseconds",'
      .. '"weights":[]}],"shared":{"frames":[]}}\n',
      speedscope.text(speedscope.data(view)))
    assert.equal(json.encode({ {} }), "[[]]")
  end)
end)
