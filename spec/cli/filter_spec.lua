local files = require "spec.cli.files"
local support = require "spec.support"


describe("cprof filter", function()
  it("writes the part that is asked for", function()
    support.need_core(pending)
    local folder = files.new({ a = files.STACKS })
    local out = files.prints(folder, "filter --hide lex --focus parse a "
      .. "| cprof folded -")
    support.remove_folder(folder)
    assert.equal("main;parse 20000000\n", out)
  end)
end)
