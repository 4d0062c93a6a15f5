local support = require "spec.support"
local top = require "cprof.cli.top"

local function execute(asked)
  local host = support.fake_host()
  asked.file = asked.file or "x"
  asked.number, asked.sort = asked.number or 20, asked.sort or "flat"
  return host, top.execute(asked, host)
end


describe("cprof top", function()
  it("prints the table", function()
    local host, ok = execute({})
    assert.is_true(ok)
    assert.matches("^Type: cpu\n.*  hot\n.*  main@a.lua\n$",
      host.stdout.text)
  end)

  it("takes number, order and type", function()
    local host = execute({ number = 1, sort = "cum", sample = "samples" })
    assert.matches("^Type: samples\n", host.stdout.text)
    assert.matches("main@a.lua\n$", host.stdout.text)
    assert.not_matches("hot", host.stdout.text)
  end)

  it("takes the type by its number", function()
    assert.matches("^Type: samples\n", execute({ sample = "1" }).stdout.text)
    assert.matches("^Type: cpu\n", execute({ sample = "2" }).stdout.text)
  end)

  it("answers nil and range for a type that is not there", function()
    local host, ok, message, code = execute({ sample = "heat" })
    assert.is_nil(ok)
    assert.matches("types: samples, cpu", message, 1, true)
    assert.equal("range", code)
    assert.equal("", host.stdout.text)
  end)

  it("answers nil for a file that is not there", function()
    local _, ok, message = execute({ file = "gone" })
    assert.is_nil(ok)
    assert.equal("gone: No such file or directory", message)
  end)
end)
