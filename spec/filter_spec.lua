-- Filters by name. What stacks become is filter_test.c's; here it is which
-- strings an option looks at, their order, and what goes wrong.

local made = require "spec.made"
local support = require "spec.support"

local filter = support.has_core() and require "cprof.filter"

local DEEP = "(a+)+$" -- takes time in proportion to 2 ^ the text's length


-- "root;…;leaf value" of each sample, in the profile's order.
local function lines(profile)
  local out = {}
  for i, stack in ipairs(profile:stacks(1)) do
    out[i] = made.path(stack) .. " " .. stack.value
  end
  return out
end


-- Lines of the filtered profile; nothing is to warn of.
local function run(profile, asked)
  local filtered, warnings = filter.run(profile, asked)
  assert(filtered, warnings)
  assert.same({}, warnings)
  return lines(filtered)
end


local function warned(profile, asked)
  local filtered, warnings = filter.run(profile, asked)
  assert(filtered, warnings)
  return table.concat(warnings, "\n"), filtered
end


local function refused(profile, asked)
  local filtered, message, code = filter.run(profile, asked)
  assert.is_nil(filtered)
  return message, code
end


describe("cprof.filter", function()
  before_each(function()
    support.need_core(pending)
  end)

  -- A server: two urls, one of them with an inlined frame and an object file.
  local function server()
    return made.profile({
      { "main@m.lua;serve@web.lua;render@view.lua", 10,
        { url = "/a", bytes = 2048 } },
      { "main@m.lua;serve@web.lua;inner@i.lua|outer@o.lua#libx.so", 20,
        { url = "/b", bytes = 64 } },
      { "main@m.lua;idle@m.lua", 30 },
    })
  end

  it("gives the same profile when there is nothing to do", function()
    local profile = server()
    assert.equal(profile, (filter.run(profile, {})))
    assert.equal(profile, (filter.run(profile, { focus = "", tagroot = "" })))
  end)

  it("declares what it takes", function()
    local names = {}
    for _, field in ipairs(filter.OPTIONS) do
      names[field.name] = field.type
      assert.is_string(field.message)
    end
    assert.same({
      focus = "pattern", ignore = "pattern", hide = "pattern",
      show = "pattern", show_from = "pattern", prune_from = "pattern",
      tagfocus = "pattern", tagignore = "pattern", tagshow = "pattern",
      taghide = "pattern", tagroot = "text", tagleaf = "text",
      drop_frames = "boolean",
    }, names)
  end)

  describe("looks at", function()
    it("names, files and object files for focus and ignore", function()
      local profile = server()
      assert.same({ "main;serve;render 10" }, run(profile, {
        focus = "^render$" }))
      assert.same({ "main;serve;render 10" }, run(profile, {
        focus = "view%.?.lua|view.lua" }))
      assert.same({ "main;serve;outer;inner 20" }, run(profile, {
        focus = "libx" }))
      assert.same({ "main;idle 30" }, run(profile, { ignore = "web.lua" }))
    end)

    it("them for hide, show and show_from, too", function()
      local profile = server()
      assert.same({ "serve;render 10", "serve;outer;inner 20" },
        run(profile, { hide = "m.lua" }))
      assert.same({ "main;serve 20" }, run(profile, { hide = "libx",
        focus = "inner" }))
      assert.same({ "inner 20" }, run(profile, { show = "i.lua$" }))
      assert.same({ "serve;render 10", "serve;outer;inner 20" },
        run(profile, { show_from = "web" }))
    end)

    it("simplified names only for prune_from", function()
      local profile = made.profile({ { "main;.f(int)@f.lua;g@f.lua", 1 } })
      assert.same({ "main;.f(int) 1" }, run(profile, { prune_from = "^f$" }))
      assert.same({ "main;.f(int);g 1" }, run(profile, {
        prune_from = "lua" }))
    end)

    it("keys of labels for tagshow and taghide", function()
      local profile = server()
      local shown = filter.run(profile, { tagshow = "^u" })
      assert.same({ url = "/a" }, shown:stacks(1)[1].labels)
      local rest = filter.run(profile, { taghide = "^u" })
      assert.same({ bytes = 2048 }, rest:stacks(1)[1].labels)
    end)

    it("labels for tagfocus and tagignore", function()
      local profile = server()
      assert.same({ "main;serve;render 10" }, run(profile, {
        tagfocus = "url=/a" }))
      assert.same({ "main;serve;render 10" }, run(profile, {
        tagfocus = "bytes=1kb:" }))
      assert.same({ "main;serve;render 10", "main;idle 30" }, run(profile, {
        tagignore = "/b" }))
    end)
  end)

  it("adds up samples that become equal", function()
    assert.same({ "main 60" }, run(server(), { show = "main", taghide = "." }))
    local profile = made.profile({ { "main;f", 10 }, { "main;g", 20 } })
    assert.same({ "main 30" }, run(profile, { hide = "[fg]" }))
  end)

  it("takes functions for patterns", function()
    local profile = server()
    assert.same({ "main;idle 30" }, run(profile, {
      focus = function(text) return text == "idle" end }))
    assert.same({ "main;idle 30" }, run(profile, {
      tagfocus = function(labels) return #labels == 0 end }))
  end)

  it("lets errors of functions through as they are", function()
    local thrown = {}
    for _, name in ipairs({ "focus", "tagshow", "tagignore" }) do
      local ok, got = pcall(filter.run, server(), {
        [name] = function() error(thrown) end })
      assert.is_false(ok)
      assert.equal(thrown, got)
    end
  end)

  describe("tagroot and tagleaf", function()
    it("put frames around stacks", function()
      assert.same({ "/a;main;serve;render;2kB 10",
        "/b;main;serve;outer;inner;64B 20", ";main;idle; 30" },
        run(made.profile({
          { "main;serve;render", 10,
            { url = "/a", n = { 2048, "bytes" } } },
          { "main;serve;outer;inner", 20,
            { url = "/b", n = { 64, "bytes" } } },
          { "main;idle", 30 },
        }), { tagroot = "url", tagleaf = "n" }))
    end)

    it("make the first key the root and the last the leaf", function()
      local profile = made.profile({ { "f", 1, { a = "A", b = "B" } } })
      assert.same({ "A;B;f 1" }, run(profile, { tagroot = "a,b" }))
      assert.same({ "f;A;B 1" }, run(profile, { tagleaf = "a,b" }))
    end)

    it("come before the other filters", function()
      local profile = server()
      assert.same({ "/a;main;serve;render 10" }, run(profile, {
        tagroot = "url", focus = "^/a$" }))
      assert.same({ "/a 10", "/b 20", " 30" }, run(profile, {
        tagroot = "url", show = "^url$" }))
    end)

    it("print numbers in the unit of the report", function()
      local profile = made.profile({ { "f", 1, { n = { 2048, "kb" } } } })
      assert.same({ "2MB;f 1" }, run(profile, { tagroot = "n" }))
      assert.same({ "2048kB;f 1" }, run(profile, { tagroot = "n",
        unit = "kb" }))
    end)

    it("warn when no sample has the label", function()
      local text, tagged = warned(server(), { tagroot = "x,y" })
      assert.equal('tagroot: no sample has the label "x,y"', text)
      assert.equal(";;main;idle 30", lines(tagged)[3])
    end)
  end)

  describe("the file's own drop_frames", function()
    local function dropping(drop, keep)
      return made.profile({ { "main;pcall;f", 10 }, { "main;f;error", 20 },
        drop_frames = drop, keep_frames = keep })
    end

    it("is applied before all else", function()
      assert.same({ "main 10", "main;f 20" }, run(dropping("pcall|error"), {}))
      assert.same({ "main 10" }, run(dropping("pcall|error"), {
        hide = "^f$", ignore = "error|^f$" }))
    end)

    it("stays out when it is not wanted", function()
      local profile = dropping("pcall|error")
      assert.equal(profile, (filter.run(profile, { drop_frames = false })))
    end)

    it("matches whole names, without what keep_frames matches", function()
      assert.same({ "main;pcall;f 10", "main;f;error 20" },
        run(dropping("call|err"), {}))
      assert.same({ "main;pcall;f 10", "main;f 20" },
        run(dropping("pcall|error", "p.*"), {}))
    end)

    it("comes before the frames of labels", function()
      local profile = made.profile({ { "f", 10, { k = "v" } },
        drop_frames = "f" })
      assert.same({ "v;f 10" }, run(profile, { tagroot = "k" }))
    end)

    it("is told of when it is no regular expression", function()
      local text, filtered = warned(dropping("pcall|("), {})
      assert.matches("^the file's own drop_frames is not applied: "
        .. '"pcall|%(" is not a regular expression', text)
      assert.same({ "main;pcall;f 10", "main;f;error 20" }, lines(filtered))
      text = warned(dropping("pcall", "("), {})
      assert.matches('not applied: "%(" is not', text)
    end)

    it("is an error when it takes too long", function()
      local profile = made.profile({ { "main;" .. ("a"):rep(40) .. "b", 1 },
        drop_frames = DEEP })
      local message, code = refused(profile, {})
      assert.matches("^the file's own drop_frames: .*too costly.*"
        .. "drop_frames = false", message)
      assert.equal("limit", code)
    end)
  end)

  describe("warns", function()
    it("of each filter that matches nothing", function()
      assert.equal('focus: nothing matches "nope"',
        (warned(server(), { focus = "nope" })))
      assert.equal('hide: nothing matches "nope"\ntagignore: nothing matches '
        .. '"nope"', (warned(server(), { hide = "nope", tagignore = "nope" })))
      assert.equal("focus: nothing matches", (warned(server(), {
        focus = function() end })))
    end)

    it("that a filter of labels was read as a range", function()
      assert.equal('tagfocus: nothing matches "42", which is read as a range '
        .. "of numbers", (warned(server(), { tagfocus = "42" })))
    end)

    it("of numbers in several units, when a range looks at them", function()
      local profile = made.profile({
        { "f", 1, { n = 1 } },
        { "f", 2, { n = { 1, "kb" } } },
        { "f", 3, { n = { 1, "ms" } } },
        { "f", 4, { n = { 1, "bytes" } } },
      })
      local text, filtered = warned(profile, { tagfocus = "n=1024b" })
      assert.equal('label "n": numbers are taken for kb, though some are in '
        .. "bytes, ms", text)
      assert.equal(4, #lines(filtered))
      assert.equal("", (warned(profile, { tagfocus = function()
        return true
      end })))
    end)
  end)

  it("names three units at most, and counts the others", function()
    local samples = { { "f", 1, { n = { 1, "kb" } } } }
    for i = 1, 5 do
      samples[i + 1] = { "f", i, { n = { 1, "unit" .. i } } }
    end
    assert.equal('label "n": numbers are taken for kb, though some are in '
      .. "unit1, unit2, unit3 and 2 more",
      (warned(made.profile(samples), { tagfocus = "n=1024b" })))
  end)

  it("stands a predicate that renames functions", function()
    local profile = made.profile({ { "main;f", 1 }, { "main;g", 2 } })
    local function rename(text)
      for id = 1, 3 do
        profile:rename(id, "new" .. text .. id, "file" .. text .. id)
      end
      return true
    end
    assert.same({}, lines((assert(profile:filter({ focus = rename })))))
  end)

  it("gives the profile itself when there is nothing to do", function()
    local profile = server()
    assert.equal(profile, (profile:filter({})))
    assert.equal(profile, (profile:filter({ focus = "" })))
  end)

  describe("refuses with the option's name", function()
    it("a pattern that is none", function()
      for _, name in ipairs({ "focus", "show_from", "tagshow", "tagfocus" }) do
        local message, code = refused(server(), { [name] = "a(" })
        assert.matches("^" .. name .. ': "a%(" is not a regular expression: ',
          message)
        assert.equal("range", code)
      end
    end)

    it("a range that is too large", function()
      local message, code = refused(server(), { tagignore = "1:" ..
        ("9"):rep(20) })
      assert.equal('tagignore: "99999999999999999999" does not fit 64 bits',
        message)
      assert.equal("range", code)
    end)

    it("a pattern that takes too long", function()
      local profile = made.profile({ { ("a"):rep(40) .. "b", 1,
        { k = ("a"):rep(40) .. "b" } } })
      for _, name in ipairs({ "focus", "prune_from", "tagfocus" }) do
        local message, code = refused(profile, { [name] = DEEP })
        assert.matches("^" .. name .. ": .* is too costly to match", message)
        assert.equal("limit", code)
      end
    end)
  end)

  it("keeps what a profile is beside its samples", function()
    local profile = server()
    local filtered = filter.run(profile, { focus = "idle" })
    local before, after = profile:info(), filtered:info()
    for _, key in ipairs({ "sample_types", "period_type", "period", "time_ns",
      "duration_ns", "comments", "default_sample_type", "doc_url" }) do
      assert.same(before[key], after[key])
    end
    assert.is_true(filtered:check())
    assert.equal(1, after.samples)
    assert.equal(2, after.functions)
  end)
end)
