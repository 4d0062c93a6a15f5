-- The core's side of filters: masks, what predicates may do, and what misuse
-- raises. What filters mean is filter_test.c's.

local made = require "spec.made"
local support = require "spec.support"

local core = support.has_core() and require "cprof.core"


-- The texts that a predicate is asked for, sorted.
local function asked_texts(profile, role)
  local texts = {}
  core.match(profile, function(text)
    texts[#texts + 1] = text
  end, role)
  table.sort(texts)
  return texts
end


local function count(mask)
  return select(2, mask:gsub("\1", ""))
end


-- "root;…;leaf" of each sample, a frame as "name@file".
local function paths(profile)
  local list = {}
  for i, stack in ipairs(profile:stacks(1)) do
    list[i] = made.path(stack, function(frame)
      return frame.name .. "@" .. frame.filename
    end)
  end
  return list
end


describe("the core's filters", function()
  before_each(function()
    support.need_core(pending)
  end)

  local function sample_profile()
    return made.profile({
      { "main@m.lua;.run(int)@r.lua#lib.so", 10,
        { { "url", "/a" }, { "size", 3, "kb" }, { "void", 0 } } },
      { "main@m.lua;main@m.lua", 20, { url = "/b" } },
      { "main@m.lua", 30, { url = "/b" } },
      { "main@m.lua;@x.lua", 40 },
    })
  end

  describe("match", function()
    it("asks once for each string that is used in the role", function()
      local profile = sample_profile()
      assert.same({ "", ".run(int)", "lib.so", "m.lua", "main", "r.lua",
        "x.lua" }, asked_texts(profile, "frames"))
      assert.same({ "main", "run" }, asked_texts(profile, "functions"))
      assert.same({ "size", "url", "void" }, asked_texts(profile, "keys"))
    end)

    it("gives a byte for each string, \\1 where it matches", function()
      local profile = sample_profile()
      local none = core.match(profile, function() end, "frames")
      local some = core.match(profile, function(text)
        return text:find("r") and "yes"
      end, "frames")
      assert.equal(0, count(none))
      assert.equal(2, count(some))
      assert.equal(#none, #some)
    end)

    it("lets an error through and leaves nothing behind", function()
      local profile = sample_profile()
      local thrown = {}
      for _ = 1, 1000 do
        local ok, got = pcall(core.match, profile, function()
          error(thrown)
        end, "frames")
        assert.is_false(ok)
        assert.equal(thrown, got)
      end
    end)

    it("stands a predicate that renames functions meanwhile", function()
      local profile = sample_profile()
      local calls = 0
      local mask = core.match(profile, function()
        calls = calls + 1
        for id = 1, 4 do
          profile:rename(id, "new" .. calls .. id, ("x"):rep(1000 * calls))
        end
        return true
      end, "frames")
      assert.is_true(count(mask) <= calls)
    end)

    it("raises for another role, predicate or profile", function()
      local profile = sample_profile()
      assert.error_matches(function() core.match(profile, print, "x") end,
        "invalid option 'x'")
      assert.error(function() core.match(profile) end)
      assert.error(function() core.match({}, print, "frames") end)
    end)
  end)

  describe("match_samples", function()
    it("asks once for each set of labels, in order", function()
      local sets = {}
      local mask = core.match_samples(sample_profile(), function(labels)
        sets[#sets + 1] = labels
        return labels[1] and labels[1].str == "/b"
      end)
      assert.same({
        { { key = "url", str = "/a" }, { key = "size", num = 3, unit = "kb" } },
        { { key = "url", str = "/b" } },
        {},
      }, sets)
      assert.equal("\0\1\1\0", mask)
    end)

    it("lets an error through and leaves nothing behind", function()
      local profile = sample_profile()
      for _ = 1, 1000 do
        local ok, got = pcall(core.match_samples, profile, function()
          error("mine", 0)
        end)
        assert.is_false(ok)
        assert.equal("mine", got)
      end
    end)
  end)

  describe("filter", function()
    it("gives the profile and what was found", function()
      local profile = sample_profile()
      local mask = core.match(profile, function(text)
        return text == "x.lua"
      end, "frames")
      local filtered, found = core.filter(profile, { focus = mask })
      assert.same({ "main@m.lua;@x.lua" }, paths(filtered))
      assert.is_true(found.focus)
      assert.is_false(found.hide)
    end)

    it("takes a mask made before functions were renamed", function()
      local profile = sample_profile()
      local names = core.match(profile, function(text)
        return text == "main" or text == "x.lua"
      end, "frames")
      profile:rename(1, "other", "other.lua")
      local filtered = assert(core.filter(profile, { focus = names }))
      assert.is_true(filtered:check())
      assert.same({ "other@other.lua;@x.lua" }, paths(filtered))
      filtered = assert(core.filter(profile, { hide = names }))
      assert.is_true(#names > 0 and #paths(filtered) > 0)
    end)

    it("raises for a mask of another profile", function()
      local profile = sample_profile()
      local strings = #core.match(profile, print, "keys")
      for _, size in ipairs({ 0, strings + 1 }) do
        assert.error_matches(function()
          core.filter(profile, { hide = ("\1"):rep(size) })
        end, "hide is not a mask of this profile")
      end
      assert.error_matches(function()
        core.filter(profile, { tagfocus = "\0\0\0" })
      end, "tagfocus is not a mask")
      assert.error_matches(function()
        core.filter(profile, { show = 1 })
      end, "show is not a mask")
    end)

    it("filters a profile without anything", function()
      local empty = made.profile({})
      local mask = core.match(empty, print, "frames")
      local filtered = core.filter(empty, { focus = mask, tagfocus = "" })
      assert.is_true(filtered:check())
    end)
  end)

  describe("tag_frames", function()
    it("puts frames at the root and the leaf", function()
      local profile = made.profile({ { "main@m.lua", 1, { url = "/a" } } })
      local tagged = core.tag_frames(profile, { "r1", "r2", "l1", "l2" }, 2,
        function(labels)
          return { labels[1].str, "B", "C", "" }
        end)
      assert.same({ "/a@r1;B@r2;main@m.lua;C@l1;@l2" }, paths(tagged))
      assert.is_true(tagged:check())
    end)

    it("raises for texts that are none", function()
      local profile = sample_profile()
      local function tag(answer)
        return function()
          core.tag_frames(profile, { "k" }, 0, function() return answer end)
        end
      end
      assert.error_matches(tag(1), "texts: table expected, got number")
      assert.error_matches(tag({}), "texts: string expected, got nil")
      assert.error_matches(tag({ 1 }), "texts: string expected, got number")
      assert.error_matches(function()
        core.tag_frames(profile, { "k" }, 2, print)
      end, "more than there are keys")
    end)

    it("lets an error through and leaves nothing behind", function()
      local profile = sample_profile()
      for _ = 1, 1000 do
        assert.is_false(pcall(core.tag_frames, profile, { "k" }, 1, error))
      end
    end)
  end)

  describe("a profile that is freed meanwhile", function()
    it("is nothing that Lua sees a way to", function()
      local mt = getmetatable(sample_profile())
      assert.is_nil(mt.__gc)
      assert.equal(core.profile_methods, mt.__index)
    end)

    it("makes the core raise", function()
      for _, call in ipairs({
        function(profile, free) core.match(profile, free, "frames") end,
        function(profile, free) core.match(profile, free, "functions") end,
        function(profile, free) core.match(profile, free, "keys") end,
        function(profile, free) core.match_samples(profile, free) end,
        function(profile, free) core.tag_frames(profile, { "k" }, 1, free) end,
      }) do
        local profile = sample_profile()
        assert.error_matches(function()
          call(profile, function()
            debug.getmetatable(profile).__gc(profile)
            return { "x" }
          end)
        end, "profile is not filled")
      end
    end)
  end)

  it("tells a profile's own patterns", function()
    local drop, keep = core.frame_patterns(made.profile({
      drop_frames = "a|b", keep_frames = "c",
    }))
    assert.equal("a|b", drop)
    assert.equal("c", keep)
  end)

  it("mends texts that are no UTF-8", function()
    assert.equal("a\239\191\189b\0", core.mend("a\255b\0"))
    assert.equal("é", core.mend("é"))
    assert.equal("", core.mend(""))
  end)
end)
