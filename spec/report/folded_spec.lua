local folded = require "cprof.report.folded"

local function print_folded(text)
  local profile = {}
  function profile.fold()
    return text
  end
  return folded.text(folded.data({ profile = profile, index = 1 }))
end


describe("cprof.report.folded", function()
  it("sorts lines bytewise", function()
    assert.equal("a 3\na;b 1\nb 2\n", print_folded("b 2\na;b 1\na 3\n"))
  end)

  it("ends the last line", function()
    assert.equal("a 1\nb 1\n", print_folded("b 1\na 1"))
  end)

  it("leaves nothing as nothing", function()
    assert.equal("", print_folded(""))
  end)

  it("hands on type and granularity, and a failure", function()
    local profile = {}
    function profile.fold(_, index, granularity)
      return nil, index .. granularity, "limit"
    end
    assert.same({ nil, "2lines", "limit" }, { folded.data({
      profile = profile, index = 2, granularity = "lines" }) })
  end)
end)
