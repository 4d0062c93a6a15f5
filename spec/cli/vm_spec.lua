local support = require "spec.support"
local vm = require "cprof.cli.vm"

local function host_of(arg)
  return support.fake_host({ arg = arg })
end

local ARG = {
  [-1] = "lua5.4", [0] = "/t/bin/cprof", "run", "--lua", "luajit", "a.lua",
  "it's", "--lua", "x",
}


describe("cprof.cli.vm", function()
  it("finds the command that started the process", function()
    assert.equal("lua5.4", vm.command(ARG))
    assert.equal("/x/lua", vm.command({ [-2] = "/x/lua", [-1] = "-W" }))
    assert.equal(support.vm, vm.command({}))
  end)

  it("knows the interpreter that runs", function()
    assert.is_true(vm.is_running(host_of(ARG), "lua5.4"))
    assert.is_false(vm.is_running(host_of(ARG), "luajit"))
    assert.is_false(vm.is_running(host_of(ARG), "/usr/bin/lua5.4"))
    assert.is_true(vm.is_running(host_of({ [-1] = "/x/lua5.4" }), "lua5.4"))
  end)

  it("starts cprof again without its own --lua", function()
    assert.equal("exec 'luajit' '/t/bin/cprof' 'run' 'a.lua' 'it'\\''s' "
      .. "'--lua' 'x'", vm.line("luajit", host_of(ARG)))
  end)

  it("reads --lua=VM, too", function()
    local host = host_of({ [0] = "c", "run", "--lua=luajit", "a.lua" })
    assert.matches("'c' 'run' 'a.lua'$", vm.line("luajit", host))
  end)

  it("answers nil and usage for an interpreter that is not there", function()
    local host = host_of(ARG)
    function host.shell()
      return 127
    end
    local ok, message, code = vm.execute("nolua", host)
    assert.is_nil(ok)
    assert.equal("no interpreter 'nolua'", message)
    assert.equal("usage", code)
  end)

  it("ends as the other process ends", function()
    local host = host_of(ARG)
    function host.shell(line)
      return line:match("^command") and 0 or 9
    end
    assert.same({ nil, nil, 9 }, { vm.execute("luajit", host) })
  end)
end)
