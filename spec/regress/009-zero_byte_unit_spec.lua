-- A file may hold any bytes in its strings. PUC's format refuses a string with
-- a zero byte for `%10s`, so a unit with one made top, tree, peek, list and
-- compare raise; LuaJIT's takes it. Found beside spec/fuzz/text.lua.

local cprof = require "cprof"
local support = require "spec.support"
local wire = require "spec.wire"


-- One sample whose every string has a zero byte.
local function profile_of_zeros()
  local strings, put = wire.strings()
  local out = {
    wire.bytes(1, wire.number(1, put("a\0b")) .. wire.number(2, put("u\0v"))),
    wire.bytes(5, wire.number(1, 1) .. wire.number(2, put("f\0g"))
      .. wire.number(4, put("x\0.lua"))),
    wire.bytes(4, wire.number(1, 1) .. wire.bytes(4, wire.number(1, 1)
      .. wire.number(2, 3))),
    wire.bytes(2, wire.packed(1, { 1 }) .. wire.packed(2, { 5 })
      .. wire.bytes(3, wire.number(1, put("k\0")) .. wire.number(2, put("v\0")))
      .. wire.bytes(3, wire.number(1, put("n\0")) .. wire.number(3, 7)
        .. wire.number(4, put("w\0")))),
  }
  for _, text in ipairs(strings) do
    out[#out + 1] = wire.bytes(6, text)
  end
  return assert(cprof.open(table.concat(out)))
end


describe("a profile with zero bytes in its strings", function()
  it("has every report", function()
    support.need_core(pending)
    local profile = profile_of_zeros()
    for _, kind in ipairs(require("cprof.profile").REPORTS) do
      local text, message = profile:report(kind, {
        pattern = (kind == "peek" or kind == "list") and "f" or nil,
        base = kind == "compare" and profile or nil,
      })
      assert.is_string(text, kind .. ": " .. tostring(message))
    end
  end)

  it("shows its unit without them", function()
    support.need_core(pending)
    assert.matches("5u?v ", profile_of_zeros():top(), 1, true)
  end)
end)
