local skipping = require "spec.skipping"
local support = require "spec.support"

local ok, run = support.fresh("cprof.cli.run", support.fake_core())
assert(ok, run)


describe("cprof.cli.run", function()
  it("leaves the script's options to the script", function()
    assert.same({ "--hz", "9", "-q", "--", "s.lua", "--hz", "1" },
      run.split({ "--hz", "9", "-q", "s.lua", "--hz", "1" }))
    assert.same({ "--hz=9", "-qo", "p", "--", "s.lua" },
      run.split({ "--hz=9", "-qo", "p", "s.lua" }))
    assert.same({ "-op", "--", "s.lua" }, run.split({ "-op", "s.lua" }))
    assert.same({ "--", "-", "x" }, run.split({ "-", "x" }))
    assert.same({ "-q", "--", "-s.lua" }, run.split({ "-q", "--", "-s.lua" }))
    assert.same({ "--" }, run.split({}))
    assert.same({ "--hz=-1", "-o-x", "--", "s.lua" },
      run.split({ "--hz", "-1", "-o", "-x", "s.lua" }))
  end)
end)


describe("cprof run", function()
  local function skip(reason)
    pending(reason)
  end

  local it = skipping.it_unless(it, skip, skipping.no_processes)
  local path, script

  before_each(function()
    path, script = os.tmpname(), os.tmpname()
    os.remove(path)
  end)

  after_each(function()
    os.remove(path)
    os.remove(script)
  end)

  -- Runs Lua code as a script, under cprof or plain.
  local function execute(code, words, plain)
    local file = assert(io.open(script, "wb"))
    file:write(code)
    file:close()
    local command = plain and "lua" or "cprof run -q -o " .. path
    return support.shell(("%s %s %s"):format(command, script, words or ""))
  end

  -- Under cprof all is as without it, but for the profile.
  local function check_same(code, words)
    local a, b = { execute(code, words, true) }, { execute(code, words) }
    b[3] = b[3]:gsub("%s+%(%.%.%.tail calls%.%.%.%)", "")
    for i = 2, 3 do -- an address of C differs from run to run
      a[i], b[i] = a[i]:gsub("0x%x+", "0x"), b[i]:gsub("0x%x+", "0x")
    end
    assert.same(a, b)
    assert.is_true(assert(require("cprof").open(path)):check())
  end

  it("gives the script its arguments", function()
    check_same("print(arg[-1], arg[0], arg[1], arg[2], #arg, ...)",
      "-n '' --hz 5 'a b'")
  end)

  it("leaves no module of its own to the script", function()
    check_same("print(package.loaded.argparse, "
      .. "package.loaded['cprof.cli.main'])\n"
      .. "print(require('argparse')():argument('x'):parse().x)", "a")
  end)

  it("runs a script with a first line for the shell", function()
    check_same("#!/usr/bin/lua\nprint(debug.getinfo(1, 'l').currentline)")
  end)

  it("keeps the code of os.exit", function()
    check_same("os.exit(7)")
    check_same("os.exit(true, true)")
    check_same("os.exit(false)")
  end)

  it("reports an error as Lua does", function()
    check_same("local function f() error('boom') end\nf()")
    check_same("error({})")
    check_same("error(setmetatable({}, { __tostring = function() "
      .. "return 'text' end }))")
  end)

  it("hands on standard input", function()
    check_same("print(io.read('*a'))", "< " .. script)
  end)

  it("runs standard input", function()
    local code, out = support.shell(("echo 'print(arg[0], ...)' | "
      .. "cprof run -q -o %s - a"):format(path))
    assert.equal(0, code)
    assert.equal("-\ta\n", out)
  end)

  it("tells where the profile went and what cost most", function()
    support.shell("echo 'local t = os.clock() "
      .. "while os.clock() - t < 0.3 do end' >" .. script)
    local code, out, err = support.shell(("cprof run -o %s %s"):format(path,
      script))
    assert.equal(0, code)
    assert.equal("", out)
    assert.matches("^cprof: %d+ samples written to " .. path .. "[,\n]", err)
    assert.matches("flat  flat%   sum%        cum   cum%\n", err, 1, true)
    assert.matches("main@" .. script:match("[^/]+$"), err, 1, true)
  end)

  it("says of few samples that they are", function()
    for _, seconds in ipairs({ 0.2, 1.5 }) do
      support.shell(("echo 'local t = os.clock() "
        .. "while os.clock() - t < %g do end' >%s"):format(seconds, script))
      local _, _, err = support.shell(("cprof run -o %s %s"):format(path,
        script))
      local count, rest =
        err:match("^cprof: (%d+) samples written to [^,\n]+([^\n]*)\n")
      local is_few = count ~= "0" and tonumber(count) < 50
      assert.equal(is_few and ", too few for exact shares" or "", rest)
    end
  end)

  it("runs a pipe", function()
    local code, out, err = support.shell(("rm %s; mkfifo %s\n"
      .. "timeout 20 sh -c \"echo 'print(...)' >%s\" >/dev/null 2>&1 &\n"
      .. "cprof run -q -o %s %s a"):format(script,
      script, script, path, script))
    assert.same({ 0, "a\n", "" }, { code, out, err })
  end)

  it("keeps to the folder of the start when the script leaves it", function()
    local folder = path
    local code, out, err = support.shell(("mkdir %s; cd %s\n"):format(folder,
      folder) .. [[
      echo 'local function hot()
        local t = os.clock() while os.clock() - t < 0.3 do end
      end
      hot()
      assert(require("lfs").chdir("/"))' >work.lua
      cprof run -o ./cpu.gz work.lua && cprof folded cpu.gz; rm -r ]]
      .. folder)
    assert.equal(0, code)
    assert.matches(" samples written to ./cpu.gz", err, 1, true)
    assert.matches("main@work.lua;hot[; ]", out)
  end)

  it("keeps labels", function()
    support.shell("echo 'local t = os.clock() "
      .. "while os.clock() - t < 0.3 do end' >" .. script)
    support.shell(("cprof run -q --hz 1000 --label a=b --label c=d -o %s %s")
      :format(path, script))
    local profile = assert(require("cprof").open(path))
    assert.equal("b", profile:stacks()[1].labels.a)
    assert.equal("d", profile:stacks()[1].labels.c)
  end)

  it("refuses what cannot work before the script runs", function()
    local code, out, err = execute("print('ran')", "", true)
    assert.same({ 0, "ran\n", "" }, { code, out, err })
    for words, expected in pairs({
      ["-o /no/x"] = 1, ["--hz 0"] = 2, ["--depth 9999"] = 2,
      ["--mode x"] = 2, ["--lua nolua"] = 2,
    }) do
      code, out, err = support.shell("cprof run " .. words .. " " .. script)
      assert.equal(expected, code, words)
      assert.equal("", out)
      assert.matches("^cprof: [^\n]+\n$", err)
    end
  end)

  it("writes the profile of a script that has an error", function()
    local code, out, err = execute("x = = 1")
    assert.same({ 1, "" }, { code, out })
    assert.matches("^cprof: [^\n]*:1: unexpected symbol near '='\n$", err)
    assert.is_nil(support.read(path))
  end)
end)
