local support = require "spec.support"
local text = require "cprof.report.text"

local VIEW = { type = "cpu", unit = "nanoseconds", total = 30000000 }
local fake = support.fake_methods()

local function render(stacks, info)
  return text.render(info or fake.info(), stacks or fake.stacks(), VIEW)
end


describe("cprof.report.text", function()
  it("opens with type, total, duration, period and comments", function()
    assert.equal("cpu profile: total 30000000 nanoseconds\n"
      .. "# duration: 2.50s\n"
      .. "# period: cpu/nanoseconds 10000000\n"
      .. "# cprof.engine=timer\n", render({}))
  end)

  it("prints stacks leaf first, the largest first", function()
    local body = render():match("timer\n(.*)")
    assert.equal("\n20000000 @ 20ms 66.67%\n"
      .. '# labels: {"k":"v"}\n'
      .. "#\thot       \ta.lua:4\n"
      .. "#\tmain@a.lua\ta.lua:9\n"
      .. "\n10000000 @ 10ms 33.33%\n"
      .. "#\tmain@a.lua\ta.lua:9\n", body)
  end)

  it("sums equal stacks", function()
    local stack = fake.stacks()[1]
    local _, count = render({ stack, stack, stack }):gsub(" @ ", "")
    assert.equal(1, count)
    assert.matches("30000000 @ 30ms 100%", render({ stack, stack, stack }),
      1, true)
  end)

  it("keeps stacks apart that differ in a label", function()
    local a, b = fake.stacks()[1], fake.stacks()[1]
    b.labels = { k = "v" }
    local _, count = render({ a, b }):gsub(" @ ", "")
    assert.equal(2, count)
  end)

  it("sorts the labels of a stack", function()
    local stack = fake.stacks()[1]
    stack.labels = { b = "2", a = "1", c = "3" }
    assert.matches('{"a":"1", "b":"2", "c":"3"}', render({ stack }), 1, true)
  end)

  it("prints a frame that has only an address", function()
    local stack = { value = 1, frames = { { name = "0x1f" } }, labels = {} }
    assert.matches("#\t0x1f\t\n", render({ stack }), 1, true)
  end)

  it("prints a stack whose frames have no names", function()
    local stack = { value = 1, labels = {},
      frames = { { name = "", filename = "a.c", line = 3 } } }
    assert.matches("#\t \ta.c:3\n", render({ stack }), 1, true)
  end)

  it("prints names with zero bytes", function()
    local stack = { value = 1, labels = {}, frames = { { name = "a\0b" } } }
    assert.matches("#\ta\0b\t\n", render({ stack }), 1, true)
  end)

  it("answers nil and limit for what no memory holds", function()
    local frame = { name = ("x"):rep(1000), filename = "a.lua" }
    local frames, set = {}, {}
    for i = 1, 1e5 do
      frames[i] = frame
    end
    local why = "the text would be larger than 88 MiB; choose stacks by filters"
    assert.same({ nil, why, "limit" },
      { render({ { value = 1, labels = {}, frames = frames } }) })
    for i = 1, 70 do
      set["k" .. i] = ("x"):rep(2 ^ 20)
    end
    local out, _, code = render({ { value = 1, labels = set, frames = {} } })
    assert.is_nil(out)
    assert.equal("limit", code)
  end)

  it("answers nil and limit for many stacks with a long unit", function()
    local stacks = {}
    for i = 1, 70 do
      stacks[i] = { value = i, labels = {}, frames = { { name = "f" .. i } } }
    end
    local out, _, code = text.render(fake.info(), stacks,
      { type = "t", unit = ("u"):rep(2 ^ 20), total = 1 })
    assert.is_nil(out)
    assert.equal("limit", code)
  end)

  it("keeps a comment on one line", function()
    local info = fake.info()
    info.comments = { "a\nb" }
    assert.matches("# a b\n", render({}, info), 1, true)
  end)
end)
