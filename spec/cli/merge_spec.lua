local files = require "spec.cli.files"
local support = require "spec.support"


describe("cprof merge", function()
  it("writes the sum", function()
    support.need_core(pending)
    local folder = files.new({ a = files.STACKS })
    local out = files.prints(folder, "merge a a a | cprof folded -")
    support.remove_folder(folder)
    assert.equal("main;emit 30000000\nmain;parse;lex 60000000\n", out)
  end)
end)
