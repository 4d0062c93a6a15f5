local made = require "spec.made"
local support = require "spec.support"

local CPU = { "cpu", "nanoseconds" }
local COUNT = { "samples", "count" }

describe("cprof.merge", function()
  local core, merge

  before_each(function()
    support.need_core(pending)
    core = select(2, pcall(require, "cprof.core"))
    require "cprof"
    merge = require "cprof.merge"
  end)

  after_each(function()
    collectgarbage()
  end)

  -- A profile of these types, with more of what made.profile takes.
  local function new(types, samples, more)
    local given = { types = types, period_type = CPU }
    for i, sample in ipairs(samples) do
      given[i] = sample
    end
    for name, value in pairs(more or {}) do
      given[name] = value
    end
    return made.profile(given)
  end

  local function new_cpu(samples, more)
    return new({ COUNT, CPU }, samples, more)
  end

  local function type_names(profile)
    local names = {}
    for i, kind in ipairs(profile:info().sample_types) do
      names[i] = kind.type .. "/" .. kind.unit
    end
    return table.concat(names, " ")
  end

  describe("merge", function()
    it("sums any number of profiles", function()
      local parts = {}
      for i = 1, 5 do
        parts[i] = new_cpu({ { "main;f", { 1, i } } })
      end
      local p = assert(merge.merge(parts))
      assert.same({ ["main;f"] = { 5, 15 } }, made.spell(p))
    end)

    it("keeps the types that all have, in the first one's order", function()
      local a = new({ { "x", "count" }, { "y", "count" }, { "z", "count" } },
        { { "f", { 1, 2, 3 } } }, { default = "y" })
      local b = new({ { "z", "count" }, { "w", "count" }, { "x", "count" } },
        { { "f", { 10, 20, 30 } } })
      local p = assert(merge.merge({ a, b }))
      assert.equal("x/count z/count", type_names(p))
      assert.same({ f = { 31, 13 } }, made.spell(p))
      assert.equal("x", p:info().default_sample_type)
    end)

    it("takes the finest of the units", function()
      local a = new({ { "cpu", "milliseconds" } }, { { "f", 2 } },
        { period = 7 })
      local b = new({ { "cpu", "us" } }, { { "f", 5 } },
        { period_type = { "cpu", "microseconds" }, period = 8000 })
      local p = assert(merge.merge({ a, b }))
      assert.equal("cpu/us", type_names(p))
      assert.same({ f = { 2005 } }, made.spell(p))
      local info = p:info()
      assert.equal("nanoseconds", info.period_type.unit)
      assert.equal(8000000, info.period)
    end)

    it("keeps a type that is there twice", function()
      local twice = { COUNT, COUNT }
      local a = new(twice, { { "f", { 1, 2 } } })
      local p = assert(merge.merge({ a, a }))
      assert.same({ f = { 2, 4 } }, made.spell(p))
    end)

    it("merges profiles without types", function()
      local p = assert(merge.merge({ new({}, {}), new({}, {}) }))
      assert.equal("", type_names(p))
    end)

    it("says what does not go together, and what to do", function()
      local a = new_cpu({})
      local heap = new({ { "inuse_space", "bytes" } }, {})
      assert.same({ nil, "no sample type in common: profile 1 has "
        .. "samples/count, cpu/nanoseconds; heap.gz has inuse_space/bytes; "
        .. "merge profiles of one kind", "format" },
        { merge.merge({ a, heap }, { nil, "heap.gz" }) })
      assert.same({ nil, "different period types: profile 1 has "
        .. "cpu/nanoseconds; profile 2 has space/bytes; "
        .. "merge profiles of one kind", "format" },
        { merge.merge({ a, new_cpu({}, { period_type = { "space", "bytes" } })
        }) })
      assert.same({ nil, "units that do not convert: profile 1 has "
        .. "cpu/nanoseconds; profile 2 has cpu/count; "
        .. "merge profiles of one kind", "format" },
        { merge.merge({ a, new({ { "cpu", "count" } }, {}) }) })
    end)

    it("names the profile after which nothing is left in common", function()
      local a = new({ COUNT, CPU, { "x", "count" } }, {})
      local b = new({ CPU, { "x", "count" } }, {})
      local _, message = merge.merge({ a, b, new({ COUNT }, {}), a })
      assert.equal("no sample type in common: profile 1 in common with those "
        .. "after it has cpu/nanoseconds, x/count; profile 3 has "
        .. "samples/count; merge profiles of one kind", message)
    end)

    it("adds up cprof's counters, and keeps other comments each once",
      function()
        local comments = { "by hand", "cprof.lost=7", "cprof.vm=5.4",
          "cprof.memory_bytes=100" }
        local a = new_cpu({ { "f", { 1, 10 } } }, { comments = comments })
        local b = new_cpu({}, { comments = { "cprof.memory_bytes=90", "other",
          "cprof.pid=5", "cprof.signals=3" } })
        assert.same({ "by hand", "cprof.lost=28", "cprof.vm=5.4",
          "cprof.memory_bytes=100", "other", "cprof.pid=5", "cprof.signals=3" },
          assert(merge.merge({ a, a, b, a, a })):info().comments)
        assert.equal(28, merge.merge({ merge.merge({ a, a }), a, a })
          :data("info").losses.samples)
      end)

    it("takes no other comment for a counter", function()
      local comments = { "cprof.lost=-7", "cprof.lost=7 ", "cprof.pid=7",
        "lost=7", "cprof.lost=1234567890123456", "a\0b" }
      local a = new_cpu({}, { comments = comments })
      assert.same(comments, assert(merge.merge({ a, a })):info().comments)
      table.insert(comments, "cprof.late=2")
      a = new_cpu({}, { comments = comments })
      comments[#comments] = "cprof.late=4"
      assert.same(comments, assert(merge.merge({ a, a })):info().comments)
    end)

    it("raises at the caller's line without profiles", function()
      support.assert_raises(function() local _ = merge.merge({}) end,
        "merge: a list of profiles expected")
    end)
  end)

  describe("diff", function()
    it("subtracts, and drops what is equal", function()
      local a = new_cpu({ { "f", { 3, 30 } }, { "g", { 1, 10 } } })
      local b = new_cpu({ { "g", { 1, 10 } }, { "h", { 2, 20 } } })
      local p = assert(merge.diff(a, b))
      assert.same({ f = { 3, 30 }, h = { -2, -20 } }, made.spell(p))
      assert.equal(2, p:info().functions)
    end)

    it("does not add up counters", function()
      local a = new_cpu({}, { comments = { "cprof.lost=7" } })
      assert.same({ "cprof.lost=7" }, merge.diff(a, a):info().comments)
    end)

    it("keeps the base apart when it is to be labelled", function()
      local a = new_cpu({ { "f", { 3, 30 } } })
      local p = assert(merge.diff(a, a, { label = true }))
      assert.same({ f = { 3, 30 }, ["f pprof::base=true"] = { -3, -30 } },
        made.spell(p))
    end)

    it("calls the two by their parts in messages", function()
      local _, message, code = merge.diff(new_cpu({}),
        new({ { "x", "count" } }, {}))
      assert.matches("the profile has samples/count, cpu/nanoseconds; "
        .. "the base has x/count", message, 1, true)
      assert.equal("format", code)
    end)
  end)

  describe("scale", function()
    it("multiplies all types or the named ones", function()
      local a = new_cpu({ { "f", { 3, 30 } } })
      assert.same({ f = { 6, 60 } }, made.spell(merge.scale(a, 2)))
      assert.same({ f = { 3, 15 } },
        made.spell(merge.scale(a, { cpu = 0.5 })))
      assert.same({ f = { 3, 30 } }, made.spell(merge.scale(a, 1)))
      assert.same({}, made.spell(merge.scale(a, 0)))
    end)

    it("answers nil and range for what cannot be", function()
      local a = new_cpu({})
      assert.same({ nil, 'no sample type "heat" (types: samples/count, '
        .. "cpu/nanoseconds)", "range" }, { merge.scale(a, { heat = 1 }) })
      for _, ratio in ipairs({ 1 / 0, -1 / 0, 0 / 0 }) do
        assert.same({ nil, "scale: a ratio must be finite", "range" },
          { merge.scale(a, ratio) })
        assert.is_nil(merge.scale(a, { cpu = ratio }))
      end
    end)

    it("raises at the caller's line for what is no number", function()
      local a = new_cpu({})
      for _, ratio in ipairs({ "2", { cpu = "2" }, { cpu = true } }) do
        support.assert_raises(function() local _ = merge.scale(a, ratio) end,
          "scale: number expected, got ")
      end
    end)
  end)

  describe("normalize", function()
    it("makes totals those of the base", function()
      local a = new_cpu({ { "f", { 1, 10 } }, { "g", { 3, 30 } } })
      local b = new_cpu({ { "h", { 8, 20 } } })
      local p = assert(merge.normalize(a, b))
      assert.same({ f = { 2, 5 }, g = { 6, 15 } }, made.spell(p))
      assert.same(core.sums(b), core.sums(p))
    end)

    it("converts units, and leaves 0 where there is nothing", function()
      local a = new({ { "cpu", "us" }, COUNT },
        { { "f", { 4, 0 } }, { "g", { 4, 0 } } })
      local b = new({ COUNT, { "cpu", "ms" } }, { { "f", { 7, 1 } } })
      local p = assert(merge.normalize(a, b))
      assert.equal("cpu/us samples/count", type_names(p))
      assert.same({ f = { 500, 0 }, g = { 500, 0 } }, made.spell(p))
    end)
  end)

  it("normalizes what sums up to 0 to nothing", function()
    local a = new_cpu({ { "f", { 1, 10 } }, { "g", { 1, -10 } } })
    local b = new_cpu({ { "h", { 2, 20 } } })
    local p = assert(merge.normalize(a, b))
    assert.same({ f = { 1, 0 }, g = { 1, 0 } }, made.spell(p))
    a = new_cpu({ { "f", { 1, 0 } } })
    assert.same({ f = { 2, 0 } }, made.spell(assert(merge.normalize(a, b))))
  end)

  describe("beside go tool pprof", function()
    -- By the flags that pprof gets before the second file.
    local HOW = {
      [""] = function(a, b) return merge.merge({ a, b }) end,
      ["-base"] = function(a, b) return merge.diff(a, b) end,
      ["-diff_base"] = function(a, b)
        return merge.diff(a, b, { label = true })
      end,
      ["-normalize -base"] = function(a, b)
        return merge.diff(assert(merge.normalize(a, b)), b)
      end,
    }

    -- 40 stacks of a few functions, each there once: Go 1.19 sums before it
    -- scales, later ones after.
    local function random_profile()
      local samples, is_there = {}, {}
      while #samples < 40 do
        local stack = {}
        for i = 1, math.random(4) do
          stack[i] = ("f%d"):format(math.random(5))
        end
        local text = math.random(3)
        local key = table.concat(stack, ";") .. text
        if not is_there[key] then
          is_there[key] = true
          samples[#samples + 1] = {
            table.concat(stack, ";"), { math.random(9), math.random(1e9) },
            text > 1 and { k = "v" .. text, n = text } or nil,
          }
        end
      end
      return new_cpu(samples, { period = 10, time = 1700000000,
        duration = 5, comments = { "c" .. math.random(3) } })
    end

    -- What pprof prints of a file.
    local function raw(go, path)
      local code, out, err = support.shell(("%s tool pprof -symbolize=none "
        .. "-raw %s"):format(go, path))
      assert(code == 0, err)
      return out
    end

    local function compare(go, flags, paths)
      local a = assert(core.read_file(paths[1]))
      local b = assert(core.read_file(paths[2]))
      local first, second = paths[2], paths[1]
      if flags == "" then
        first, second = second, first
      end
      local code, _, err = support.shell(("%s tool pprof -symbolize=none "
        .. "-proto -output %s %s %s %s"):format(go, paths[3], flags, first,
        second))
      assert(code == 0, err)
      local theirs = raw(go, paths[3])
      assert(assert(HOW[flags](a, b)):write(paths[3]))
      assert.equal(theirs, raw(go, paths[3]))
    end

    for _, go in ipairs(support.GOS) do
      for flags in pairs(HOW) do
        it(("gives what %s gives by %q"):format(go, flags), function()
          if not support.has_command(go) then
            return pending("no " .. go)
          end
          math.randomseed(7)
          local paths = {}
          for i = 1, 3 do
            paths[i] = os.tmpname()
            assert(random_profile():write(paths[i]))
          end
          compare(go, flags, paths)
          for i = 1, 3 do
            os.remove(paths[i])
          end
        end)
      end
    end
  end)
end)
