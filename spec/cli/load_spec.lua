local load = require "cprof.cli.load"
local support = require "spec.support"

local function asked(files, changes)
  local out = { files = files, base = {}, diff_base = {}, normalize = false }
  for key, value in pairs(changes or {}) do
    out[key] = value
  end
  return out
end

-- A host with these profiles as files; what is absent cannot be opened.
local function host_of(files)
  return support.fake_host({
    open = function(path)
      if files[path] then
        return files[path]
      end
      return nil, path .. ": No such file or directory", "io"
    end,
  })
end

local function total(profile)
  return profile:data("top", { n = 1 }).total
end


describe("cprof.cli.load", function()
  it("reads a profile", function()
    assert.is_table(load.profile(support.fake_host(), asked({ "cpu.pb.gz" })))
  end)

  it("hands the limit on", function()
    local limit
    local host = support.fake_host({
      open = function(_, options)
        limit = options.max_size_bytes
        return nil, "x: larger than the limit", "limit"
      end,
    })
    local _, message = load.profile(host, asked({ "x" }, { max_size = 7 }))
    assert.equal(7, limit)
    assert.equal("x: larger than the limit (--max-size raises it)", message)
  end)

  it("names the file once in a message", function()
    local _, message = load.profile(support.fake_host(), asked({ "gone" }))
    assert.equal("gone: No such file or directory", message)
  end)

  it("names the file where the core does not", function()
    local host = support.fake_host({
      open = function()
        return nil, "not a profile", "format"
      end,
    })
    local _, message = load.profile(host, asked({ "x.gz" }))
    assert.equal("x.gz: not a profile", message)
    _, message = load.profile(host, asked({ "-" }))
    assert.equal("standard input: not a profile", message)
  end)

  it("takes standard input once", function()
    local _, message, code = load.profile(support.fake_host(),
      asked({ "-", "-" }))
    assert.equal("standard input (-) is given twice", message)
    assert.equal("usage", code)
  end)

  it("merges any number of files", function()
    support.need_core(pending)
    local profile = require("spec.conformance.profiles").mixed()
    local files, host = {}, host_of({ a = profile })
    for i = 1, 150 do
      files[i] = "a"
    end
    assert.equal(150 * total(profile),
      total(assert(load.profile(host, asked(files)))))
  end)

  it("subtracts a base, of several files, too", function()
    support.need_core(pending)
    local profile = require("spec.conformance.profiles").mixed()
    local host = host_of({ a = profile, b = assert(profile:scale(3)) })
    local left = assert(load.profile(host, asked({ "b" }, { base = { "a" } })))
    assert.equal(2 * total(profile), total(left))
    left = assert(load.profile(host, asked({ "b" },
      { base = { "a", "a", "a" } })))
    assert.equal(0, total(left))
    left = assert(load.profile(host, asked({ "b" },
      { base = { "a" }, normalize = true })))
    assert.equal(0, total(left))
    left = assert(load.profile(host, asked({ "b" }, { diff_base = { "a" } })))
    assert.equal(total(profile), total(left))
  end)

  it("answers what excludes each other", function()
    support.need_core(pending)
    local profile = require("spec.conformance.profiles").mixed()
    local host = host_of({ a = profile })
    local _, message, code = load.profile(host, asked({ "a" },
      { base = { "a" }, diff_base = { "a" } }))
    assert.equal("--base and --diff-base exclude each other", message)
    assert.equal("usage", code)
    _, message, code = load.profile(host, asked({ "a" },
      { normalize = true }))
    assert.equal("--normalize needs --base or --diff-base", message)
    assert.equal("usage", code)
  end)
end)
