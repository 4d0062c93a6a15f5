-- `make install` and `make uninstall` into a folder of their own.

local skipping = require "spec.skipping"
local support = require "spec.support"

local function skip(reason)
  pending(reason)
end

local it = skipping.it_unless(it, skip, function()
  if (os.getenv("TEST_MODE") or "") ~= "" then
    return "what is installed is built without a mode"
  end
  return skipping.no_processes()
end)

local ABI = jit and "5.1" or "5.4"
local OTHER_ABI = jit and "5.4" or "5.1"
local prefix


-- Runs a command without what `make env` has set.
local function shell(command)
  return support.shell("unset LUA_PATH LUA_PATH_5_4 LUA_CPATH LUA_CPATH_5_4 "
    .. "CPROF_LUA MAKEFLAGS MAKELEVEL\n" .. command)
end


local function make(target)
  local code, out, err = shell(("make -s %s LUA=%s PREFIX=%s"):format(target,
    support.vm, prefix))
  assert(code == 0, out .. err)
end


local function list_files()
  local _, out = shell("cd " .. prefix .. " && find . ! -type d | sort")
  return out
end


describe("make install", function()
  before_each(function()
    prefix = os.tmpname()
    os.remove(prefix)
  end)

  after_each(function()
    support.shell("rm -rf " .. prefix)
  end)

  it("makes a launcher that finds its own modules", function()
    make("install")
    local code, out = shell(prefix .. "/bin/cprof --version")
    assert.equal(0, code)
    assert.matches("^cprof %d", out)
    shell(("ln -s %s/bin/cprof %s/link"):format(prefix, prefix))
    local script = prefix .. "/s.lua"
    shell(("echo 'print(debug.getinfo(require(\"cprof\").start).source)' >%s")
      :format(script))
    code, out = shell(("cd /; %s/link run -q -o %s/x.gz %s"):format(prefix,
      prefix, script))
    assert.equal(0, code)
    assert.matches("@" .. prefix .. "/share/lua/" .. ABI .. "/cprof/init.lua",
      out, 1, true)
  end)

  it("is undone by make uninstall", function()
    make("install")
    shell("echo mine >" .. prefix .. "/share/lua/" .. ABI .. "/mine.lua")
    make("uninstall")
    assert.equal("./share/lua/" .. ABI .. "/mine.lua\n", list_files())
    make("uninstall")
  end)

  it("refuses a path with a blank, which make would split", function()
    local code, _, err = shell(("make uninstall LUA=%s PREFIX='/tmp/a b'")
      :format(support.vm))
    assert.equal(2, code)
    assert.matches("without blanks", err)
  end)

  it("leaves the launcher to the other VM", function()
    make("install")
    local core = "lib/lua/" .. OTHER_ABI .. "/cprof/core.so"
    shell(("mkdir -p $(dirname %s/%s); echo x >%s/%s"):format(prefix, core,
      prefix, core))
    make("uninstall")
    assert.equal("./bin/cprof\n./" .. core .. "\n", list_files())
  end)
end)
