-- The share of `make soak` that every `make test` runs: about a minute. Here
-- no time is judged, only that nothing crashes, hangs or is left behind.
local support = require "spec.support"

local vm = support.vm


local function build(storm)
  local code, out, err = support.shell(("make -s LUA=%s STORM=%s all support")
    :format(vm, storm))
  assert(code == 0, out .. err)
end


-- Exit code and output of a storm with a new seed, which the output says.
local function storm(lua, seconds, hz, build_storm)
  local code, out, err = support.shell(('eval "$(make -s env LUA=%s STORM=%s)"'
    .. "\n timeout -s ABRT %d %s spec/soak/storm.lua %d %d %d"):format(vm,
    build_storm, 4 * seconds + 60, lua, seconds, hz, os.time()))
  return code, out .. err
end


local function assert_storm_ok(...)
  local code, out = storm(...)
  assert(code == 0 and out:match("\nstorm ok: "), ("%d: %s"):format(code, out))
end


-- A Lua with lua_assert and the API's checks, or the reason why there is none.
local function debug_lua(version)
  local code, _, err = support.shell("spec/tools/lua-debug.sh " .. version)
  if code ~= 0 then
    return nil, "no source of Lua " .. version .. ": " .. err:match("[^\n]*")
  end
  return "build/lua-debug/" .. version .. "/lua5.4"
end


describe("a storm", function()
  it("passes at 1000 Hz of CPU time", function()
    support.need_core(pending)
    build("")
    assert_storm_ok(vm, 15, 1000, "")
  end)

  it("passes at 5000 Hz of wall time", function()
    support.need_core(pending)
    build("1")
    assert_storm_ok(vm, 15, 5000, "1")
  end)

  for _, version in ipairs(vm == "lua5.4" and { "5.4.4", "5.4.7" } or {}) do
    it("passes on a Lua " .. version .. " that checks itself", function()
      local lua, reason = debug_lua(version)
      if not lua then
        return pending(reason)
      end
      build("1")
      assert_storm_ok(lua, 10, 5000, "1")
    end)

    it("finds exact lines on Lua " .. version, function()
      local lua, reason = debug_lua(version)
      if not lua then
        return pending(reason)
      end
      local code, out, err = support.shell(lua .. [[ -e '
        local session = assert(require "cprof".start{ cpu = { hz = 1000 } })
        local x = 0
        for i = 1, 5e7 do x = x + i % 7 end
        session:stop()
        print(require "cprof.core".stats().lines_live)']])
      assert.same({ 0, "" }, { code, err })
      assert(tonumber(out) > 10, out)
    end)
  end
end)


describe("the end of a profiled process", function()
  it("has its own exit code, however it ends", function()
    support.need_core(pending)
    local code, out = support.shell("spec/soak/ends.sh " .. vm .. " 5")
    assert(code == 0, out)
  end)
end)
