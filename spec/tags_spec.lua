-- Filters of labels. What is expected follows the rules that pprof's help
-- gives, which filter_spec.lua's profiles are told to obey.

local support = require "spec.support"

local tags = support.has_core() and require "cprof.tags"

local UNITS = { size = "bytes", count = "count", wait = "ms", odd = "odd" }

local TEXTS = {
  { key = "url", str = "/a" }, { key = "url", str = "/b" },
  { key = "user", str = "ann" },
}


-- Does a filter match labels?
local function matches(text, labels)
  local match = assert(tags.compile(text, function() return UNITS end))
  return match(labels)
end


-- Does a filter match one number?
local function has(text, num, key)
  return matches(text, { { key = key or "size", num = num, unit = "" } })
end


describe("cprof.tags", function()
  before_each(function()
    support.need_core(pending)
  end)

  describe("a pattern", function()
    it("matches key:value of any text", function()
      assert.is_true(matches("/a", TEXTS))
      assert.is_true(matches("^user:ann$", TEXTS))
      assert.is_false(matches("^ann", TEXTS))
    end)

    it("wants all of a list without a key", function()
      assert.is_true(matches("/a,ann", TEXTS))
      assert.is_false(matches("/a,bob", TEXTS))
    end)

    it("wants one of a list for the values of a key", function()
      assert.is_true(matches("url=/x,^/b$", TEXTS))
      assert.is_false(matches("url=ann", TEXTS))
      assert.is_false(matches("none=.", TEXTS))
    end)

    it("looks for a key up to the first equals sign", function()
      assert.is_true(matches("k=a=b", { { key = "k", str = "a=b" } }))
      assert.is_true(matches("=/a", TEXTS))
    end)

    it("does not see numbers", function()
      assert.is_false(has(".", 1))
      assert.is_false(has("size=.", 1))
    end)

    it("matches any text where a part is empty", function()
      assert.is_true(matches("/a,", TEXTS))
      assert.is_false(matches(",", {}))
    end)

    it("is refused with its name when it is wrong", function()
      local match, message, code = tags.compile("url=a(", error)
      assert.is_nil(match)
      assert.matches('^"a%(" is not a regular expression', message)
      assert.equal("range", code)
    end)
  end)

  describe("a range", function()
    it("without a colon is one number", function()
      assert.is_true(has("32kb", 32768))
      assert.is_false(has("32kb", 32769))
    end)

    it("is open where a bound is left out", function()
      assert.is_true(has(":64kb", 65536))
      assert.is_false(has(":64kb", 65537))
      assert.is_true(has("4mb:", 2 ^ 22))
      assert.is_false(has("4mb:", 2 ^ 22 - 1))
    end)

    it("includes both its bounds", function()
      assert.is_true(has("1kb:2kb", 1024))
      assert.is_true(has("1kb:2kb", 2048))
      assert.is_false(has("1kb:2kb", 1023))
      assert.is_false(has("1kb:2kb", 2049))
      assert.is_true(has("-2:+2", -2, "count"))
    end)

    it("converts between units of a family only", function()
      assert.is_true(has("1kb:1mb", 4096))
      assert.is_true(has("wait=1s", 1000, "wait"))
      assert.is_false(has("1s", 1, "size"))
      assert.is_false(has("1024", 1024, "size")) -- no bytes are asked for
      assert.is_true(has("5", 5, "odd"))
    end)

    it("looks at one key when there is one", function()
      assert.is_true(has("size=1kb", 1024))
      assert.is_false(has("wait=1kb", 1024))
    end)

    it("does not see texts", function()
      assert.is_false(matches("5", { { key = "k", str = "5" } }))
    end)

    it("is only what reads as one, the rest are patterns", function()
      for _, text in ipairs({ "1-5", "1 kb", ":", "1:2:3", "a1", "1kb:5s" }) do
        local _, is_range = tags.compile(text, error)
        assert.is_false(is_range)
      end
    end)

    it("fits 64 bits", function()
      assert.is_true(has("9223372036854775807", 2 ^ 63, "odd"))
      assert.is_true(has("-9223372036854775808", -2 ^ 63, "odd"))
      assert.is_true(has("0000000000000000000007", 7, "odd"))
      for _, text in ipairs({ "9223372036854775808", "1:99999999999999999999",
        "k=-9223372036854775809" }) do
        local match, message, code = tags.compile(text, error)
        assert.is_nil(match)
        assert.matches("does not fit 64 bits", message)
        assert.equal("range", code)
      end
    end)
  end)

  it("knows the unit of some keys, else it is the key's name", function()
    local found, others = tags.units_of({
      { { key = "alignment", num = 1, unit = "" },
        { key = "request", num = 2, unit = "" } },
      { { key = "n", num = 3, unit = "" }, { key = "t", str = "x" },
        { key = "size", num = 4, unit = "" } },
      { { key = "size", num = 5, unit = "kb" },
        { key = "size", num = 5, unit = "mb" } },
    })
    assert.same({ alignment = "bytes", request = "bytes", n = "n",
      size = "kb" }, found)
    assert.same({ size = { mb = true } }, others)
  end)

  it("takes a function as it is", function()
    assert.equal(print, (tags.compile(print, error)))
  end)

  describe("a frame's text", function()
    it("is the key's texts, then its numbers", function()
      local labels = {
        { key = "k", num = 2048, unit = "bytes" }, { key = "k", str = "b" },
        { key = "x", str = "no" }, { key = "k", str = "a" },
        { key = "k", num = 3, unit = "" },
      }
      assert.equal("b,a,2kB,3", tags.text(labels, "k", "minimum"))
      assert.equal("b,a,2048B,3B", tags.text(labels, "k", "B"))
    end)

    it("has bare numbers where none has a unit", function()
      local labels = { { key = "k", num = 1500, unit = "" } }
      assert.equal("1500", tags.text(labels, "k", "ms"))
    end)

    it("is empty without the label", function()
      assert.equal("", tags.text(TEXTS, "k", "minimum"))
    end)
  end)

  it("splits a list of keys", function()
    assert.same({ "a", "b" }, tags.keys("a,,b,"))
    assert.same({}, tags.keys(""))
  end)
end)
