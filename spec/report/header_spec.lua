local header = require "cprof.report.header"
local model = require "spec.report.model"


local function lines(info, fields)
  return header.lines(model.view({
    info = info, stacks = { { values = { 5e8 }, "f a.lua:1:1" } },
  }, fields))
end


describe("cprof.report.header", function()
  it("tells no more than the type of a profile that has no more", function()
    assert.same({ "Type: cpu" }, lines())
  end)

  it("tells file, build id, comments, type, doc, time, duration", function()
    assert.same({
      "File: prog", "Build ID: abc", "made by hand", "Type: cpu",
      "Doc: https://x", "Time: 2023-11-14 22:13:20 UTC",
      "Duration: 2s, Total samples = 500ms (25.00%)",
    }, lines({
      mappings = { { filename = "/bin/prog", build_id = "abc" } },
      comments = { "#hidden", "cprof.lost=0", "made by hand" },
      doc_url = "https://x", time_ns = 1700000000e9, duration_ns = 2e9,
    }))
  end)

  it("is done with a long file name in no time", function()
    local name = ("a"):rep(2 ^ 20)
    assert.equal("File: " .. name .. "/",
      lines({ mappings = { { filename = name .. "/" } } })[1])
  end)

  it("gives no share of the duration for what is no time", function()
    assert.same({ "Type: heap", "Duration: 2s, Total samples = 476.84MB" },
      lines({ duration_ns = 2e9 }, { type = "heap", unit = "bytes" }))
  end)

  it("prints a time that no calendar has", function()
    assert.matches("^%d+ ns$", header.time(9e27))
  end)
end)
