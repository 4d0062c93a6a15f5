local load = require "cprof.cli.load"
local support = require "spec.support"


describe("cprof.cli.load", function()
  it("reads a profile", function()
    assert.is_table(load.profile(support.fake_host(), "cpu.pb.gz"))
  end)

  it("names the file once in a message", function()
    local _, message = load.profile(support.fake_host(), "gone")
    assert.equal("gone: No such file or directory", message)
  end)

  it("names the file where the core does not", function()
    local host = support.fake_host({
      open = function()
        return nil, "not a profile", "format"
      end,
    })
    local _, message = load.profile(host, "x.gz")
    assert.equal("x.gz: not a profile", message)
    _, message = load.profile(host, "-")
    assert.equal("standard input: not a profile", message)
  end)
end)
