local cell = require "cprof.report.cell"


describe("cprof.report.cell", function()
  it("keeps what is one line of text", function()
    for _, text in ipairs({ "", "a b", "\195\164\194\181", "M:f", "\255" }) do
      assert.equal(text, cell.plain(text))
    end
  end)

  it("marks control characters, in UTF-8, too", function()
    assert.equal("a?b?c?d?e", cell.plain("a\nb\tc\0d\27e"))
    assert.equal("a?b", cell.plain("a\194\155b"))
  end)

  it("cuts the middle out of a long text, and no character", function()
    assert.equal("abc", cell.short("abc"))
    local short = cell.short(("a"):rep(9000) .. "z")
    assert.equal(4099, #short)
    assert.matches("^a+…a+z$", short)
    short = cell.short(("\226\130\172"):rep(3000))
    assert.equal("", (short:gsub("\226\130\172", ""):gsub("…", "")))
  end)
end)
