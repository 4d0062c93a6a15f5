local json = require "cprof.report.json"
local model = require "spec.report.model"
local support = require "spec.support"

local REPLACEMENT = "\239\191\189"


-- What another reader makes of a text, or a skip.
local function decode(text)
  local ok, cjson = pcall(require, "cjson")
  if not ok then
    pending("lua-cjson is not installed")
    return nil
  end
  return cjson.decode(text)
end


describe("cprof.report.json", function()
  it("writes arrays, and objects with sorted keys", function()
    assert.equal('{"a":[1,2,"x"],"b":{"c":true},"d":false}',
      json.encode({ d = false, b = { c = true }, a = { 1, 2, "x" } }))
  end)

  it("writes an empty table as an array, a map of names as an object",
    function()
      assert.equal('{"labels":{},"rows":[],"units":{}}',
        json.encode({ rows = {}, labels = {}, units = {} }))
      assert.equal("[[],[]]", json.encode({ {}, {} }))
    end)

  it("writes a table with a hole or other keys as an object", function()
    assert.equal('{"1":"a","3":"c"}', json.encode({ [1] = "a", [3] = "c" }))
    assert.equal('{"1":"a","k":"b"}', json.encode({ "a", k = "b" }))
  end)

  it("writes whole numbers with all their digits", function()
    assert.equal("[0,-1,1e+300,1700000000000000000]",
      (json.encode({ 0, -1, 1e300, 17 * 10 ^ 17 })
        :gsub("1%.0000000000000001e", "1e")))
    assert.equal("9007199254740991", json.encode(2 ^ 53 - 1))
    assert.equal("0", json.encode(-0.0))
    local largest = rawget(math, "maxinteger") -- 5.4 has integers
    if largest then
      assert.equal("9223372036854775807", json.encode(largest))
      assert.equal("-9223372036854775808", json.encode(-largest - 1))
      assert.equal("9007199254740993", json.encode(9007199254740993))
    end
  end)

  it("writes other numbers so that they read back as they were", function()
    for _, value in ipairs({ 0.1, 1 / 3, -2.5e-300 }) do
      assert.equal(value, tonumber(json.encode(value)))
    end
    assert.equal("[null,null,null]", json.encode({ 0 / 0, 1 / 0, -1 / 0 }))
  end)

  it("spells what a string may not hold", function()
    assert.equal('"a\\"b\\\\c\\n\\t\\r\\u0001\\u001b\\u007f\\u0000"',
      json.encode('a"b\\c\n\t\r\1\27\127\0'))
    assert.equal('{"a\\"b":1}', json.encode({ ['a"b'] = 1 }))
  end)

  it("keeps UTF-8 and replaces every byte that is none", function()
    local good = "h\195\169\226\130\172\240\157\132\158"
    assert.equal(good, json.clean(good))
    for _, bad in ipairs({ "\128", "\192\175", "\224\159\191", "\237\160\128",
      "\244\144\128\128", "\245\128\128\128", "\195", "\226\130" }) do
      assert.equal("x" .. REPLACEMENT:rep(#bad) .. "y",
        json.clean("x" .. bad .. "y"))
    end
    assert.equal(REPLACEMENT .. "\195\169", json.clean("\195\195\169"))
  end)

  it("is read by another reader as what was written", function()
    local data = { rows = { { name = "a\0\1\31\127\"\\\195\169", flat = 12 } },
      total = 2 ^ 40, ok = true, share = 0.1 }
    local back = decode(json.encode(data))
    if back then
      assert.same(data, back)
    end
  end)

  it("raises for what no report holds", function()
    assert.has_error(function()
      json.encode({ print })
    end, "json.encode: a report holds a function")
    local endless = {}
    endless.x = endless
    assert.has_error(function()
      json.encode(endless)
    end, "json.encode: tables within tables without end")
  end)
end)


describe("the document", function()
  local view = model.view({
    types = { { "samples", "count" }, { "cpu", "nanoseconds" } },
    stacks = {
      { values = { 2, 20 }, "hot a.lua:1:4", "main a.lua:0:9",
        labels = { k = "v", size = 3 }, units = { size = "bytes" } },
      { values = { 1, 10 }, "main a.lua:0:9" },
    },
  })

  it("has each frame once and stacks of their numbers from 0", function()
    local data = json.data(view, { stacks = true })
    assert.equal("hot", data.frames[1].name)
    assert.equal("main", data.frames[2].name)
    assert.same({ 0, 1 }, data.stacks[1].frames)
    assert.same({ 1 }, data.stacks[2].frames)
    assert.same({ 2, 20 }, data.stacks[1].values)
    assert.same({ index = 2, type = "cpu", unit = "nanoseconds", total = 30 },
      data.sample)
  end)

  it("is one line, its empty labels an object", function()
    local text = json.text(json.data(view, {}))
    assert.matches("^{.*}\n$", text)
    assert.matches('"labels":{},"values":[1,10]', text, 1, true)
    assert.matches('"comments":[]', text, 1, true)
    local back = decode(text)
    if back then
      assert.equal("bytes", back.stacks[1].units.size)
    end
  end)

  it("answers nil and limit for what no memory holds", function()
    local frames = {}
    for i = 1, 70 do
      frames[i] = { name = ("x"):rep(2 ^ 20), line = i }
    end
    assert.same({ nil, "the text would be larger than 64 MiB; choose stacks by"
      .. " filters", "limit" }, { json.text({ frames = frames }) })
    assert.is_nil(json.encode("abc", 4))
    assert.equal('"abc"', json.encode("abc", 5))
  end)

  it("has the head alone when no stacks are asked for", function()
    local data = json.data(view, { stacks = false })
    assert.is_nil(data.stacks)
    assert.is_nil(data.frames)
    assert.equal(2, #data.info.sample_types)
  end)

  it("takes what the core gives", function()
    support.need_core(pending)
    local cprof = require "cprof"
    local session = assert(cprof.start({ cpu = { hz = 1000 } }))
    local sum = 0
    for i = 1, 3e6 do
      sum = sum + i % 7
    end
    local profile = session:stop().cpu
    local back = decode(json.text(json.data({ profile = profile,
      info = profile:info(), index = 2, type = "cpu",
      unit = "nanoseconds", total = 1 }, {})))
    if back then
      assert.equal("cpu", back.info.default_sample_type)
      assert.equal(back.info.samples, #back.stacks)
    end
  end)
end)
