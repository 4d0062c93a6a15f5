local support = require "spec.support"

local ok, main = support.fresh("cprof.cli.main", support.fake_core())
assert(ok, main)

-- A command line over the fake host: host, exit code.
local function dispatch(...)
  local host, argv = support.fake_host(), { ... }
  -- cli.run needs a core when it is required
  package.loaded["cprof.core"] =
    package.loaded["cprof.core"] or support.fake_core()
  return host, main.dispatch(argv, host)
end

local function check_error(code, message, ...)
  local host, got = dispatch(...)
  assert.equal(code, got)
  assert.equal("cprof: " .. message .. "\n", host.stderr.text)
  assert.equal("", host.stdout.text)
end


describe("cprof.cli.main", function()
  it("calls a command", function()
    local host, code = dispatch("top", "-n", "1", "x")
    assert.equal(0, code)
    assert.matches("Showing top 1 nodes out of 2", host.stdout.text, 1, true)
  end)

  it("ends with 2 for a command line it does not understand", function()
    check_error(2, "a command is required; see 'cprof help'")
    check_error(2, "unknown command 'tpo'; Did you mean 'top'?", "tpo")
    check_error(2, "missing argument 'files'; see 'cprof help info'", "info")
    check_error(2, "missing argument 'script'; see 'cprof help run'", "run",
      "--cpu")
    check_error(2, "option '--hz' needs a number, got 'x'", "run", "--hz",
      "x", "y.lua")
    check_error(2, "option '--label' needs KEY=VALUE, got 'x'", "run",
      "--label", "x", "y.lua")
  end)

  it("ends with 2 for a value out of range", function()
    check_error(2, 'no sample type "heat" (types: samples, cpu)', "top",
      "--sample", "heat", "x")
  end)

  it("tells errors without control characters", function()
    local host = support.fake_host({
      open = function()
        return nil, "x: \27]0;no profile\7", "format"
      end,
    })
    assert.equal(1, main.dispatch({ "top", "x" }, host))
    assert.equal("cprof: x: ?]0;no profile?\n", host.stderr.text)
  end)

  it("ends with 1 for work that failed", function()
    check_error(1, "gone: No such file or directory", "folded", "gone")
    check_error(1, "cannot open script /no/s.lua: No such file or directory",
      "run", "-o", "/dev/null", "/no/s.lua")
    check_error(1, "cannot write /no/x: "
      .. "No such file or directory", "run", "-o", "/no/x", "s.lua")
  end)
end)


describe("cprof", function()
  it("shows help with examples", function()
    support.need_core(pending)
    local code, out = support.shell("cprof --help")
    assert.equal(0, code)
    assert.matches("Examples:\n  cprof run script.lua", out, 1, true)
    for _, command in ipairs({ "run", "top", "folded", "info" }) do
      code, out = support.shell("cprof " .. command .. " --help")
      assert.equal(0, code)
      assert.matches("Examples:\n  cprof " .. command, out, 1, true)
    end
  end)

  it("shows its version and its VM", function()
    support.need_core(pending)
    local code, out = support.shell("cprof --version")
    assert.equal(0, code)
    assert.matches("^cprof 0%.1%.0 %(Lua.*%)\n$", out)
  end)

  it("tells that standard output is full", function()
    support.need_core(pending)
    local path = os.tmpname()
    local code, _, err = support.shell(("cprof run -q -o %s - </dev/null && "
      .. "cprof info %s >/dev/full"):format(path, path))
    os.remove(path)
    assert.equal(1, code)
    assert.matches("^cprof: cannot write to standard output[^\n]*\n$", err)
  end)
end)
