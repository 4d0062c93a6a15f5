local info = require "cprof.cli.info"
local support = require "spec.support"


describe("cprof info", function()
  it("prints what a profile holds in stable columns", function()
    local host = support.fake_host()
    assert.is_true(info.execute({ file = "x" }, host))
    assert.equal("types      samples/count, cpu/nanoseconds (default)\n"
      .. "period     cpu/nanoseconds 10000000\n"
      .. "time       2023-11-14T22:13:20Z\n"
      .. "duration   2.50s\n"
      .. "stacks     3\n"
      .. "locations  3\n"
      .. "functions  2\n"
      .. "mappings   0\n"
      .. "comment    cprof.engine=timer\n", host.stdout.text)
  end)

  it("prints a time that no calendar has", function()
    local data = support.fake_methods().info()
    data.time_ns = 9e18 * 1e9
    assert.matches("\ntime       %d+ ns\n", info.render(data))
  end)

  it("answers nil for a file that is not there", function()
    local ok, message = info.execute({ file = "gone" }, support.fake_host())
    assert.is_nil(ok)
    assert.equal("gone: No such file or directory", message)
  end)
end)
