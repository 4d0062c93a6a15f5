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
      .. "total      30ms of cpu, 1.20% of the duration\n"
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

  it("prints the total of what is no time without a share", function()
    local data = support.fake_methods().info()
    data.default_index = 1
    assert.matches("\ntotal      3 of samples\n", info.render(data, 3))
    data.sample_types[1] = { type = "heap", unit = "bytes" }
    assert.matches("\ntotal      2kB of heap\n", info.render(data, 2048))
    data.sample_types, data.default_index = {}, nil
    assert.matches("\ntotal      %-\n", info.render(data))
  end)

  it("prints what cprof cost where the comments tell it", function()
    local data = support.fake_methods().info()
    data.comments = { "cprof.handler_ns=100000", "cprof.safepoint_ns=200000" }
    assert.matches("\ncost       300us, 1.00%% of cpu\n",
      info.render(data, 30e6, 30e6))
    assert.not_matches("\ncost ", info.render(data, 0, 0))
    assert.not_matches("\ncost ", info.render(data, 30e6))
    data.comments[2] = nil
    assert.not_matches("\ncost ", info.render(data, 30e6, 30e6))
  end)

  it("answers nil for a file that is not there", function()
    local ok, message = info.execute({ file = "gone" }, support.fake_host())
    assert.is_nil(ok)
    assert.equal("gone: No such file or directory", message)
  end)
end)
