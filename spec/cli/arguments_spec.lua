local arguments = require "cprof.cli.arguments"
local argparse = require "argparse"

local FIELDS = {
  { name = "pattern", type = "pattern", positional = true,
    message = "what to look for" },
  { name = "n", type = "number", default = 20, min = 1, max = 100,
    message = "rows to show" },
  { name = "sort", type = "string", default = "flat",
    choices = { "flat", "cum" }, message = "the order" },
  { name = "show_from", type = "pattern", message = "drop frames above" },
  { name = "drop_frames", type = "boolean", default = true,
    message = "drop what the file says", off = "keep it" },
  { name = "json", type = "boolean", default = false, message = "as JSON" },
  { name = "output", type = "text", short = "o", message = "the file" },
  { name = "max_size", type = "size", message = "the limit" },
  { name = "base", type = "text", is_list = true, message = "the base" },
}

local function parse(...)
  local parser = argparse("x")
  arguments.declare_positional(parser, FIELDS)
  arguments.declare(parser, FIELDS)
  return parser:pparse({ ... })
end

local function fails(message, ...)
  local ok, got = parse("p", ...)
  assert.is_false(ok)
  assert.equal(message, got)
end


describe("cprof.cli.arguments", function()
  it("gives what was asked by the names of the declaration", function()
    local ok, asked = parse("p", "-n", "3", "--sort", "cum", "--show-from",
      "a", "--no-drop-frames", "--json", "-o", "f", "--base", "b", "--base",
      "c")
    assert.is_true(ok)
    assert.same({
      pattern = "p", n = 3, sort = "cum", show_from = "a", json = true,
      drop_frames = false, output = "f", base = { "b", "c" },
    }, arguments.pick(FIELDS, asked))
  end)

  it("takes the names with _ as pprof has them", function()
    local _, asked = parse("p", "--show_from", "a")
    assert.equal("a", asked.show_from)
  end)

  it("takes flags with _, too", function()
    local _, asked = parse("p", "--no_drop_frames")
    assert.is_false(asked.drop_frames)
  end)

  it("reads sizes", function()
    for text, bytes in pairs({
      ["7"] = 7, ["2kB"] = 2048, ["1.5GiB"] = 1.5 * 2 ^ 30, ["1T"] = false,
      ["0"] = false, ["9000TiB"] = false,
    }) do
      local ok, asked = parse("p", "--max-size", text)
      assert.equal(bytes, ok and asked.max_size)
    end
  end)

  it("says what an option needs", function()
    fails("option '-n' needs a whole number from 1 to 100, got '0'",
      "-n", "0")
    fails("option '-n' needs a whole number from 1 to 100, got '1.5'",
      "-n", "1.5")
    fails("option '--max-size' needs a size such as 512MiB or 4GiB, got 'x'",
      "--max-size", "x")
  end)

  it("checks as the library does, and answers instead of raising", function()
    assert.same({ sort = "flat" },
      arguments.check({ FIELDS[3] }, { sort = "flat", other = 1 }))
    local values, message, code = arguments.check({ FIELDS[3] },
      { sort = "heat" })
    assert.is_nil(values)
    assert.matches('sort: "flat" or "cum" expected, got "heat"', message, 1,
      true)
    assert.equal("usage", code)
  end)
end)
