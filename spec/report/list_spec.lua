-- Needs no regular expression library: a plain pattern, a function.
local list = require "cprof.report.list"
local model = require "spec.report.model"
local support = require "spec.support"

local SOURCE = {}
for i = 1, 400 do
  SOURCE[i] = "line " .. i
end

-- Files as `read` finds them.
local function reader(files)
  return function(name)
    return files[name], not files[name] and "No such file" or nil
  end
end

local READ = reader({ ["/src/a.lua"] = table.concat(SOURCE, "\n") .. "\n" })

local STACKS = {
  { values = { 10e6 }, "hot /src/a.lua:10:12", "main /src/a.lua:0:30" },
  { values = { 20e6 }, "hot /src/a.lua:10:13", "main /src/a.lua:0:30" },
  { values = { 5e6 }, "main /src/a.lua:0:31" },
  { values = { 7e6 }, "print [C]:-1:0", "main /src/a.lua:0:31" },
}

local function load(asked, stacks, info)
  local view = model.view({ stacks = stacks or STACKS, info = info })
  asked.read = asked.read or READ
  return list.data(view, asked), view
end

local function render(asked, stacks)
  local data, view = load(asked, stacks)
  return list.text(data, view)
end


describe("cprof.report.list", function()
  it("prints the lines of a function as pprof", function()
    assert.equal("Total: 42ms\n"
      .. "ROUTINE ======================== hot in /src/a.lua\n"
      .. "      30ms       30ms (flat, cum) 71.43% of Total\n"
      .. "         .          .     10:line 10\n"
      .. "         .          .     11:line 11\n"
      .. "      10ms       10ms     12:line 12\n"
      .. "      20ms       20ms     13:line 13\n"
      .. "         .          .     14:line 14\n"
      .. "         .          .     15:line 15\n"
      .. "         .          .     16:line 16\n"
      .. "         .          .     17:line 17\n"
      .. "         .          .     18:line 18\n", render({ pattern = "hot" }))
  end)

  it("begins a chunk, which has no first line, before its samples", function()
    local data = load({ pattern = "main" })
    local lines = data.functions[1].lines
    assert.same({ line = 25, flat = 0, cum = 0, text = "line 25" }, lines[1])
    assert.same({ line = 30, flat = 0, cum = 30e6, text = "line 30" },
      lines[6])
    assert.same({ line = 31, flat = 5e6, cum = 12e6, text = "line 31" },
      lines[7])
    assert.equal(36, lines[#lines].line)
  end)

  it("takes a function as its pattern, and sorts by name", function()
    local data = load({ pattern = function(name)
      return name ~= "print"
    end })
    assert.equal(2, #data.functions)
    assert.equal("hot", data.functions[1].name)
    assert.equal("/src/a.lua", data.functions[1].path)
  end)

  it("counts a sample once in the sum of a recursive function", function()
    local data = load({ pattern = "f" }, { { values = { 4 },
      "f /src/a.lua:1:2", "f /src/a.lua:1:3", "f /src/a.lua:1:3" } })
    assert.equal(4, data.functions[1].cum)
    assert.equal(4, data.functions[1].lines[2].cum)
    assert.equal(4, data.functions[1].lines[3].cum)
  end)

  it("keeps functions of one name and file apart", function()
    local data = load({ pattern = "new" }, {
      { values = { 1 }, "new /src/a.lua:10:11" },
      { values = { 2 }, "new /src/a.lua:50:52" },
    })
    assert.equal(2, #data.functions)
    assert.equal(10, data.functions[1].start_line)
    assert.equal(1, data.functions[1].flat)
    assert.equal(16, data.functions[1].lines[7].line)
    assert.equal(50, data.functions[2].lines[1].line)
    assert.equal(2, data.functions[2].lines[3].flat)
  end)

  it("leaves out a long way without samples", function()
    local text = render({ pattern = "f" }, {
      { values = { 1 }, "f /src/a.lua:1:2" },
      { values = { 1 }, "f /src/a.lua:1:300" },
    })
    assert.matches("      7:line 7\n" .. (" "):rep(25) .. "...\n"
      .. "         .          .    295:line 295\n", text, 1, true)
    -- three lines of head; 1 to 7, the dots, 295 to 305
    assert.equal(3 + 7 + 1 + 11, select(2, text:gsub("\n", "")))
  end)
end)


describe("a source that is not there", function()
  it("leaves the numbers by line", function()
    assert.equal("Total: 42ms\n"
      .. "ROUTINE ======================== hot in /src/a.lua\n"
      .. "      30ms       30ms (flat, cum) 71.43% of Total\n"
      .. " Error: cannot read /src/a.lua: No such file\n"
      .. "      10ms       10ms     12:\n"
      .. "      20ms       20ms     13:\n",
      render({ pattern = "hot", read = reader({}) }))
  end)

  it("drops lines without a number at once, however many", function()
    local stacks = { { values = { 1 }, "f gone.lua:1:7" } }
    for i = 1, 20000 do
      stacks[i + 1] = { values = { 1 }, "f gone.lua:1:" .. -i }
    end
    local data = load({ pattern = "f" }, stacks)
    assert.equal(20001, data.functions[1].flat)
    assert.same({ { line = 7, flat = 1, cum = 1 } }, data.functions[1].lines)
  end)

  it("that has become shorter is told", function()
    local data = load({ pattern = "hot",
      read = reader({ ["/src/a.lua"] = ("x\n"):rep(12) }) })
    local hot = data.functions[1]
    assert.equal("/src/a.lua has only 12 lines: it is not what ran", hot.error)
    assert.equal("x", hot.lines[3].text)
    assert.same({ line = 13, flat = 20e6, cum = 20e6 }, hot.lines[4])
    assert.equal(4, #hot.lines)
  end)

  it("was never there, for a C function", function()
    local data = load({ pattern = "print" })
    assert.equal("[C] has no file", data.functions[1].error)
    assert.same({}, data.functions[1].lines)
    assert.matches("^Total: 3\nNo source information for x\n$",
      (render({ pattern = "x" }, { { values = { 3e9 }, "x" } })
        :gsub("3s", "3")))
  end)

  it("is looked for in the folders, and where the program ran", function()
    local stacks = { { values = { 1 }, "f a.lua:1:1" } }
    local info = { comments = { "cprof.cwd=/srv" } }
    local read = reader({ ["/srv/a.lua"] = "here\n", ["/p/a.lua"] = "there\n" })
    local function first(source_path)
      local data = load({ pattern = "f", read = read,
        source_path = source_path }, stacks, info)
      return data.functions[1].lines[1].text, data.functions[1].path
    end
    assert.same({ "here", "/srv/a.lua" }, { first() })
    assert.same({ "there", "/p/a.lua" }, { first("/q:/p") })
  end)

  it("is not looked for by the name of a chunk without a file", function()
    for _, name in ipairs({ "[C]", "=stdin", "[builtin:x]", "(gen)" }) do
      local data = load({ pattern = "f", read = error },
        { { values = { 1 }, "f " .. name .. ":1:1" } })
      assert.equal(name .. " has no file", data.functions[1].error)
    end
  end)

  it("is found on another machine", function()
    local stacks = { { values = { 1 }, "f /build/app/lua/a.lua:1:1" } }
    local read = reader({ ["/p/lua/a.lua"] = "one\n", ["/q/a.lua"] = "two\n" })
    local function path_of(asked)
      asked.pattern, asked.read = "f", read
      return load(asked, stacks).functions[1].path
    end
    assert.equal("/p/lua/a.lua", path_of({ source_path = "/q:/p" }))
    assert.equal("/q/a.lua", path_of({ source_path = "/p:/q",
      trim_path = "/build/app/lua" }))
    assert.is_nil(path_of({}))
  end)

  it("that was found by its last name alone is told", function()
    local function warning_of(files)
      return load({ pattern = "hot", source_path = "/p",
        read = reader(files) }).functions[1].warning
    end
    assert.is_nil(warning_of({ ["/p/src/a.lua"] = "x\n" }))
    assert.equal("taken from /p/a.lua", warning_of({ ["/p/a.lua"] = "x\n" }))
  end)

  it("says in which folders it is not", function()
    local data = load({ pattern = "hot", source_path = "/p:/q",
      read = reader({}) })
    assert.equal("cannot read /src/a.lua: No such file (looked in /p, /q)",
      data.functions[1].error)
  end)

  it("that was written after the profile is told", function()
    local info = { time_ns = 100e9, duration_ns = 10e9 }
    local function warning_at(written_s, about)
      local data, view = load({ pattern = "hot", modified_s = function(name)
        assert.equal("/src/a.lua", name)
        return written_s
      end }, nil, about or info)
      return data.functions[1].warning, list.text(data, view)
    end
    local said = "/src/a.lua is newer than the profile; lines may have moved"
    local warning, text = warning_at(110.5)
    assert.equal(said, warning)
    assert.matches(" of Total\n Warning: " .. said .. "\n", text, 1, true)
    assert.is_nil((warning_at(110)))
    assert.is_nil((warning_at(nil)))
    assert.is_nil((warning_at(110.5, { duration_ns = 1 })))
    assert.is_nil(select(2, warning_at(110)):find("Warning"))
  end)

  it("is read once for all its functions", function()
    local count = 0
    load({ pattern = function()
      return true
    end, read = function(name)
      count = count + 1
      return READ(name)
    end })
    assert.equal(1, count)
  end)
end)


describe("list", function()
  it("needs a pattern that matches something", function()
    assert.same({ nil, 'no function matches "nothing"', "range" },
      { list.data(model.view({ stacks = STACKS }), { pattern = "nothing" }) })
  end)

  it("takes a regular expression, and tells a wrong one", function()
    if not pcall(require, "rex_pcre2") then
      pending("rex_pcre2 is not installed")
      return
    end
    assert.equal(2, #load({ pattern = "^(hot|main)$" }).functions)
    local data, message, code = list.data(model.view({ stacks = STACKS }),
      { pattern = "(" })
    assert.is_nil(data)
    assert.is_string(message)
    assert.equal("range", code)
  end)

  it("bears lines that no file has", function()
    local data = load({ pattern = "f" }, {
      { values = { 1 }, "f /src/a.lua:-5:-9" },
      { values = { 2 }, "f /src/a.lua:-5:0" },
      { values = { 3 }, "f /src/a.lua:-5:4503599627370496" },
    })
    local item = data.functions[1]
    assert.matches("has only 400 lines", item.error, 1, true)
    assert.is_true(#item.lines < 20)
    assert.equal(6, item.flat)
  end)

  it("shows the lines that a real program ran", function()
    support.need_core(pending)
    local program = support.file("local x = 0\n"
      .. "local function spin()\n"
      .. "  for i = 1, 3e7 do x = x + i % 7 end\n"
      .. "end\n"
      .. "spin()\n")
    local out = support.file("")
    assert.equal(0, (support.shell("cd / && cprof run -o " .. out .. " "
      .. program:sub(2))))
    local profile = assert(require("cprof").open(out))
    local data = assert(profile:data("list", { pattern = "spin",
      source_path = "/" }))
    assert.equal("spin", data.functions[1].name)
    assert.equal(program, data.functions[1].path)
    local best = data.functions[1].lines[2]
    assert.equal(3, best.line)
    assert.equal("  for i = 1, 3e7 do x = x + i % 7 end", best.text)
    assert.is_true(best.flat > 0.9 * data.total)
    if support.has_command("go") then
      local _, theirs = support.shell("cd / && go tool pprof -list spin "
        .. out)
      assert.equal(theirs, profile:list({ pattern = "spin",
        source_path = "/" }))
    end
    os.remove(program)
    os.remove(out)
  end)
end)
