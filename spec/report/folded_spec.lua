local folded = require "cprof.report.folded"


describe("cprof.report.folded", function()
  it("sorts lines bytewise", function()
    assert.equal("a 3\na;b 1\nb 2\n", folded.sort("b 2\na;b 1\na 3\n"))
  end)

  it("ends the last line", function()
    assert.equal("a 1\nb 1\n", folded.sort("b 1\na 1"))
  end)

  it("leaves nothing as nothing", function()
    assert.equal("", folded.sort(""))
  end)
end)
