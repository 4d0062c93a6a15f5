local source = require "cprof.source"
local support = require "spec.support"

local ANY = { is_file = function()
  return true
end }


describe("cprof.source, places", function()
  it("are the name itself when it is absolute", function()
    assert.same({ "/x/a.lua" }, source.places("/x/a.lua", "/y", {}))
  end)

  it("are the folders asked for, the program's, the present one", function()
    assert.same({ "/p/a.lua", "q/a.lua", "/srv/app/a.lua", "a.lua" },
      source.places("a.lua", "/p:q", { "x=1", "cprof.cwd=/srv/app" }))
  end)

  it("leave out a folder of the program that is none", function()
    assert.same({ "a.lua" }, source.places("a.lua", nil, { "cprof.cwd=" }))
    assert.same({ "a.lua" }, source.places("a.lua"))
  end)
end)


describe("cprof.source, lines", function()
  it("come without their ends, the last one without one, too", function()
    local file = source.new("one\r\ntwo\n\nfour")
    assert.equal(4, file.count)
    assert.equal("one", file:line(1))
    assert.equal("two", file:line(2))
    assert.equal("", file:line(3))
    assert.equal("four", file:line(4))
  end)

  it("end where the file does", function()
    local file = source.new("one\n")
    assert.equal(1, file.count)
    assert.is_nil(file:line(2))
    assert.is_nil(file:line(0))
    assert.is_nil(file:line(-1))
    assert.equal(0, source.new("").count)
  end)

  it("are cut when they are very long", function()
    local file = source.new(("x"):rep(5000) .. "\nshort\n")
    assert.equal(("x"):rep(4096) .. "...", file:line(1))
    assert.equal("short", file:line(2))
  end)
end)


describe("cprof.source, open", function()
  it("takes the first place that can be read", function()
    local file = source.open("a.lua", { "/p/a.lua", "a.lua" }, function(place)
      if place == "a.lua" then
        return "text\n"
      end
      return nil, "no regular file"
    end)
    assert.equal("a.lua", file.path)
    assert.equal("text", file:line(1))
  end)

  it("says why no place can be read", function()
    local function answer(...)
      local messages = { ... }
      return function()
        return nil, table.remove(messages, 1)
      end
    end
    assert.same({ nil, "cannot read a.lua: no regular file" },
      { source.open("a.lua", { "1" }, answer("no regular file")) })
    assert.same({ nil, "cannot read a.lua: Permission denied" },
      { source.open("a.lua", { "1", "2", "3" },
        answer("no regular file", "Permission denied", "no regular file")) })
  end)
end)


describe("cprof.source, read", function()
  it("gives a regular file", function()
    support.need_core(pending)
    local name = support.file("a\nb\n")
    assert.equal("a\nb\n", source.read(name))
    os.remove(name)
    assert.same({ nil, "no regular file" }, { source.read(name) })
  end)

  it("does not touch folders, pipes, devices", function()
    support.need_core(pending)
    local folder = support.new_folder()
    assert.equal(0, (support.shell("mkfifo " .. folder .. "/pipe")))
    for _, name in ipairs({ folder, folder .. "/pipe", "/dev/zero",
      "/proc/self/maps", "" }) do
      assert.same({ nil, "no regular file" }, { source.read(name) })
    end
    support.remove_folder(folder)
  end)

  it("gives an empty file as an empty text", function()
    local name = support.file("")
    assert.equal("", source.read(name, ANY))
    os.remove(name)
  end)

  it("refuses a file that is too large", function()
    local name = support.file("")
    support.shell("truncate -s 16777217 " .. name)
    assert.same({ nil, "larger than 16 MiB" }, { source.read(name, ANY) })
    os.remove(name)
  end)

  it("says why a file cannot be opened", function()
    assert.same({ nil, "No such file or directory" },
      { source.read("/nowhere/a.lua", ANY) })
  end)
end)
