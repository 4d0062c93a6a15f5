local home = require "cprof.cli.home"
local skipping = require "spec.skipping"
local support = require "spec.support"

local ABI = jit and "5.1" or "5.4"
local OTHER_VM = jit and "lua5.4" or "luajit"
local folder

-- Writes a file below the folder.
local function put(name, text)
  support.shell(("mkdir -p $(dirname %s/%s)"):format(folder, name))
  local file = assert(io.open(folder .. "/" .. name, "wb"))
  file:write(text)
  file:close()
end

local function searcher(variables)
  return home.new_searcher(folder, function(name)
    return (variables or {})[name]
  end)
end


before_each(function()
  folder = os.tmpname()
  os.remove(folder)
  support.shell("mkdir " .. folder)
end)


after_each(function()
  support.shell("rm -r " .. folder)
end)


describe("cprof.cli.home", function()
  it("finds what is installed beside the launcher", function()
    put("share/lua/" .. ABI .. "/cprof/init.lua", "return 'installed'")
    local loader, file = searcher()("cprof")
    assert.equal("installed", loader())
    assert.equal(folder .. "/share/lua/" .. ABI .. "/cprof/init.lua", file)
  end)

  it("finds what lies in the source tree", function()
    put("lua/cprof/cli/x.lua", "return 'tree'")
    assert.equal("tree", searcher()("cprof.cli.x")())
  end)

  it("answers for no other names", function()
    put("lua/other.lua", "return 1")
    put("lua/cprofx.lua", "return 1")
    assert.is_nil((searcher()("other")))
    assert.is_nil((searcher()("cprofx")))
    assert.is_nil((searcher()("cprof.gone")))
  end)

  it("lets LUA_PATH come first", function()
    put("lua/cprof/x.lua", "return 'tree'")
    put("told/cprof/x.lua", "return 'told'")
    local path = folder .. "/told/?.lua;;"
    assert.equal("told", searcher({ LUA_PATH = path })("cprof.x")())
    local by_version = searcher({ LUA_PATH_5_4 = path })("cprof.x")()
    assert.equal(jit and "tree" or "told", by_version)
  end)

  it("tells what is wrong with a file", function()
    put("lua/cprof/x.lua", "x = = 1")
    local ok, message = pcall(searcher(), "cprof.x")
    assert.is_false(ok)
    assert.matches("^error loading module 'cprof.x' from file '" .. folder
      .. "/lua/cprof/x.lua':\n\t.*unexpected symbol", message)
  end)

  it("passes over a core that does not load", function()
    support.need_core(pending)
    local core = rawget(package, "searchpath")("cprof.core", package.cpath)
    put("told/cprof/core.so", "of the other VM")
    -- a link: it is loaded already, and must not be another time
    support.shell(("mkdir -p %s/build/%s/cprof; ln -s $(readlink -f %s) "
      .. "%s/build/%s/cprof/core.so"):format(folder, support.vm, core, folder,
      support.vm))
    local loader, file = searcher({ LUA_CPATH = folder .. "/told/?.so" })(
      "cprof.core")
    assert.is_function(loader)
    assert.matches("/build/", file, 1, true)
  end)
end)


describe("bin/cprof", function()
  local function skip(reason)
    pending(reason)
  end

  local it = skipping.it_unless(it, skip, function()
    if os.getenv("TEST_MODE") == "asan" then
      return "a sanitized core is found by LUA_CPATH only"
    end
    return skipping.no_processes()
  end)

  local UNSET = "unset LUA_PATH LUA_PATH_5_4 LUA_CPATH LUA_CPATH_5_4 "
    .. "CPROF_LUA\n"

  -- The folder as a source tree with a core for this VM only; without the
  -- variables, and no module from elsewhere but argparse.
  local function shell(command)
    return support.shell(UNSET .. ("cd %s\n"):format(folder) .. command)
  end

  local function check_line(expected, command)
    local code, out, err = shell(command)
    assert.same({ 1, "" }, { code, out })
    assert.matches("^cprof: [^\n]+\n$", err)
    assert.matches(expected, err, 1, true)
  end

  before_each(function()
    support.shell(("cp -r %s/bin %s/lua %s; mkdir %s/build\n"
      .. "ln -s %s/build/%s %s/build"):format(support.tree, support.tree,
      folder, folder, support.tree, support.vm, folder))
    put("print.lua", "print(jit and 'luajit' or 'lua5.4')")
  end)

  it("works in a source tree, from anywhere, by a link", function()
    assert.equal(0, (shell("bin/cprof --version")))
    assert.equal(0, (shell("ln -s bin/cprof link; cd /; " .. folder
      .. "/link --version")))
    assert.equal(0, (shell("PATH=$PWD/bin:$PATH; cd /; cprof --version")))
  end)

  it("takes the VM that it has a core for", function()
    local code, out = shell("bin/cprof run -q -o x.gz print.lua")
    assert.same({ 0, support.vm .. "\n" }, { code, out })
  end)

  it("leaves the script the paths that it has without cprof", function()
    put("paths.lua", "print(package.path, package.cpath)\n"
      .. "print(pcall(require, 'no.module'))")
    local _, plain = shell("lua paths.lua")
    local code, out = shell("bin/cprof run -q -o x.gz paths.lua")
    assert.same({ 0, plain }, { code, out })
  end)

  it("lets the script require cprof", function()
    put("s.lua", "print(require('cprof')._VERSION, "
      .. "require('cprof.auto').started)")
    local _, out, err = shell("bin/cprof run -q -o x.gz s.lua")
    assert.same({ "0.1.0\tfalse\n", "" }, { out, err })
  end)

  it("tells that a VM has no core here", function()
    if support.shell("command -v " .. OTHER_VM) ~= 0 then
      return pending("no " .. OTHER_VM)
    end
    local expected = "'make LUA=" .. OTHER_VM .. "' builds it"
    check_line(expected, "bin/cprof run --lua " .. OTHER_VM .. " print.lua")
    check_line(expected, "CPROF_LUA=" .. OTHER_VM .. " bin/cprof top x")
    check_line("LUA_CPATH", "CPROF_LUA=" .. OTHER_VM .. " bin/cprof top x")
  end)

  it("tells that no VM has a core", function()
    check_line("sets LUA_PATH and LUA_CPATH", "rm build/*; bin/cprof top x")
  end)

  it("tells that argparse is missing", function()
    check_line("the command line needs argparse", "LUA_PATH='/no/?.lua' "
      .. "CPROF_LUA=" .. support.vm .. " bin/cprof top x")
  end)

  it("tells that there is nothing beside it", function()
    check_line(" finds no cprof for it, neither beside " .. folder
      .. "/bin/cprof nor by LUA_PATH and LUA_CPATH;",
      "rm -r lua; bin/cprof top x")
  end)

  it("tells that there is no such interpreter", function()
    check_line("no interpreter 'nope', which CPROF_LUA names",
      "CPROF_LUA=nope bin/cprof top x")
  end)
end)
