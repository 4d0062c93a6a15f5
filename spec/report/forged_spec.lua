-- What a hostile profile writes into its names forges no line of any report.

local made = require "spec.made"
local support = require "spec.support"

local FORGED = "x\nforged 100%\27]0;t\7\194\155"
local TEXTS = { "top", "tree", "traces", "tags", "info", "list", "peek" }


describe("a line feed in names, labels and comments", function()
  for _, kind in ipairs(TEXTS) do
    it("forges no line of " .. kind, function()
      support.need_core(pending)
      require "cprof"
      local profile = made.profile({
        { FORGED .. "@a.lua:1;b", { 1, 10 }, { [FORGED] = FORGED } },
      }, { comments = { FORGED } })
      local text = assert(profile:report(kind,
        (kind == "list" or kind == "peek") and { pattern = "." } or nil))
      assert.not_matches("\nforged", text, 1, true)
      assert.not_matches("[\7\27]", text)
      assert.not_matches("\194\155", text, 1, true)
    end)
  end
end)
