local output = require "cprof.output"

-- A profile that notes where it is written, or fails there.
local function new_profile(reason)
  local profile = {}
  function profile:write(path)
    self.path = path
    if reason then
      return nil, path .. ": " .. reason, "io"
    end
    return true
  end
  return profile
end


describe("cprof.output", function()
  it("writes in the folder of the start", function()
    local profile = new_profile()
    assert.is_true(output.new("a/b.gz", "/start"):write(profile))
    assert.equal("/start/a/b.gz", profile.path)
  end)

  it("keeps the name as it was given", function()
    assert.equal("b.gz", output.new("b.gz", "/start").name)
  end)

  it("tells a failure by that name", function()
    local ok, message =
      output.new("b.gz", "/start"):write(new_profile("disk full"))
    assert.is_nil(ok)
    assert.equal("cannot write b.gz: disk full", message)
  end)

  it("hands on another message whole", function()
    local profile = { write = function() return nil, "no memory" end }
    local _, message = output.new("b.gz", "/start"):write(profile)
    assert.equal("cannot write no memory", message)
  end)
end)
