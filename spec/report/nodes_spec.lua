local nodes = require "cprof.report.nodes"

local function row(name, flat, cum, more)
  local made = { name = name, filename = "a.lua", start_line = 1, flat = flat,
    cum = cum }
  for key, value in pairs(more or {}) do
    made[key] = value
  end
  return made
end

local ROWS = { row("c", 10, 10), row("a", 10, 80), row("b", 60, 60) }

local function by_name(a, b)
  return a.name == b.name and 0 or a.name < b.name and -1 or 1
end

local function label_of(each)
  return each.name
end

local function names_of(rows)
  local names = {}
  for i, each in ipairs(rows) do
    names[i] = each.name
  end
  return table.concat(names, " ")
end

local function choose(rows, asked)
  return names_of((nodes.choose(rows, asked, by_name)))
end


describe("cprof.report.nodes", function()
  it("sorts by flat, then by name", function()
    assert.equal("b a c", choose(ROWS, { n = 9, sort = "flat" }))
  end)

  it("sorts by cum", function()
    assert.equal("a b c", choose(ROWS, { sort = "cum" }))
  end)

  it("sorts by what is furthest from zero", function()
    assert.equal("b a", choose({ row("a", 5, 5), row("b", -9, -9) },
      { sort = "flat" }))
  end)

  it("sorts what is equal by its place", function()
    local rows = { row("a", 1, 1, { start_line = 9 }), row("a", 1, 1) }
    local chosen = nodes.choose(rows, { sort = "flat" }, by_name)
    assert.equal(1, chosen[1].start_line)
  end)

  it("chooses the first n and says of how many", function()
    local chosen, of = nodes.choose(ROWS, { n = 2, sort = "flat" }, by_name)
    assert.equal("b a", names_of(chosen))
    assert.same({ count = 3, dropped = 0, sum = 80 }, of)
    assert.equal("c a b", names_of(ROWS))
  end)

  it("drops what is too light, by cum and the sum of flat", function()
    local chosen, of = nodes.choose(ROWS, { sort = "flat", nodefraction = 0.5 },
      by_name)
    assert.equal("b a", names_of(chosen))
    assert.same({ count = 2, dropped = 1, sum = 80 }, of)
  end)

  it("gives copies with their shares", function()
    local rows = nodes.finish(nodes.choose(ROWS, { n = 2, sort = "flat" },
      by_name), 80, label_of)
    assert.equal(0.75, rows[1].flat_share)
    assert.equal(0.875, rows[2].sum_share)
    assert.equal(1, rows[2].cum_share)
    assert.equal("b", rows[1].label)
    assert.is_nil(ROWS[1].flat_share)
  end)

  it("gives shares of nothing as 0", function()
    local rows = nodes.finish({ row("a", 0, 0) }, 0, label_of)
    assert.equal(0, rows[1].cum_share)
  end)

  it("names definitions of one name by their places", function()
    local rows = { row("run", 3, 3),
      row("run", 2, 2, { filename = "/x/mod/init.lua", start_line = 7 }),
      row("go", 1, 1), row("", 1, 1, { filename = "@b.lua" }),
      row("", 1, 1, { filename = "", object = "/lib/x.so" }) }
    local name_of = nodes.namer(rows, "definitions")
    local names = {}
    for i, each in ipairs(rows) do
      names[i] = name_of(each)
    end
    assert.same({ "run (a.lua:1)", "run (mod/init.lua:7)", "go", "@b.lua:1",
      "[x.so]" }, names)
  end)

  it("tells files of one name apart by more of their paths", function()
    local function labels(...)
      local rows, names = {}, {}
      for i, filename in ipairs({ ... }) do
        rows[i] = row("f", 1, 1, { filename = filename, start_line = 3 })
      end
      local name_of = nodes.namer(rows)
      for i, each in ipairs(rows) do
        names[i] = name_of(each):match("^f %((.*):3%)$")
      end
      return names
    end
    assert.same({ "x/util.lua", "y/util.lua", "other.lua" },
      labels("/a/x/util.lua", "/a/y/util.lua", "/a/z/other.lua"))
    assert.same({ "a/x/util.lua", "b/x/util.lua" },
      labels("/q/a/x/util.lua", "/q/b/x/util.lua"))
    assert.same({ "a/m/init.lua", "b/m/init.lua" },
      labels("a/m/init.lua", "b/m/init.lua"))
    assert.same({ "/x/a.lua", "x/a.lua", "a.lua" },
      labels("/x/a.lua", "x/a.lua", "a.lua"))
    assert.same({ "//x/a.lua", "/x/a.lua" }, labels("//x/a.lua", "/x/a.lua"))
    local deep = ("/x"):rep(40) .. "/a.lua"
    assert.same({ "/p" .. deep, "/q" .. deep },
      labels("/p" .. deep, "/q" .. deep))
    assert.same({ "a.lua", "a.lua" }, labels("/x/a.lua", "/x/a.lua"))
  end)

  -- as graph.go's PrintableName
  it("names other nodes as pprof does", function()
    for expected, each in pairs({
      ["f"] = { name = "f" },
      ["f a.lua"] = { name = "f", filename = "a.lua" },
      ["a.lua"] = { name = "", filename = "a.lua" },
      ["f a.lua:7"] = { name = "f", filename = "a.lua", line = 7 },
      ["f :7"] = { name = "f", filename = "", line = 7 },
      ["f a.lua:7:3"] = { name = "f", filename = "a.lua", line = 7,
        column = 3 },
      ["00000000000001af f"] = { name = "f", filename = "", address = "0x1af" },
      ["00000000000001af [x.so]"] = { name = "", address = "0x1af",
        object = "/lib/x.so" },
      ["[x]"] = { name = "", object = "/lib/x/" },
      ["<unknown>"] = { name = "", object = "" },
    }) do
      assert.equal(expected, nodes.namer({ each }, "functions")(each))
    end
  end)

  it("cuts long names in labels, not within a character", function()
    local function label(name)
      local each = row(name, 1, 1)
      local names = nodes.names({ each }, "functions")
      assert.equal(name .. " a.lua", names.text(each))
      return names.label(each)
    end
    local half = ("a"):rep(2048)
    assert.equal(half .. half .. " a.lua", label(half .. half))
    assert.equal(half .. "…" .. half .. " a.lua", label(half .. "xy" .. half))
    local euros = ("€"):rep(5000)
    assert.equal(("€"):rep(682) .. "…" .. ("€"):rep(682) .. " a.lua",
      label(euros))
    local most = #label(("\128"):rep(2 ^ 20))
    assert.is_true(most > 4000 and most < 4200)
  end)

  it("orders rows as their whole names compare", function()
    local long = ("n"):rep(9000)
    local rows = {
      row("foo", 0, 0, { filename = "z.lua", line = 7 }), row("foo bar", 0, 0),
      row("foo", 0, 0, { filename = "a.lua", line = 7 }),
      row("foo", 0, 0, { filename = "a.lua", line = 70, start_line = 4 }),
      row("foo", 0, 0, { filename = "a.lua", line = 7, column = 3 }),
      row("foo\1", 0, 0), row("foo#", 0, 0), row("fo", 0, 0), row("", 0, 0),
      row("", 0, 0, { filename = "", object = "/x/y.so" }),
      row("", 0, 0, { filename = "", object = "" }), row("zoo", 0, 0),
      row("zoo", 0, 0, { address = "0x1f" }),
      row("", 0, 0, { address = "0x1f", filename = "", object = "o" }),
      row(long .. "x" .. long, 0, 0), row(long .. "y" .. long, 0, 0),
    }
    for _, granularity in ipairs({ "definitions", "lines" }) do
      local names = nodes.names(rows, granularity)
      for _, a in ipairs(rows) do
        for _, b in ipairs(rows) do
          local one, other = names.text(a), names.text(b)
          assert.equal(one == other and 0 or one < other and -1 or 1,
            names.order(a, b), one:sub(-99) .. " | " .. other:sub(-99))
        end
      end
    end
  end)

  -- 2000 copies of it would take 2 GB.
  it("keeps no copies of a name that many definitions have", function()
    local name, rows = ("a"):rep(2 ^ 20), {}
    for i = 1, 2000 do
      rows[i] = row(name, 1, 1, { start_line = i, node = i })
    end
    local key_of, keys = nodes.keyer(), {}
    collectgarbage()
    local before = collectgarbage("count")
    local names = nodes.names(rows)
    local chosen = nodes.choose(rows, { sort = "flat" }, names.order)
    for i, each in ipairs(chosen) do
      keys[i] = key_of({ each.name, each.start_line })
    end
    local finished = nodes.finish(chosen, 2000, names.label)
    collectgarbage()
    assert.is_true(collectgarbage("count") - before < 20000)
    assert.equal(2000, #finished)
    assert.matches("aa…aa", finished[1].label, 1, true)
    assert.equal(" (a.lua:1)", finished[1].label:sub(-10))
    assert.not_equal(keys[1], keys[2])
  end)

  it("names the object of a long path in no time", function()
    local each = { name = "", object = ("a"):rep(2 ^ 20) .. "/" }
    assert.matches("^%[a+…a+%]$", nodes.namer({ each }, "functions")(each))
  end)

  it("cuts a part of a value off as pprof does", function()
    assert.equal(4, nodes.cutoff(99, 0.05))
    assert.equal(4, nodes.cutoff(-99, 0.05))
    assert.equal(0, nodes.cutoff(99))
  end)
end)
