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
    assert.matches("^Type: samples\n", p:top({ index = "samples" }))
    assert.equal(p:top({ index = "samples" }), p:top({ index = 1 }))
    for _, method in ipairs({ "rows", "stacks", "folded" }) do
      assert.same({ p[method](p, 1) }, { p[method](p, "samples") })
      assert.same({ p[method](p, 2) }, { p[method](p) })
    end
    assert.equal(3, select(2, p:rows("samples")))
  end)

  it("answers nil and range for a type that is not there", function()
    local p = new_profile()
    local text, message, code = p:top({ index = "heat" })
    assert.is_nil(text)
    assert.equal("range", code)
    assert.equal('no sample type "heat" (types: samples, cpu)', message)
    for _, method in ipairs({ "rows", "stacks", "folded" }) do
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
    for _, method in ipairs({ "top", "top_rows", "text", "folded", "rows",
      "stacks" }) do
      local _, message, code = p[method](p)
      assert.equal("the profile has no sample types", message)
      assert.equal("range", code)
    end
  end)

  it("gives rows as data, and the total", function()
    local rows, total = new_profile():top_rows({ n = 1, sort = "cum" })
    assert.equal(30000000, total)
    assert.equal(1, #rows)
    assert.equal("main@a.lua", rows[1].name)
    assert.equal(1, rows[1].cum_share)
  end)

  it("answers nil and range for a number of rows out of range", function()
    local rows, message, code = new_profile():top_rows({ n = 0 })
    assert.is_nil(rows)
    assert.matches("n must be an integer from 1", message)
    assert.equal("range", code)
  end)

  it("raises at the caller's line for an unknown option", function()
    local p = new_profile()
    local line = debug.getinfo(1, "l").currentline + 2
    local _, message = pcall(function()
      local _ = p:top({ x = 1 })
    end)
    assert.matches("profile_spec.lua:" .. line
      .. ": profile:top: unknown option", message, 1, true)
  end)

  it("says at the caller's line that a method needs a colon", function()
    local p = new_profile()
    local calls = {
      function() local _ = p.top() end,
      function() local _ = p.top_rows({ n = 3 }) end,
      function() local _ = p.info(5) end,
      function() local _ = p.write("x") end,
    }
    for i, method in ipairs({ "top", "top_rows", "info", "write" }) do
      local line = debug.getinfo(calls[i], "S").linedefined
      local _, message = pcall(calls[i])
      assert.matches(("profile_spec.lua:%d: profile.%s: call it with a colon:"
        .. " profile:%s()"):format(line, method, method), message, 1, true)
    end
  end)

  it("says at the caller's line that a type is wrong", function()
    local p = new_profile()
    for call, text in pairs({
      [function() local _ = p:top(5) end] =
        "profile:top: table expected, got number",
      [function() local _ = p:top(false) end] =
        "profile:top: table expected, got boolean",
      [function() local _ = p:top_rows("x") end] =
        "profile:top_rows: table expected, got string",
      [function() local _ = p:rows({}) end] =
        "profile:rows: name or number expected, got table",
      [function() local _ = p:stacks(true) end] =
        "profile:stacks: name or number expected, got boolean",
      [function() local _ = p:encode(1.5) end] =
        "profile:encode: whole number expected, got 1.5",
      [function() local _ = p:folded({}) end] =
        "profile:folded: name or number expected, got table",
      [function() local _ = p:write() end] =
        "profile:write: path expected, got nil",
    }) do
      local line = debug.getinfo(call, "S").linedefined
      local _, message = pcall(call)
      assert.matches(("profile_spec.lua:%d: %s"):format(line, text), message,
        1, true)
    end
  end)

  it("takes a number that is written as a text", function()
    local p = new_profile()
    assert.equal(p:top({ index = 1 }), p:top({ index = "1" }))
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
    function p.rows()
      return nil, "no memory", "memory"
    end
    assert.same({ nil, "no memory", "memory" }, { p:top() })
    assert.same({ nil, "no memory", "memory" }, { p:text() })
  end)

  it("installs once", function()
    local methods = support.fake_methods()
    profile.install(methods)
    local fold = methods.folded
    profile.install(methods)
    assert.equal(fold, methods.folded)
  end)
end)


-- Whether a Go toolchain is here, whose pprof is the measure of ours.
local function has_go()
  return support.shell("command -v go") == 0
end


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
      if not has_go() then
        pending("no Go toolchain")
      end
      assert.equal(print_table("go tool pprof -top -nodefraction=0 "
        .. "-nodecount=1000 " .. theirs),
        print_table("cprof top -n 1000 " .. ours))
    end)
  end
end)
