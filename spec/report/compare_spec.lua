local compare = require "cprof.report.compare"
local model = require "spec.report.model"
local units = require "cprof.units"

local TYPES = { { "samples", "count" }, { "cpu", "nanoseconds" } }
local PERIOD_NS = 10e6


-- A profile of functions that are leaves of their own: {name = signals}.
local function counts_model(counts, noise)
  local names, stacks = {}, {}
  for name in pairs(counts) do
    names[#names + 1] = name
  end
  table.sort(names)
  for i, name in ipairs(names) do
    stacks[i] = { name .. " a.lua:1:1",
      values = { counts[name], counts[name] * PERIOD_NS } }
  end
  return model.new({ types = TYPES, stacks = stacks, noise = noise })
end


local function compare_counts(base, new, asked)
  asked = asked or {}
  asked.base = counts_model(base)
  local view = model.view(counts_model(new))
  local data = assert(compare.data(view, asked))
  local by_name = {}
  for _, row in ipairs(data.rows) do
    by_name[row.name] = row
  end
  return data, by_name, view, asked
end


describe("cprof.report.compare", function()
  it("tells what became of each function, the largest difference first",
    function()
      local data, row = compare_counts(
        { same = 5, less = 40, gone = 20, more = 10 },
        { same = 5, less = 30, new = 50, more = 15 })
      local names = {}
      for i, item in ipairs(data.rows) do
        names[i] = item.name
      end
      assert.same({ "new", "gone", "less", "more", "same" }, names)
      for _, state in ipairs(names) do
        assert.equal(state, row[state].state)
      end
      assert.equal(40 * PERIOD_NS, row.less.base)
      assert.equal(30 * PERIOD_NS, row.less.value)
      assert.equal(-10 * PERIOD_NS, row.less.delta)
      assert.equal(75 * PERIOD_NS, data.totals.base)
      assert.equal(100 * PERIOD_NS, data.totals.value)
      assert.equal(25 * PERIOD_NS, data.totals.delta)
    end)

  it("marks what is within z standard deviations", function()
    -- 9 and 0 signals: a deviation of 3, the difference is three of them
    local data, row = compare_counts({ a = 9, b = 10, c = 5 },
      { a = 0, b = 0, c = 5 })
    assert.is_true(row.a.is_noise)
    assert.is_false(row.b.is_noise)
    assert.is_false(row.c.is_noise)
    assert.equal(3 * PERIOD_NS, row.a.deviation)
    assert.equal("signals", data.noise)
    data = compare_counts({ a = 9 }, { a = 0 }, { z = 2.9 })
    assert.is_false(data.rows[1].is_noise)
  end)

  it("marks the total, too", function()
    assert.is_true(compare_counts({ a = 50, b = 50 }, { a = 55, b = 60 })
      .totals.is_noise)
    assert.is_false(compare_counts({ a = 50, b = 50 }, { a = 255, b = 60 })
      .totals.is_noise)
  end)

  it("compares cumulative values on request", function()
    local base = model.new({ types = TYPES, stacks = { { values = { 5, 50 },
      "hot a.lua:1:1", "main a.lua:0:1" } } })
    local new = model.view({ types = TYPES, stacks = { { values = { 7, 70 },
      "main a.lua:0:2" } } })
    local data = compare.data(new, { base = base, sort = "cum" })
    assert.same({ "hot", -50, "gone" }, { data.rows[1].name,
      data.rows[1].delta, data.rows[1].state })
    assert.same({ "main", 20, "more" }, { data.rows[2].name,
      data.rows[2].delta, data.rows[2].state })
  end)

  it("does not call new what only lay below others before", function()
    local stacks = { { values = { 5, 50 }, "hot a.lua:1:1", "main a.lua:0:1" } }
    local base = model.new({ types = TYPES, stacks = stacks })
    local new = model.view({ types = TYPES, stacks = { stacks[1],
      { values = { 9, 90 }, "main a.lua:0:2" } } })
    local row = compare.data(new, { base = base }).rows[1]
    assert.same({ "main", 0, 90, "more" }, { row.name, row.base, row.value,
      row.state })
  end)

  it("scales to the base's total on request", function()
    local data, row = compare_counts({ a = 100, b = 100 },
      { a = 1000, b = 1000 }, { normalize = true })
    assert.equal(0, row.a.delta)
    assert.equal(data.totals.base, data.totals.value)
    -- 1000 signals at a tenth of their weight vary by 10, not by 100
    assert.is_near(math.sqrt(100 + 10) * PERIOD_NS, row.a.deviation, 1)
  end)

  it("converts the base's unit, and refuses one of another kind", function()
    local function view(unit, value)
      return model.view({ types = { { "cpu", unit } },
        stacks = { { values = { value }, "f a.lua:1:1" } } })
    end
    local row = compare.data(view("nanoseconds", 5e6),
      { base = view("milliseconds", 3).profile }).rows[1]
    assert.same({ 3e6, 5e6, 2e6 }, { row.base, row.value, row.delta })
    assert.same({ nil, "compare: the base has cpu/bytes, the profile"
      .. " cpu/nanoseconds", "format" }, { compare.data(
      view("nanoseconds", 5), { base = view("bytes", 3).profile }) })
  end)

  it("refuses a base without the type", function()
    local base = model.new({ stacks = {}, types = { { "wall", "count" } } })
    local view = model.view(counts_model({ a = 5 }))
    assert.same({ nil, "no sample type in common: the profile has "
      .. "samples/count, cpu/nanoseconds; the base has wall/count; compare "
      .. "profiles of one kind", "format" },
      { compare.data(view, { base = base }) })
  end)

  it("names what a base has that shares other types only", function()
    local base = model.new({ stacks = {}, types = { TYPES[1] } })
    local view = model.view(counts_model({ a = 5 }))
    assert.same({ nil, 'the base has no sample type "cpu" (types: samples); '
      .. "choose one that both have", "range" },
      { compare.data(view, { base = base }) })
  end)

  it("compares the type that is chosen, by its name", function()
    local base = model.new({ types = { TYPES[2], TYPES[1] },
      stacks = { { values = { 9e6, 7 }, "f a.lua:1:1" } } })
    local view = model.view(counts_model({ f = 5 }), { index = 1,
      type = "samples", unit = "count" })
    assert.equal(-2, compare.data(view, { base = base }).rows[1].delta)
  end)

  it("marks nothing where the sample counts are not known", function()
    local base = counts_model({ a = 3 }, "none")
    local view = model.view(counts_model({ a = 4 }))
    local data = compare.data(view, { base = base })
    assert.equal("none", data.noise)
    assert.is_nil(data.rows[1].is_noise)
    assert.matches("\nNoise: not known", compare.text(data, view, {}), 1, true)
  end)
end)


describe("the table of differences", function()
  it("has columns, marks, and a line on what a mark means", function()
    local data, _, view, asked = compare_counts({ less = 40, gone = 20, b = 7 },
      { less = 38, new = 50, b = 7 })
    assert.equal("Type: cpu\n"
      .. "Total: 950ms, base 670ms: +280ms (+41.79%) ~\n"
      .. "~ is within 3 standard deviations of sampling: chance explains it\n"
      .. "      base      value      delta   of base state name\n"
      .. "         0      500ms     +500ms   +74.63% new   new\n"
      .. "     200ms          0     -200ms   -29.85% gone  gone\n"
      .. "     400ms      380ms      -20ms ~  -2.99% less  less\n",
      compare.text(data, view, asked))
  end)

  it("keeps the n largest and says of how many", function()
    local data, _, view = compare_counts({ a = 1, b = 2, c = 3 }, {})
    local text = compare.text(data, view, { n = 1 })
    assert.matches("\nShowing top 1 of 3 differences\n", text, 1, true)
    assert.matches(" gone  c\n$", text)
  end)

  it("says so when nothing differs; data has the rows all the same", function()
    local stacks = { { values = { 5, 50 }, "hot a.lua:1:1", "main a.lua:0:1" } }
    local view = model.view({ types = TYPES, stacks = stacks })
    local data = compare.data(view, { base = view.profile })
    assert.equal(2, #data.rows)
    assert.equal("Type: cpu\nTotal: 50ns, base 50ns: 0 (0%)\nno differences\n",
      compare.text(data, view, {}))
  end)

  it("gives no shares of a base whose total is 0", function()
    local data, _, view = compare_counts({}, { a = 20 })
    local text = compare.text(data, view, {})
    assert.matches("\nTotal: 200ms, base 0: +200ms\n", text, 1, true)
    assert.matches("         0      200ms     +200ms         - new   a\n", text,
      1, true)
  end)

  it("tells functions of one name apart", function()
    local function view(value)
      return model.view({ types = TYPES, stacks = {
        { values = { value, value * 1e6 }, "new x/init.lua:1:2" },
        { values = { 4 * value, 4e6 * value }, "new b.lua:3:4" },
      } })
    end
    local text = compare.text(compare.data(view(2), {
      base = view(1).profile,
    }), view(2), {})
    assert.matches(" new (x/init.lua:1)\n", text, 1, true)
    assert.matches(" new (b.lua:3)\n", text, 1, true)
  end)

  it("prints in the unit asked for", function()
    local data, _, view = compare_counts({ a = 1 }, { a = 3 })
    view.output_unit = "us"
    assert.matches("10000us    30000us   +20000us", compare.text(data, view,
      {}), 1, true)
    assert.equal("us", select(2, units.scale(1, "nanoseconds", "us")))
  end)
end)


-- ---------------------------------------------------------------- chance ----

-- The minimal standard generator, the same on every VM.
local function new_random(seed)
  return function()
    seed = seed * 16807 % 2147483647
    return seed / 2147483647
  end
end

-- A number of signals whose mean is given (Knuth; large means in parts).
local function poisson(random, mean)
  local count = 0
  while mean > 30 do
    count, mean = count + poisson(random, 30), mean - 30
  end
  local limit, product = math.exp(-mean), random()
  while product > limit do
    count, product = count + 1, product * random()
  end
  return count
end

-- The chance that two counts of one mean differ by more than z deviations, by
-- the definition: over all pairs of counts.
local function false_alarm(mean, z)
  local width = math.ceil(10 * math.sqrt(mean) + 10)
  local first, chances = math.max(0, math.floor(mean - width)), {}
  local logarithm = -mean
  for i = 1, math.floor(mean + width) do
    if i > first then
      chances[i - 1] = math.exp(logarithm)
    end
    logarithm = logarithm + math.log(mean / i)
  end
  local sum = 0
  for a, chance_a in pairs(chances) do
    for b, chance_b in pairs(chances) do
      if math.abs(a - b) > z * math.sqrt(a + b) then
        sum = sum + chance_a * chance_b
      end
    end
  end
  return sum
end

-- Two profiles of one program whose functions have these means.
local function draw_counts(random, means)
  local counts = {}
  for i, mean in ipairs(means) do
    local count = poisson(random, mean)
    counts["f" .. i] = count > 0 and count or nil
  end
  return counts
end


describe("two profiles of one program", function()
  local FUNCTIONS, ROUNDS = 400, 25

  -- Marked and unmarked differences, and how many unmarked ones chance gives.
  local function count_marks(z)
    local random, means, expected = new_random(20261128), {}, 0
    for i = 1, FUNCTIONS do
      means[i] = ({ 1, 4, 20, 100 })[i % 4 + 1]
    end
    for _, mean in ipairs({ 1, 4, 20, 100 }) do
      expected = expected + false_alarm(mean, z) * FUNCTIONS / 4 * ROUNDS
    end
    local marked, unmarked = 0, 0
    for _ = 1, ROUNDS do
      local data = compare_counts(draw_counts(random, means),
        draw_counts(random, means), { z = z })
      for _, row in ipairs(data.rows) do
        if row.is_noise then
          marked = marked + 1
        elseif row.delta ~= 0 then
          unmarked = unmarked + 1
        end
      end
    end
    return marked, unmarked, expected
  end

  it("differ by noise but for the few that chance gives", function()
    local marked, unmarked, expected = count_marks(3)
    -- a rare event's count varies by the root of its mean: five of them
    assert.is_true(math.abs(unmarked - expected) < 5 * math.sqrt(expected),
      ("%d unmarked, %.1f expected"):format(unmarked, expected))
    assert.is_true(unmarked < 0.004 * FUNCTIONS * ROUNDS)
    assert.is_true(marked > 0.7 * FUNCTIONS * ROUNDS)
  end)

  it("differ by more of them when less is given to chance", function()
    local _, unmarked, expected = count_marks(2)
    assert.is_true(math.abs(unmarked - expected) < 5 * math.sqrt(expected),
      ("%d unmarked, %.1f expected"):format(unmarked, expected))
    assert.is_true(expected > 0.02 * FUNCTIONS * ROUNDS)
  end)

  it("give a false alarm for at most 1 function in 250", function()
    for _, mean in ipairs({ 0.5, 1, 2, 5, 10, 30, 100, 300 }) do
      assert.is_true(false_alarm(mean, 3) < 1 / 250, "mean " .. mean)
    end
  end)

  it("and one that doubled is seen", function()
    local random, seen = new_random(7), 0
    for _ = 1, 200 do
      local _, row = compare_counts({ f = poisson(random, 60) },
        { f = poisson(random, 120) })
      seen = seen + (row.f.is_noise and 0 or 1)
    end
    -- 60 against a deviation of 13.4: 4.5 of them, 3 are noise
    assert.is_true(seen > 0.85 * 200, seen .. " of 200")
  end)
end)
