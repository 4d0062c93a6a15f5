local auto = require "cprof.auto"
local support = require "spec.support"


describe("cprof.auto", function()
  it("reads kinds and settings", function()
    local settings = assert(auto.parse(
      "cpu; hz=200;depth_max=64;mode=f;out=/tmp/x.gz;label=a=b=c;"))
    assert.equal("/tmp/x.gz", settings.out)
    assert.same({ hz = 200, depth_max = 64, mode = "f" },
      settings.options.cpu)
    assert.same({ a = "b=c" }, settings.options.labels)
  end)

  it("writes a file for each process by default", function()
    assert.equal("cpu.%p.pb.gz", assert(auto.parse("cpu")).out)
  end)

  it("profiles the CPU where no kind is named", function()
    assert.same({ hz = 200 }, assert(auto.parse("hz=200")).options.cpu)
    assert.same({}, assert(auto.parse("out=x")).options.cpu)
  end)

  it("says what it does not know", function()
    for spec, message in pairs({
      ["cpu,heat"] = "unknown profile or setting 'heat'",
      ["cpu;herz=1"] = "unknown profile or setting 'herz'",
      ["hz=fast"] = "hz needs a number, got 'fast'",
      ["label=a"] = "label needs name=text, got 'a'",
      ["out="] = "out needs a path",
      ["out=-"] = "standard output is /dev/stdout",
      ["cpu=250"] = "cpu takes no value",
      ["out=a.%q.gz"] = "out knows %p and %%, got '%q'",
      ["out=%p%%%"] = "out knows %p and %%, got '%'",
    }) do
      local settings, got = auto.parse(spec)
      assert.is_nil(settings)
      assert.matches(message, got, 1, true)
    end
  end)

  it("puts the process id into a path", function()
    assert.equal("cpu.77.gz", auto.expand("cpu.%p.gz", 77))
    assert.equal("100%p", auto.expand("100%%p", 77))
    assert.equal("%d", auto.expand("%d", 77))
  end)

  it("does nothing without CPROF", function()
    assert.is_false(auto.run(nil))
    assert.is_false(auto.run(""))
  end)

  it("tells one line of a CPROF that it cannot use", function()
    local said = ""
    local stderr = {
      write = function(_, ...)
        said = said .. table.concat({ ... })
      end,
    }
    assert.is_false(auto.run("cpu;hz=fast", stderr))
    assert.equal("cprof: CPROF: hz needs a number, got 'fast'\n", said)
  end)
end)


describe("cprof.auto in a process", function()
  local path

  -- Runs Lua code under CPROF with these settings and LUA_INIT.
  local function run(settings, code)
    return support.shell(("CPROF='%s;out=%s' "
      .. "LUA_INIT='require \"cprof.auto\"'; export CPROF LUA_INIT\n"
      .. "lua -e '%s'"):format(settings, path, code))
  end

  before_each(function()
    path = os.tmpname()
    os.remove(path)
  end)

  after_each(function()
    os.remove(path)
  end)

  it("writes at the end of the script", function()
    support.need_core(pending)
    local code, out, err = run("cpu", "print(1)")
    assert.same({ 0, "1\n", "" }, { code, out, err })
    assert.is_true(assert(require("cprof").open(path)):check())
  end)

  it("writes at os.exit and keeps the code", function()
    support.need_core(pending)
    assert.equal(7, (run("cpu", "os.exit(7)")))
    assert.is_truthy(support.read(path))
    assert.equal(1, (run("cpu", "os.exit(false, true)")))
  end)

  it("writes after an error that nobody caught", function()
    support.need_core(pending)
    local code, _, err = run("cpu", "error(\"boom\")")
    assert.equal(1, code)
    assert.matches("boom", err, 1, true)
    assert.is_truthy(support.read(path))
  end)

  it("writes into the folder of the start", function()
    support.need_core(pending)
    local folder = path
    local code, out, err = support.shell(("mkdir %s; cd %s\n"
      .. "CPROF='out=auto.gz' LUA_INIT='require \"cprof.auto\"'\n"
      .. "export CPROF LUA_INIT\n"
      .. "lua -e 'assert(require(\"lfs\").chdir(\"/\"))'; ls; rm -r %s")
      :format(folder, folder, folder))
    assert.same({ 0, "auto.gz\n", "" }, { code, out, err })
  end)

  it("names the file as it was given when it cannot write", function()
    support.need_core(pending)
    path = "no/x"
    local _, _, err = run("cpu", "local x = 1")
    assert.equal("cprof: cannot write no/x: No such file or directory\n", err)
  end)

  it("runs the script when it cannot profile", function()
    support.need_core(pending)
    local code, out, err = run("cpu;hz=0", "print(1)")
    assert.same({ 0, "1\n" }, { code, out })
    assert.matches("^cprof: CPROF: [^\n]*cpu%.hz must be[^\n]*\n$", err)
    assert.is_nil(support.read(path))
  end)
end)
