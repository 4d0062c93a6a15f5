local support = require "spec.support"
local profile = require "cprof.profile"

local function new_profile()
  local methods = support.fake_methods()
  profile.install(methods)
  return setmetatable({}, methods)
end


describe("cprof.profile", function()
  it("prints the top of the default type", function()
    local text = new_profile():top()
    assert.matches("^Type: cpu\n", text)
    assert.matches("20ms 66.67% 66.67%       20ms 66.67%  hot\n", text, 1,
      true)
  end)

  it("takes the type by name and by number", function()
    local p = new_profile()
    assert.matches("^Type: samples\n", p:top({ sample = "samples" }))
    assert.equal(p:top({ sample = "samples" }), p:top({ sample = 1 }))
    for _, method in ipairs({ "rows", "graph", "stacks", "folded",
      "total" }) do
      assert.same({ p[method](p, 1) }, { p[method](p, "samples") })
      assert.same({ p[method](p, 2) }, { p[method](p) })
    end
    assert.equal(3, select(2, p:rows("samples")))
  end)

  it("answers nil and range for a type that is not there", function()
    local p = new_profile()
    local text, message, code = p:top({ sample = "heat" })
    assert.is_nil(text)
    assert.equal("range", code)
    assert.equal('no sample type "heat" (types: samples, cpu)', message)
    for _, method in ipairs({ "rows", "graph", "stacks", "folded",
      "total" }) do
      for given, shown in pairs({ heat = "heat", [3] = "3", [1.5] = "1.5" })
      do
        assert.same({ nil, ("no sample type %q (types: samples, cpu)")
          :format(shown), "range" }, { p[method](p, given) })
      end
    end
  end)

  it("answers nil and range for a profile without types", function()
    local p = new_profile()
    function p.info()
      return { sample_types = {}, comments = {} }
    end
    for _, method in ipairs({ "top", "tree", "text", "folded", "rows",
      "graph", "stacks", "total" }) do
      local _, message, code = p[method](p)
      assert.equal("the profile has no sample types", message)
      assert.equal("range", code)
    end
  end)

  it("hands on that a text would be too long", function()
    local p, frame = new_profile(), { name = ("x"):rep(1000), filename = "",
      start_line = 0, line = 0 }
    local frames = {}
    for i = 1, 1e5 do
      frames[i] = frame
    end
    function p.stacks()
      return { { value = 1, values = { 1, 1 }, frames = frames, labels = {} } }
    end
    function p.label_sets()
      return {}
    end
    for _, kind in ipairs({ "text", "traces" }) do
      for _, answer in ipairs({ { p[kind](p) }, { p:report(kind) },
        { profile.print(p, kind, {}) } }) do
        assert.is_nil(answer[1])
        assert.matches("^the text would be larger than 88 MiB; ", answer[2])
        assert.equal("limit", answer[3])
      end
    end
  end)

  it("gives reports as data", function()
    local data = new_profile():data("top", { n = 1, sort = "cum" })
    assert.equal(30000000, data.total)
    assert.equal(1, #data.rows)
    assert.equal("main@a.lua", data.rows[1].name)
    assert.equal(1, data.rows[1].cum_share)
  end)

  it("gives every report by its name", function()
    local p = new_profile()
    assert.equal(p:top({ n = 1 }), p:report("top", { n = 1 }))
    assert.equal(1, select("#", p:report("tree"))) -- for io.write
    local text, warnings = profile.print(p, "top", { n = 1 })
    assert.equal(p:top({ n = 1 }), text)
    assert.same({}, warnings)
  end)

  it("says at the caller's line that there is no such report", function()
    local p = new_profile()
    for call, text in pairs({
      [function() local _ = p:data("heat") end] =
        'profile:data: there is no report "heat" (reports: top, tree, peek,',
      [function() local _ = p:report() end] =
        "profile:report: there is no report nil (reports: top, tree, peek,",
      [function() local _ = p:data("top", { x = 1 }) end] =
        "profile:data: unknown option 'x'",
      [function() local _ = p:report("top", 5) end] =
        "profile:report: table expected, got number",
    }) do
      support.assert_raises(call, text)
    end
  end)

  it("declares options, those of every report but what says nothing", function()
    for _, kind in ipairs({ "top", "tree", "peek", "folded", "text" }) do
      local names = {}
      for _, field in ipairs(profile.options(kind)) do
        assert.is_nil(names[field.name])
        names[field.name] = field
      end
      assert.is_table(names.sample)
      assert.equal(kind ~= "text", names.granularity ~= nil)
      assert.equal(kind ~= "text" and kind ~= "folded", names.unit ~= nil)
      assert.equal(kind, profile.report(kind).name)
    end
  end)

  it("answers nil and range for a number of rows out of range", function()
    local rows, message, code = new_profile():top({ n = 0 })
    assert.is_nil(rows)
    assert.matches("n must be an integer from 1", message)
    assert.equal("range", code)
  end)

  it("raises at the caller's line for an unknown option", function()
    local p = new_profile()
    support.assert_raises(function() local _ = p:top({ x = 1 }) end,
      "profile:top: unknown option")
  end)

  it("says at the caller's line that a method needs a colon", function()
    local p = new_profile()
    local calls = {
      function() local _ = p.top() end,
      function() local _ = p.tree({ n = 3 }) end,
      function() local _ = p.info(5) end,
      function() local _ = p.write("x") end,
    }
    for i, method in ipairs({ "top", "tree", "info", "write" }) do
      support.assert_raises(calls[i],
        ("profile.%s: call it with a colon: profile:%s()"):format(method,
        method))
    end
  end)

  it("says at the caller's line that a type is wrong", function()
    local p = new_profile()
    for call, text in pairs({
      [function() local _ = p:top(5) end] =
        "profile:top: table expected, got number",
      [function() local _ = p:top(false) end] =
        "profile:top: table expected, got boolean",
      [function() local _ = p:tree("x") end] =
        "profile:tree: table expected, got string",
      [function() local _ = p:peek() end] =
        "profile:peek: pattern: string or function expected, got nil",
      [function() local _ = p:rows(true) end] =
        "profile:rows: name, number or table expected, got boolean",
      [function() local _ = p:merge(5) end] =
        "profile:merge: profile expected, got number",
      [function() local _ = p:diff() end] =
        "profile:diff: profile expected, got nil",
      [function() local _ = p:scale("x") end] =
        "profile:scale: number or table expected, got string",
      [function() local _ = p:stacks(true) end] =
        "profile:stacks: name or number expected, got boolean",
      [function() local _ = p:encode(1.5) end] =
        "profile:encode: whole number expected, got 1.5",
      [function() local _ = p:folded(true) end] =
        "profile:folded: name, number or table expected, got boolean",
      [function() local _ = p:write() end] =
        "profile:write: path expected, got nil",
    }) do
      support.assert_raises(call, text)
    end
  end)

  it("takes a number that is written as a text", function()
    local p = new_profile()
    assert.equal(p:top({ sample = 1 }), p:top({ sample = "1" }))
    assert.equal("range", select(3, p:folded("3")))
  end)

  it("folds by type name, sorted", function()
    local p = new_profile()
    assert.equal("main@a.lua 1\nmain@a.lua;hot 2\n", p:folded("samples"))
    assert.equal("main@a.lua 10000000\nmain@a.lua;hot 20000000\n",
      p:folded())
  end)

  it("renders the readable text", function()
    local p = new_profile()
    assert.matches("^cpu profile: total 30000000 nanoseconds\n", p:text(1))
    assert.equal(p:text(), p:text(1))
    assert.equal("range", select(3, p:text(2)))
  end)

  it("hands on a failure of the core", function()
    local p = new_profile()
    local function fail()
      return nil, "no memory", "memory"
    end
    p.rows, p.stacks = fail, fail
    for _, method in ipairs({ "top", "tree", "text" }) do
      assert.same({ nil, "no memory", "memory" }, { p[method](p) })
    end
    assert.same({ nil, "no memory", "memory" }, { p:data("top") })
  end)

  it("installs once", function()
    local methods = support.fake_methods()
    profile.install(methods)
    local fold = methods.folded
    profile.install(methods)
    assert.equal(fold, methods.folded)
  end)
end)


describe("cprof.profile beside go tool pprof", function()
  local path = os.tmpname()

  -- The table, from the line with the column names on.
  local function print_table(command)
    local code, out = support.shell(command .. " " .. path)
    assert.equal(0, code)
    return (out:match("\n( +flat .*)$"))
  end

  setup(function()
    support.shell("echo 'for i = 1, 2e7 do local s = tostring(i % 7) "
      .. "table.concat({ s }) end' | cprof run -q --hz 1000 -o " .. path
      .. " -")
  end)

  teardown(function()
    os.remove(path)
  end)

  for ours, theirs in pairs({
    ["--sort flat"] = "",
    ["--sort cum"] = "-cum",
    ["--sort flat --sample samples"] = "-sample_index=samples",
  }) do
    it("prints the same table: " .. ours, function()
      support.need_core(pending)
      if not support.has_command("go") then
        pending("no Go toolchain")
      end
      assert.equal(print_table("go tool pprof -top -nodefraction=0 "
        .. "-nodecount=1000 " .. theirs),
        print_table("cprof top -n 1000 " .. ours))
    end)
  end
end)
