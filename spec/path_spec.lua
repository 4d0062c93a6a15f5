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
end)
