local files = require "spec.cli.files"
local support = require "spec.support"

local AFTER = {
  { "main;parse;lex@a.lua:7", { 5, 50e6 }, { route = "/x" } },
  files.STACKS[2],
}

local COMMANDS = { "top", "tree", "peek", "traces", "list", "tags", "folded",
  "info" }
local TAKES_PATTERN = { peek = true, list = true }


describe("a report's command", function()
  local folder

  setup(function()
    folder = files.new({ ["a.pb.gz"] = files.STACKS, ["b.pb.gz"] = AFTER })
  end)

  teardown(function()
    support.remove_folder(folder)
  end)

  before_each(function()
    support.need_core(pending)
  end)

  local function run(line)
    return files.run(folder, line)
  end

  local function prints(line)
    return files.prints(folder, line)
  end

  for _, name in ipairs(COMMANDS) do
    local pattern = TAKES_PATTERN[name] and " . " or " "

    it("prints " .. name .. ", of a file or of standard input", function()
      local out = prints(name .. pattern .. "a.pb.gz")
      assert.matches("\n$", out)
      assert.equal(out, prints(name .. pattern .. "- <a.pb.gz"))
    end)

    it("prints " .. name .. " as JSON", function()
      local data = require("cjson").decode(prints(name .. pattern
        .. "--json a.pb.gz"))
      assert.is_table(data)
    end)

    it("writes " .. name .. " to a file", function()
      local out = prints(name .. pattern .. "a.pb.gz")
      assert.equal("", prints(name .. pattern .. "-o out a.pb.gz"))
      assert.equal(out, support.read(folder .. "/out"))
    end)
  end

  it("merges files", function()
    assert.matches("70ms 77.78%", prints("top a.pb.gz b.pb.gz"), 1, true)
  end)

  it("subtracts a base", function()
    local out = prints("top --base a.pb.gz b.pb.gz")
    assert.matches("30ms   100%", out, 1, true)
    assert.not_matches("emit", out)
  end)

  it("filters by the same names as pprof, and as Lua", function()
    local out = prints("top --focus parse a.pb.gz")
    assert.matches("20ms 66.67%", out, 1, true)
    assert.not_matches("emit", out)
    assert.equal((out:gsub("focus=parse", "ignore=emit")),
      prints("top --ignore emit a.pb.gz"))
    assert.equal(prints("folded --show_from parse a.pb.gz"),
      prints("folded --show-from parse a.pb.gz"))
    assert.equal("main;parse;lex 20000000\n",
      prints("folded --tagfocus route=/x a.pb.gz"))
  end)

  it("takes the sample type by name and number", function()
    assert.matches("^Type: samples\n", prints("top --sample samples a.pb.gz"))
    assert.matches("^Type: samples\n", prints("top --sample 1 a.pb.gz"))
    local code, _, err = run("top --sample heat a.pb.gz")
    assert.equal(2, code)
    assert.matches("types: samples, cpu", err, 1, true)
  end)

  it("tells what matched nothing, and prints all the same", function()
    local code, out, err = run("top --focus nothing a.pb.gz")
    assert.equal(0, code)
    assert.matches("^cprof: .*[Ff]ocus.*\n$", err)
    assert.matches("^Type: cpu\n", out)
  end)

  it("ends with 2 and one line for an expression that is none", function()
    local code, out, err = run("top --focus '(' a.pb.gz")
    assert.equal(2, code)
    assert.equal("", out)
    assert.matches("^cprof: [^\n]*focus[^\n]*\n$", err)
  end)

  it("does not replace a profile by its report", function()
    local code, _, err = run("top -o a.pb.gz a.pb.gz")
    assert.equal(2, code)
    assert.equal("cprof: a.pb.gz: the report would replace the profile that it "
      .. "is of\n", err)
    assert.matches("^Type: cpu\n", prints("top a.pb.gz"))
  end)

  it("ends with 1 for a file that is not there", function()
    local code, out, err = run("top gone")
    assert.equal(1, code)
    assert.equal("", out)
    assert.equal("cprof: gone: No such file or directory\n", err)
  end)
end)
