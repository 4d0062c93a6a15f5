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
