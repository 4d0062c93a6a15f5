local support = require "spec.support"
local term = require "cprof.cli.term"

local TABLE = "Type: cpu\n      flat  flat%   sum%\n      10ms   100%  x\n"

local terminal = support.fake_terminal


describe("cprof.cli.term", function()
  it("colours the column names on a terminal", function()
    local text = term.fit(terminal(), TABLE)
    assert.matches("\27[1m      flat  flat%   sum%\27[0m\n", text, 1, true)
  end)

  it("leaves a pipe plain", function()
    assert.equal(TABLE, term.fit(support.fake_host(), TABLE))
  end)

  it("honours NO_COLOR and dumb terminals", function()
    assert.equal(TABLE, term.fit(terminal({ NO_COLOR = "1" }), TABLE))
    assert.equal(TABLE, term.fit(terminal({ TERM = "dumb" }), TABLE))
    assert.is_true(term.is_coloured(terminal({ NO_COLOR = "" })))
  end)

  it("lets no control character through, in UTF-8 neither", function()
    assert.equal("a?b?c?\194\160\n\td",
      term.plain("a\27b\194\155c\0\194\160\n\td"))
  end)

  it("never cuts a line", function()
    local line = ("x"):rep(500) .. "\n"
    assert.equal(line, term.fit(terminal({ COLUMNS = "20" }), line))
  end)

  it("takes control characters out of foreign text", function()
    assert.equal("a?[31mb\tc\n", term.plain("a\27[31mb\tc\n"))
    assert.equal("a?b", term.plain("a\0b"))
  end)

  it("tells a terminal what takes long, and takes it back", function()
    local host = terminal()
    local result = term.busy(host, "reading x", function(value)
      assert.equal("cprof: reading x...", host.stderr.text)
      return value
    end, 5)
    assert.equal(5, result)
    assert.matches("\r\27%[K$", host.stderr.text)
  end)

  it("tells nothing elsewhere", function()
    local host = support.fake_host()
    term.busy(host, "reading x", function() end)
    assert.equal("", host.stderr.text)
  end)

  it("says when standard output does not take it", function()
    local host = support.fake_host()
    function host.stdout.flush()
      return nil, "No space left on device"
    end
    local ok, message = term.write(host, "x")
    assert.is_nil(ok)
    assert.equal("cannot write to standard output: No space left on device",
      message)
  end)
end)
