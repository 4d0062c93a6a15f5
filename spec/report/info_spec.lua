local info = require "cprof.report.info"
local made = require "spec.made"
local model = require "spec.report.model"
local support = require "spec.support"


local function new_view(about)
  return model.view({
    types = { { "samples", "count" }, { "cpu", "nanoseconds" } },
    stacks = {
      { values = { 2, 20e6 }, "hot a.lua:1:4", labels = { k = "a", n = 1 },
        units = { n = "count" } },
      { values = { 1, 10e6 }, "main a.lua:0:9", labels = { k = "b" } },
    },
    info = about,
  })
end

local function render(about)
  return info.text(info.data(new_view(about)))
end


describe("cprof.report.info", function()
  it("prints what a profile holds in stable columns", function()
    assert.equal("types      samples/count, cpu/nanoseconds (default)\n"
      .. "period     cpu/nanoseconds 10000000\n"
      .. "time       2023-11-14 22:13:20 UTC\n"
      .. "duration   2.50s\n"
      .. "total      30ms of cpu, 1.20% of the duration\n"
      .. "total      3 of samples\n"
      .. "stacks     2\n"
      .. "locations  3\n"
      .. "functions  2\n"
      .. "mappings   1\n"
      .. "mapping    /bin/x at 0x400000, build id abc\n"
      .. "label      k, 2 values\n"
      .. "label      n, 1 value\n"
      .. "doc        https://x\n"
      .. "drop       ^gc\n"
      .. "comment    made by hand\n", render({
        period = 10000000, time_ns = 1700000000e9, duration_ns = 2.5e9,
        locations = 3, functions = 2, comments = { "made by hand" },
        mappings = { { filename = "/bin/x", build_id = "abc",
          memory_start = "0x400000", has_functions = true } },
        doc_url = "https://x", drop_frames = "^gc", keep_frames = "",
      }))
  end)

  it("prints a time that no calendar has", function()
    assert.matches("\ntime       %d+ ns\n", render({ time_ns = 9e27 }))
  end)

  it("gives no share of the duration for what is no time", function()
    assert.matches("\ntotal      3 of samples\ntotal      30ms of cpu\n",
      render({ default_index = 1 }))
  end)

  it("tells what cprof cost and lost where the comments do", function()
    local comments = { "cprof.handler_ns=100000", "cprof.safepoint_ns=200000",
      "cprof.memory_bytes=2048", "cprof.lost=3", "cprof.lost_ns=3000000" }
    local text = render({ comments = comments })
    assert.matches("\ncost       300us, 1.00% of cpu, 2kB\n", text, 1, true)
    assert.matches("\nlost       3 samples, 3ms, 10.00% of cpu\n", text, 1,
      true)
    text = render({ comments = { comments[1], "x=y" } })
    assert.not_matches("\ncost ", text)
    assert.not_matches("\nlost ", text)
  end)

  it("leaves out a time and a duration that are not known", function()
    local text = render()
    assert.not_matches("\ntime ", text)
    assert.not_matches("\nduration ", text)
  end)

  it("tells what filters leave; what cprof cost is of the whole", function()
    support.need_core(pending)
    local profile = made.profile({
      { "main;f@a.lua", { 1, 10e6 }, { k = "a" } },
      { "main;g@b.lua", { 3, 30e6 } },
      comments = { "cprof.lost=1", "cprof.lost_ns=4000000" },
    })
    require "cprof"
    local data = assert(profile:data("info", { focus = "f" }))
    assert.same({ 1, 2, 2, 10e6 }, { data.stacks, data.functions,
      data.locations, data.types[2].total })
    assert.equal(0.1, data.losses.share)
    assert.same({}, profile:data("info", { focus = "g" }).labels)
  end)

  it("adds up the costs of profiles that were merged", function()
    local data = info.data(new_view({ comments = { "cprof.handler_ns=1",
      "cprof.safepoint_ns=2", "cprof.handler_ns=10", "cprof.memory_bytes=5",
      "cprof.memory_bytes=4" } }))
    assert.equal(11, data.cost.handler_ns)
    assert.equal(13, data.cost.total_ns)
    assert.equal(5, data.cost.memory_bytes)
  end)

  it("gives all of it as data", function()
    local data = info.data(new_view())
    assert.same({ type = "cpu", unit = "nanoseconds", total = 30e6,
      is_default = true }, data.types[2])
    assert.equal("cpu", data.default_type)
    assert.same({ key = "k", values = 2 }, data.labels[1])
    assert.is_nil(data.cost)
    assert.is_nil(data.losses)
  end)

  it("hands on what the core answers", function()
    local view = new_view()
    view.profile.label_sets = function()
      return nil, "why", "memory"
    end
    assert.same({ nil, "why", "memory" }, { info.data(view) })
  end)

  it("counts the labels of a real profile", function()
    support.need_core(pending)
    local cprof = require "cprof"
    local profile = assert(cprof.open("spec/fixtures/go126-cpu.pb.gz"))
    local text = assert(profile:report("info"))
    assert.matches("\nlabel      client, 4 values\n", text, 1, true)
  end)

  it("bears a profile without types", function()
    local view = model.view({ types = {}, stacks = {} })
    view.info.sample_types, view.info.default_index = {}, nil
    view.index = nil
    assert.matches("^types      %-\nperiod ", info.text(info.data(view)))
  end)
end)
