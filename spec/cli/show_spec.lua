local show = require "cprof.cli.show"
local support = require "spec.support"

-- A host on a terminal whose pager keeps what it was given.
local function terminal(variables)
  local host = support.fake_terminal(variables)
  host.popen = function(command, mode)
    if mode ~= "w" then
      return nil
    end
    host.pager = { command = command, text = "" }
    function host.pager:write(text)
      self.text = self.text .. text
    end
    function host.pager.close() end
    return host.pager
  end
  return host
end


describe("cprof.cli.show", function()
  it("writes to a pipe as it is", function()
    local host = support.fake_host()
    assert.is_true(show.text(host, { pager = true }, "a\n"))
    assert.equal("a\n", host.stdout.text)
  end)

  it("pages on a terminal", function()
    local host = terminal()
    assert.is_true(show.text(host, { pager = true }, "a\n"))
    assert.equal("a\n", host.pager.text)
    assert.matches("less", host.pager.command)
    assert.equal("", host.stdout.text)
  end)

  it("takes $PAGER, and none for cat or --no-pager", function()
    local host = terminal({ PAGER = "more" })
    show.text(host, { pager = true }, "a\n")
    assert.matches("^more\n", host.pager.command)
    host = terminal({ PAGER = "cat" })
    show.text(host, { pager = true }, "a\n")
    assert.equal("a\n", host.stdout.text)
    host = terminal()
    show.text(host, { pager = false }, "a\n")
    assert.equal("a\n", host.stdout.text)
  end)

  -- What a terminal gets when this is the pager, and the exit code.
  local function page_by(pager)
    local path = support.file(([[
      package.path = %q
      local host = require("spec.support").fake_terminal()
      host.popen = io.popen
      host.getenv = function(name)
        return name == "PAGER" and %q or nil
      end
      local text = ("a line\n"):rep(100000)
      os.exit(require("cprof.cli.show").text(host, {}, text) and 0 or 1)
    ]]):format(package.path, pager))
    local code, out = support.shell("lua " .. path)
    os.remove(path)
    return out, code
  end

  it("prints what a pager that cannot be started has not shown", function()
    local out, code = page_by("no-such-pager")
    assert.equal(700000, #out)
    assert.equal(0, code)
  end)

  it("ends well when the pager is left early", function()
    local out, code = page_by("head -n 1")
    assert.equal(7, #out)
    assert.equal(0, code)
  end)

  it("writes a file", function()
    local written = {}
    local host = support.fake_host({
      write_file = function(path, text)
        written[path] = text
        return true
      end,
    })
    assert.is_true(show.text(host, { output = "f" }, "a\27[0m\n"))
    assert.is_true(show.bytes(host, { output = "g" }, "\27\0", true))
    assert.same({ f = "a?[0m\n", g = "\27\0" }, written)
    assert.is_true(show.bytes(host, { output = "-" }, "\0", true))
    assert.equal("\0", host.stdout.text)
  end)

  it("needs a path", function()
    local ok, message, code = show.text(support.fake_host(), { output = "" },
      "a\n")
    assert.is_nil(ok)
    assert.equal("option '--output' needs a path, got ''", message)
    assert.equal("usage", code)
  end)

  it("keeps bytes from a terminal", function()
    local host = terminal()
    local ok, message, code = show.bytes(host, {}, "\0", true)
    assert.is_nil(ok)
    assert.equal("a profile is not for a terminal; say -o FILE, or use a pipe",
      message)
    assert.equal("usage", code)
    assert.is_true(show.bytes(host, {}, "{}", false))
  end)
end)
