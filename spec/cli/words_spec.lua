local support = require "spec.support"
local words = require "cprof.cli.words"


describe("cprof.cli.words", function()
  it("ties a value to its option", function()
    assert.equal("-n-3", words.tie("-n", "-3"))
    assert.equal("--hz=-1", words.tie("--hz", "-1"))
  end)

  it("ties numbers below zero", function()
    assert.same({ "top", "-n-3", "--sample=-1", "f" },
      words.tie_numbers({ "top", "-n", "-3", "--sample", "-1", "f" }))
  end)

  it("leaves all other words", function()
    local argv = { "top", "-", "-3", "--sort", "cum", "-n", "3", "-q" }
    assert.same(argv, words.tie_numbers(argv))
    assert.same({}, words.tie_numbers({}))
  end)

  it("quotes a word for the shell", function()
    for _, word in ipairs({ "", "a b", "it's", "$x;`y`", "\\n" }) do
      local _, out = support.shell("printf %s " .. words.quote(word))
      assert.equal(word, out)
    end
  end)
end)
