local files = require "spec.cli.files"
local support = require "spec.support"


describe("cprof diff", function()
  it("shows what is new, gone, more and less", function()
    support.need_core(pending)
    local folder = files.new({
      a = {
        { "main;gone@x.lua", { 100, 1e9 } },
        { "main;more@x.lua", { 100, 1e9 } },
        { "main;less@x.lua", { 400, 4e9 } },
        { "main;same@x.lua", { 100, 1e9 } },
      },
      b = {
        { "main;new@x.lua", { 100, 1e9 } },
        { "main;more@x.lua", { 400, 4e9 } },
        { "main;less@x.lua", { 100, 1e9 } },
        { "main;same@x.lua", { 101, 1.01e9 } },
      },
    })
    local out = files.prints(folder, "diff a b")
    support.remove_folder(folder)
    for _, name in ipairs({ "new", "gone", "more", "less" }) do
      assert.matches("\n[^~\n]*%f[%w]" .. name .. " +" .. name
        .. " x.lua\n", out)
    end
    assert.matches("~[^\n]* same x.lua\n", out)
  end)

  it("says what two files of different kinds have", function()
    support.need_core(pending)
    local folder = files.new({
      cpu = { { "main", { 1, 1e7 } } },
      heap = { { "main", 1 }, types = { { "inuse_space", "bytes" } } },
    })
    local code, _, err = files.run(folder, "diff heap cpu")
    support.remove_folder(folder)
    assert.equal(1, code)
    assert.equal("cprof: no sample type in common: the profile has "
      .. "samples/count, cpu/nanoseconds; the base has inuse_space/bytes; "
      .. "compare profiles of one kind\n", err)
  end)

  it("says so when nothing differs", function()
    support.need_core(pending)
    local folder = files.new({ a = files.STACKS })
    local out = files.prints(folder, "diff a a")
    support.remove_folder(folder)
    assert.matches("\nno differences\n$", out)
  end)

  it("needs two files", function()
    support.need_core(pending)
    local code, _, err = support.shell("cprof diff a")
    assert.equal(2, code)
    assert.matches("^cprof: [^\n]+\n$", err)
  end)
end)
