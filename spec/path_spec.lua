local path = require "cprof.path"


describe("cprof.path", function()
  it("puts a relative path into a folder", function()
    assert.equal("/a/b.gz", path.absolute("b.gz", "/a"))
    assert.equal("/a/../b.gz", path.absolute("../b.gz", "/a"))
    assert.equal("/b.gz", path.absolute("b.gz", "/"))
  end)

  it("leaves an absolute path", function()
    assert.equal("/b.gz", path.absolute("/b.gz", "/a"))
  end)

  it("leaves the path where the folder is not known", function()
    assert.equal("b.gz", path.absolute("b.gz", nil))
  end)

  it("gives the last part of a path", function()
    assert.equal("c.lua", path.base("/a/b/c.lua"))
    assert.equal("c.lua", path.base("c.lua"))
    assert.equal("b/init.lua", path.base("/a/b/init.lua"))
    assert.equal("[C]", path.base("[C]"))
    assert.equal("b/init.lua", path.base("b/init.lua"))
    assert.equal("init.lua", path.base("init.lua"))
    assert.equal("/init.lua", path.base("/init.lua"))
    assert.equal("/init.lua", path.base("a//init.lua"))
    assert.equal("xinit.lua", path.base("b/xinit.lua"))
    assert.equal("a/b/", path.base("a/b/"))
    assert.equal("", path.base(""))
  end)

  it("gives the last part without the slashes behind it", function()
    assert.equal("c", path.last("/a/b/c"))
    assert.equal("b", path.last("a/b//"))
    assert.equal("a", path.last("a"))
    assert.equal("init.lua", path.last("a/init.lua"))
    assert.is_nil(path.last("//"))
    assert.is_nil(path.last(""))
  end)

  it("gives the last two parts", function()
    assert.equal("b/c", path.last_two("/a/b/c"))
    assert.equal("b/c", path.last_two("b/c"))
    assert.equal("b/c", path.last_two("/b/c"))
    assert.is_nil(path.last_two("/c"))
    assert.is_nil(path.last_two("c"))
    assert.is_nil(path.last_two(""))
  end)

  -- A name that a file has may be of any size: quadratic would be hours.
  it("is done with long names in no time", function()
    local began = os.clock()
    for _, name in ipairs({ ("a"):rep(2 ^ 20) .. "/", ("/"):rep(2 ^ 20),
      ("a"):rep(2 ^ 20), ("a/"):rep(2 ^ 19), ("../"):rep(2 ^ 18),
      ("x"):rep(2 ^ 20) .. "/init.lua", ("/init.lua"):rep(2 ^ 17) .. "/",
      ("b"):rep(2 ^ 19) .. "/" .. ("a"):rep(2 ^ 19) .. "/" }) do
      path.base(name)
      path.last(name)
      path.last_two(name)
      path.clean(name)
      path.absolute(name, "/")
    end
    assert.is_true(os.clock() - began < 20)
  end)
end)


describe("cprof.path, clean", function()
  it("takes out what means nothing, as Go's filepath.Clean", function()
    local pairs_of = {
      { "", "" }, { "a.lua", "a.lua" }, { "./a.lua", "a.lua" },
      { "a//b/./c/", "a/b/c" }, { "./csu/../sysdeps/x.h", "sysdeps/x.h" },
      { "../a", "../a" }, { "a/../../b", "../b" }, { "/../a", "/a" },
      { "/a/..", "/" }, { "/", "/" }, { "//", "/" }, { ".", "." },
      { "a/..", "." }, { "../..", "../.." }, { "a/.b/c..d", "a/.b/c..d" },
      { "[C]", "[C]" }, { "=stdin", "=stdin" },
    }
    for _, pair in ipairs(pairs_of) do
      assert.equal(pair[2], path.clean(pair[1]), pair[1])
    end
  end)
end)
