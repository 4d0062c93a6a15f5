local frames = require "cprof.report.frames"

local FRAME = { name = "f", filename = "a.lua", start_line = 3, line = 4,
  address = "0x2a", object = "/lib/x.so" }
local OTHER = { name = "f", filename = "b/init.lua", start_line = 8, line = 9 }
local ADDRESS = { name = "0x1f", filename = "", start_line = 0, line = 0,
  address = "0x1f", object = "/lib/x.so" }
local NOTHING = { name = "0x0", filename = "", start_line = 0, line = 0 }

local function name(frame, granularity, ...)
  return frames.names({ { frames = { frame, ... } } },
    granularity).label(frame)
end


describe("cprof.report.frames", function()
  it("names a frame as its granularity asks, as rows are named", function()
    assert.equal("f", name(FRAME))
    assert.equal("f", name(FRAME, "definitions"))
    assert.equal("f", name(FRAME, "functions"))
    assert.equal("f a.lua", name(FRAME, "filefunctions"))
    assert.equal("a.lua", name(FRAME, "files"))
    assert.equal("f a.lua:4", name(FRAME, "lines"))
    assert.equal("000000000000002a f a.lua:4", name(FRAME, "addresses"))
  end)

  it("tells definitions of one name apart", function()
    assert.equal("f (a.lua:3)", name(FRAME, "definitions", OTHER))
    assert.equal("f (b/init.lua:8)", name(OTHER, nil, FRAME))
    assert.equal("f", name(FRAME, "functions", OTHER))
  end)

  it("names a frame without a function by its object", function()
    assert.equal("[x.so]", name(ADDRESS))
    assert.equal("[x.so]", name(ADDRESS, "functions"))
    assert.equal("000000000000001f [x.so]", name(ADDRESS, "addresses"))
    local function bare(object)
      return { name = "f", filename = "", start_line = 1, line = 2,
        object = object }
    end
    assert.equal("[b.so]", name(bare("/b.so"), "files", bare("/a.so")))
    assert.equal("<unknown>", name(NOTHING))
    assert.equal("<unknown>", name(NOTHING, "addresses"))
  end)

  it("keeps no copies of a name that many frames have", function()
    local long, stack = ("a"):rep(2 ^ 20), {}
    for i = 1, 1000 do
      stack[i] = { name = long, filename = "a.lua", start_line = i, line = i }
    end
    collectgarbage()
    local before = collectgarbage("count")
    local name_of = frames.names({ { frames = stack } }).label
    collectgarbage()
    assert.is_true(collectgarbage("count") - before < 10000)
    assert.equal(" (a.lua:9)", name_of(stack[9]):sub(-10))
  end)

  it("numbers equal entries once, from 0", function()
    local list, index = frames.indexer()
    assert.equal(0, index("a", "A"))
    assert.equal(1, index("b", "B"))
    assert.equal(0, index("a", "other"))
    assert.same({ "A", "B" }, list)
  end)
end)
