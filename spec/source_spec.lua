local source = require "cprof.source"
local support = require "spec.support"

local ANY = { is_file = function()
  return true
end }


-- The first places of a name.
local function first(count, name, asked)
  local list = {}
  for i, place in ipairs((source.places(name, asked))) do
    list[i] = i <= count and place or nil
  end
  return list
end


describe("cprof.source, places", function()
  it("are the name itself when it is absolute", function()
    assert.same({ "/x/a.lua" }, first(9, "/x/a.lua"))
  end)

  it("are the folders asked for, the program's, the present one", function()
    assert.same({ "/p/a.lua", "q/a.lua", "/srv/app/a.lua", "a.lua" },
      first(4, "a.lua", { source_path = "/p:q",
        comments = { "x=1", "cprof.cwd=/srv/app" } }))
  end)

  it("leave out a folder of the program that is none", function()
    assert.same({ "a.lua" }, first(9, "a.lua", { comments = { "cprof.cwd=" } }))
    assert.same({ "a.lua" }, first(9, "a.lua"))
  end)

  it("are then what an absolute name ends with, the longest first", function()
    assert.same({ "/build/lua/a.lua",
      "/p/build/lua/a.lua", "/srv/build/lua/a.lua",
      "/p/lua/a.lua", "/srv/lua/a.lua", "/p/a.lua", "/srv/a.lua" },
      first(9, "/build/lua/a.lua", { source_path = "/p",
        comments = { "cprof.cwd=/srv" } }))
  end)

  it("are the folders above for a relative name, as pprof has it", function()
    assert.same({ "/p/q/x/a.lua", "x/a.lua", "/p/x/a.lua", "/x/a.lua",
      "/p/q/a.lua" }, first(9, "x/a.lua", { source_path = "/p/q" }))
  end)

  it("are never above a folder by what a name ends with", function()
    assert.same({ "/p/../x/a.lua", "../x/a.lua", "/../x/a.lua", "/p/x/a.lua",
      "/p/a.lua" }, first(9, "../x/a.lua", { source_path = "/p" }))
    for _, place in ipairs((source.places("/x/../../y/../a.lua",
      { source_path = "p" }))) do
      assert.is_true(place == "/x/../../y/../a.lua" or place == "p/a.lua")
    end
  end)

  it("are first those of the name without its prefix", function()
    assert.same({ "/p/a.lua", "a.lua", "/build/a.lua", "/a.lua" },
      first(4, "/build/a.lua", { source_path = "/p",
        trim_path = "/other:/bui:/build/" }))
    assert.same({ "/p/x/a.lua", "x/a.lua" }, first(2, "/build//x/a.lua",
      { source_path = "/p", trim_path = "/build" }))
    assert.same({ "/build" }, first(9, "/build", { trim_path = "/build" }))
  end)

  it("are each there once, and not without end", function()
    local places = source.places(("x/"):rep(1000) .. "a.lua",
      { source_path = "/p:/p:/q/r/s" })
    local seen = {}
    for _, place in ipairs(places) do
      assert.is_nil(seen[place])
      seen[place] = true
    end
    assert.equal(64, #places)
  end)

  it("are found in no time, with no folder or behind many dots", function()
    local most = 2 ^ 19
    assert.equal(1, #source.places("/" .. ("x/"):rep(most) .. "a.lua"))
    assert.equal("/p/a.lua", source.places(("../"):rep(most) .. "a.lua",
      { source_path = "/p" })[4])
    assert.equal(3, #source.places(("../"):rep(9) .. "..",
      { source_path = "/p" }))
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
        answer("no regular file", "Permission denied", "No such file")) })
  end)

  it("names the folders in which nothing is", function()
    local function message_of(folders)
      local _, message = source.open("a.lua", { "a.lua" }, function()
        return nil, "No such file"
      end, folders)
      return message
    end
    assert.equal("cannot read a.lua: No such file", message_of({}))
    assert.equal("cannot read a.lua: No such file (looked in /p, q)",
      message_of({ "/p", "q" }))
    assert.equal("cannot read a.lua: No such file (looked in 1, 2, 3, 4, …)",
      message_of({ "1", "2", "3", "4", "5" }))
  end)
end)


describe("cprof.source, read", function()
  it("gives a regular file", function()
    support.need_core(pending)
    local name = support.file("a\nb\n")
    assert.equal("a\nb\n", source.read(name))
    os.remove(name)
    assert.same({ nil, "No such file" }, { source.read(name) })
  end)

  it("tells what is nothing from what is no file", function()
    local world = {
      is_file = function() return false end,
      modified_s = function(name) return name == "/pipe" and 1 or nil end,
    }
    assert.same({ nil, "no regular file" }, { source.read("/pipe", world) })
    assert.same({ nil, "No such file" }, { source.read("/none", world) })
  end)

  it("does not touch the kernel's files by another name", function()
    local world = {
      is_file = function() return true end,
      cwd = function() return "/srv/app" end,
      open = error,
    }
    for _, name in ipairs({ "/proc/self/environ", "../../proc/self/environ",
      "/srv/../proc/self/environ", "//sys/x", "/./dev/x" }) do
      assert.same({ nil, "no regular file" }, { source.read(name, world) })
    end
  end)

  it("does not touch folders, pipes, devices", function()
    support.need_core(pending)
    local folder = support.new_folder()
    assert.equal(0, (support.shell("mkfifo " .. folder .. "/pipe")))
    for _, name in ipairs({ folder, folder .. "/pipe", "/dev/zero",
      "/proc/self/maps" }) do
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
