-- Regular expressions as pprof takes them: what Go's regexp says of the same
-- pattern and text is spelled out here by hand.

local support = require "spec.support"

local DEEP = "(a+)+$" -- takes time in proportion to 2 ^ the text's length


describe("cprof.regex", function()
  local regex = support.has_core() and require "cprof.regex"

  before_each(function()
    support.need_core(pending)
  end)

  local function matches(pattern, text)
    local match = assert(regex.compile(pattern))
    return match(text)
  end

  local function refused(pattern)
    local match, message, code = regex.compile(pattern)
    assert.is_nil(match)
    assert.equal("range", code)
    return message
  end

  it("finds a pattern anywhere", function()
    assert.is_true(matches("b", "abc"))
    assert.is_true(matches("b+", "abbc"))
    assert.is_false(matches("d", "abc"))
  end)

  it("heeds the case unless told otherwise", function()
    assert.is_false(matches("B", "abc"))
    assert.is_true(matches("(?i)B", "abc"))
  end)

  it("takes a text without special characters as it is", function()
    assert.is_true(matches("a-b%w", "xa-b%wx"))
    assert.is_false(matches("a-b%w", "aabc"))
  end)

  it("matches everything by an empty pattern", function()
    assert.is_true(matches("", ""))
    assert.is_true(matches("^", "x"))
  end)

  it("ends a text only at its end", function()
    assert.is_true(matches("b$", "ab"))
    assert.is_false(matches("b$", "ab\n"))
    assert.is_true(matches("(?m)b$", "ab\nc"))
  end)

  it("lets a point be a character and no newline", function()
    assert.is_true(matches("^.$", "\195\169"))
    assert.is_false(matches("^.$", "\n"))
    assert.is_true(matches("^.$", "\r"))
  end)

  it("takes any bytes as a text, a bad one as one character", function()
    assert.is_true(matches("a.b", "a\0b"))
    assert.is_true(matches("^a.b$", "a\255b"))
    assert.is_true(matches("^..$", "\195\195"))
    assert.is_true(matches("b", "\255b\0"))
  end)

  it("says what is wrong with a pattern and at which byte", function()
    assert.equal('"a(b" is not a regular expression: missing closing '
      .. "parenthesis, at its end", refused("a(b"))
    assert.matches("at byte 3$", refused("ab)c"))
    assert.matches("nothing to repeat", refused("(*LIMIT_MATCH=9)a"))
    assert.matches("not a regular expression", refused("\\C"))
    assert.matches("not a regular expression", refused("[\255"))
  end)

  it("shows a long pattern short and without control characters", function()
    local message = refused("\27[31m)" .. ("é"):rep(100))
    assert.equal('"?[31m)' .. ("é"):rep(26) .. '…" is not a regular expression',
      message:match("^(.-):"))
    assert.is_true(#message < 170)
  end)

  it("sees of a text its first 16 KiB", function()
    local text = ("a"):rep(16383)
    assert.is_true(matches("[b]", text .. "b"))
    assert.is_false(matches("[b]", text .. "ab"))
    assert.is_true(matches("a$", text .. "ab"))
    assert.is_true(matches("^a+$", text .. "é")) -- not half of it
    assert.is_true(matches("b", text .. "ab")) -- without the library
  end)

  it("matches a long text as a short one", function()
    local text = ("é"):rep(700)
    assert.is_true(matches("x$", text .. "x"))
    assert.is_true(matches("(?<=é)$", text))
    assert.is_true(matches("^é", text))
    assert.is_false(matches(".^é", text))
    assert.is_false(matches("[\\x80-\\xbf]", text)) -- no part of a character
    assert.is_true(matches("^.a.$", "\255a\255"))
    assert.is_true(matches("é.$", text .. "\255"))
    assert.is_true(matches("^(?:é|x){1,700}.b", text .. "\255b\255"))
  end)

  it("takes more steps from one byte than a first try allows", function()
    assert.is_true(matches("^(?:a+)+?b|.*[c]$", ("a"):rep(11) .. "c"))
  end)

  it("refuses a pattern of more than 4 KiB", function()
    assert.is_true(matches("^a?" .. ("b?"):rep(2046) .. "$", "ab"))
    assert.matches("is too long: 4097 bytes, at most 4096$",
      refused("." .. ("b"):rep(4096)))
    assert.is_true(matches(("b"):rep(5000), ("b"):rep(5000)))
  end)

  it("gives back a function as it is", function()
    assert.equal(print, regex.compile(print))
  end)

  it("raises at the caller's line for what is no pattern", function()
    support.assert_raises(function() local _ = regex.compile(1) end,
      "regex.compile: string or function expected, got number")
  end)

  it("names the packages when the library is missing", function()
    local preload, loaded = package.preload.rex_pcre2, package.loaded.rex_pcre2
    package.loaded.rex_pcre2 = nil
    package.preload.rex_pcre2 = function() error("not here") end
    local match, message, code = regex.compile("a.")
    local plain = regex.compile("a")
    package.preload.rex_pcre2 = preload
    package.loaded.rex_pcre2 = loaded
    assert.is_nil(match)
    assert.matches("lua%-rex%-pcre2.*luarocks", message)
    assert.equal("state", code)
    assert.is_true(plain("a"))
  end)

  describe("compile_whole", function()
    local function is_whole(pattern, text)
      return assert(regex.compile_whole(pattern))(text)
    end

    it("matches whole texts", function()
      assert.is_true(is_whole("ab", "ab"))
      assert.is_false(is_whole("ab", "abc"))
      assert.is_true(is_whole("a|b+", "bb"))
      assert.is_false(is_whole("a|b+", "abb"))
      assert.is_false(is_whole("a.", "ab\n"))
    end)

    it("takes no pattern that is one only when it is wrapped", function()
      for _, pattern in ipairs({ "x)|(y", "x)|([ab]++[cd]", "a\\" }) do
        local match, message, code = regex.compile_whole(pattern)
        assert.is_nil(match)
        assert.matches("is not a regular expression", message)
        assert.equal("range", code)
      end
    end)

    it("looks at the beginning of a long text only", function()
      local text = ("a"):rep(2000)
      assert.is_true(is_whole("a+", text))
      assert.is_false(is_whole("a+", "b" .. text))
      assert.is_false(is_whole("a+", text .. "b"))
    end)

    it("counts bytes in the pattern that it was given", function()
      local _, message = regex.compile_whole("a(b")
      assert.matches('^"a%(b" is.*, at its end$', message)
      _, message = regex.compile_whole("ab[z-a]")
      assert.matches('^"ab%[z%-a%]" is.*, at byte 6$', message)
    end)
  end)

  describe("catch", function()
    it("gives what the function gives", function()
      assert.same({ 1, nil, 3, n = 3 }, (function(...)
        return { n = select("#", ...), ... }
      end)(regex.catch(function(a) return a, nil, 3 end, 1)))
    end)

    it("answers when a match is too costly", function()
      local match = assert(regex.compile(DEEP))
      local ok, message, code = regex.catch(match, ("a"):rep(40) .. "b")
      assert.is_nil(ok)
      assert.matches('^"%(a%+%)%+%$" is too costly to match', message)
      assert.equal("limit", code)
    end)

    it("answers when all matches together take too long", function()
      local clock = os.clock
      local now = 0
      os.clock = function() -- luacheck: ignore 122
        return now
      end
      local _, slow = support.fresh("cprof.regex", require "cprof.core")
      os.clock = clock -- luacheck: ignore 122
      local match = assert(slow.compile("a.c"))
      local ok, message, code = slow.catch(function()
        for _ = 1, 1000 do
          now = now + 0.1
          match("abc")
        end
      end)
      assert.is_nil(ok)
      assert.matches("took more than 10 s", message)
      assert.equal("limit", code)
    end)

    it("bounds the work of one match", function()
      for _, pattern in ipairs({ "([ab]++[cd])", "(?:[ab]*+c|a)*+[de]",
        "(?i)a*é", DEEP .. "b", "(a*)*[de]" }) do
        local first = os.clock()
        local match = assert(regex.compile(pattern))
        local _, _, code = regex.catch(match, ("a"):rep(1000000))
        assert.is_true(os.clock() - first < 5, pattern)
        assert.is_true(code == nil or code == "limit")
      end
    end)

    it("looks at the clock within one match, too", function()
      local clock, now = os.clock, 0
      os.clock = function() -- luacheck: ignore 122
        now = now + 0.01
        return now
      end
      local _, slow = support.fresh("cprof.regex", require "cprof.core")
      os.clock = clock -- luacheck: ignore 122
      local match = assert(slow.compile("a[b]"))
      local _, message, code = slow.catch(match, ("a"):rep(16384))
      assert.matches("took more than 10 s", message)
      assert.equal("limit", code)
    end)

    it("lets every other error through as it is", function()
      local thrown = {}
      local ok, got = pcall(regex.catch, function() error(thrown) end)
      assert.is_false(ok)
      assert.equal(thrown, got)
    end)

    it("makes a failure that reads as its message", function()
      local match = assert(regex.compile(DEEP))
      local ok, thrown = pcall(match, ("a"):rep(40) .. "b")
      assert.is_false(ok)
      assert.matches("too costly", tostring(thrown))
    end)
  end)
end)
