local support = require "spec.support"

-- cprof over a fake core.
local function load_cprof(core)
  core = core or support.fake_core()
  function core.cwd()
    return "/start"
  end
  local ok, cprof = support.fresh("cprof", core)
  assert.is_true(ok, cprof)
  return cprof, core
end

local function message_of(call, ...)
  local ok, message = pcall(call, ...)
  assert.is_false(ok)
  return message
end


describe("cprof", function()
  it("says both versions when its halves differ", function()
    local core = support.fake_core()
    core._VERSION = "9.9.9"
    local ok, message = support.fresh("cprof", core)
    assert.is_false(ok)
    assert.matches("0.1.0", message, 1, true)
    assert.matches("9.9.9", message, 1, true)
  end)

  it("names the VM and the remedy when there is no core", function()
    local ok, message = support.fresh("cprof", nil)
    assert.is_false(ok)
    assert.matches(jit and "LuaJIT" or "Lua 5.4", message, 1, true)
    assert.matches("make LUA=" .. support.vm, message, 1, true)
    assert.matches("no core here", message, 1, true)
  end)

  it("has a version", function()
    assert.equal("0.1.0", load_cprof()._VERSION)
  end)

  it("hands the core one flat table", function()
    local cprof, core = load_cprof()
    assert(cprof.start({ cpu = true, labels = { service = "gw" } }))
    assert.same({ hz = 100, depth_max = 128, mode = "l", engine = "timer",
      labels = { service = "gw" } }, core.asked)
  end)

  it("gives a set of profiles", function()
    local session = load_cprof().start({ cpu = { hz = 250 } })
    assert.matches("^Type: cpu", session:snapshot().cpu:top())
    assert.matches("^Type: cpu", session:stop().cpu:top())
  end)

  it("hands on the core's refusal", function()
    local cprof, core = load_cprof()
    function core.start()
      return nil, "somebody else has it", "busy"
    end
    assert.same({ nil, "somebody else has it", "busy" },
      { cprof.start({ cpu = true }) })
  end)

  it("raises at the caller's line for misuse", function()
    local cprof = load_cprof()
    support.assert_raises(function() cprof.start({ heat = true }) end,
      "cprof.start: unknown")
  end)

  it("raises when nothing is asked for", function()
    local cprof = load_cprof()
    assert.matches("nothing to profile", message_of(cprof.start, {}))
    assert.matches("table expected, got nil", message_of(cprof.start))
  end)

  it("answers nil and range for a rate out of range", function()
    local session, _, code = load_cprof().start({ cpu = { hz = 0 } })
    assert.is_nil(session)
    assert.equal("range", code)
  end)

  it("says that start and open need no colon", function()
    local cprof = load_cprof()
    assert.matches("init_spec.lua:%d+: cprof.start: call it with a dot: "
      .. "cprof.start%(", message_of(function()
      cprof:start({ cpu = true })
    end))
    assert.matches("cprof.open: call it with a dot", message_of(function()
      cprof:open("x")
    end))
  end)

  it("opens bytes that are gzipped, else a path", function()
    local cprof = load_cprof()
    assert.equal("read 5", cprof.open("\31\139abc"))
    assert.equal("file cpu.pb.gz", cprof.open("cpu.pb.gz"))
    assert.matches("path or bytes expected, got number",
      message_of(cprof.open, 5))
  end)

  it("tells the core's counters", function()
    assert.same({ signals = 3 }, load_cprof().stats())
  end)
end)


describe("cprof with its core", function()
  it("profiles, writes and reads back", function()
    support.need_core(pending)
    local cprof = require "cprof"
    local session = assert(cprof.start({ cpu = true }))
    local bytes = assert(session:stop()).cpu:encode()
    local read = assert(cprof.open(bytes))
    assert.equal("cpu", read:info().sample_types[2].type)
    assert.is_true(read:check())
  end)

  it("tells a profile's default type and size as a text", function()
    support.need_core(pending)
    local profile = assert(require("cprof").start({ cpu = true }):stop()).cpu
    local count = profile:info().samples
    assert.equal(("cprof.profile: cpu/nanoseconds, %d stack%s"):format(count,
      count == 1 and "" or "s"), tostring(profile))
  end)

  it("answers nil and state to a second stop", function()
    support.need_core(pending)
    local session = assert(require("cprof").start({ cpu = true }))
    assert(session:stop())
    local set, message, code = session:stop()
    assert.is_nil(set)
    assert.is_string(message)
    assert.equal("state", code)
  end)

  it("knows files, and the folder that it is in", function()
    support.need_core(pending)
    local core = require "cprof.core"
    local path = support.file("")
    assert.equal(support.tree, core.cwd())
    assert.is_true(core.is_file(path))
    os.remove(path)
    for _, other in ipairs({ path, "/tmp", "/dev/null" }) do
      assert.is_false(core.is_file(other))
    end
    assert.is_nil(core.modified_s(path))
    assert.is_number(core.modified_s("/tmp"))
  end)

  it("has no folder where it was removed", function()
    support.need_core(pending)
    local folder = os.tmpname()
    local _, out = support.shell(("rm %s; mkdir %s; cd %s; rmdir %s\n"
      .. "lua -e 'print(require(\"cprof.core\").cwd())'"):format(folder,
      folder, folder, folder))
    assert.equal("nil\tcurrent folder: No such file or directory\tio\n", out)
  end)

  it("has the linker's reason when the core does not load", function()
    local path = os.tmpname()
    local _, out = support.shell(("rm %s; mkdir -p %s/cprof\n"
      .. "echo x >%s/cprof/core.so\n"
      .. "LUA_CPATH='%s/?.so' lua -e 'print(pcall(require, \"cprof\"))'")
      :format(path, path, path, path))
    support.shell("rm -r " .. path)
    assert.matches("^false\tcprof: the C core cannot be loaded by [^\n]*"
      .. "%(/[^\n]*/cprof/core%.so: [^\n]*%)%. 'make LUA=", out)
  end)
end)
