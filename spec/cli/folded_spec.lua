local folded = require "cprof.cli.folded"
local support = require "spec.support"

local function execute(file, sample)
  local host = support.fake_host()
  return host, folded.execute({ file = file, sample = sample }, host)
end


describe("cprof folded", function()
  it("prints sorted stacks", function()
    local host, ok = execute("x")
    assert.is_true(ok)
    assert.equal("main@a.lua 10000000\nmain@a.lua;hot 20000000\n",
      host.stdout.text)
  end)

  it("takes the type", function()
    for _, sample in ipairs({ "samples", "1" }) do
      local host = execute("x", sample)
      assert.equal("main@a.lua 1\nmain@a.lua;hot 2\n", host.stdout.text)
    end
  end)

  it("answers nil for a type or a file that is not there", function()
    local _, ok, _, code = execute("x", "heat")
    assert.is_nil(ok)
    assert.equal("range", code)
    _, ok = execute("gone")
    assert.is_nil(ok)
  end)
end)
