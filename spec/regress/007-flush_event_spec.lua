-- LuaJIT tells whoever attached to its trace events that all traces were
-- flushed, which the start and the stop of its profiler do. cprof held its lock
-- meanwhile: a listener that started a session, or a collection there that
-- ended one, waited for itself for ever.
local support = require "spec.support"

local function run(code)
  return support.shell(("timeout -s ABRT 30 %s -e %s"):format(support.vm,
    "'" .. code .. "'"))
end


describe("a listener to LuaJIT's trace events", function()
  it("may ask for a session while one starts and stops", function()
    support.only_on(pending, "luajit", "PUC has no traces")
    local code, out, err = run([[
      local cprof, codes = require "cprof", {}
      jit.attach(function(what)
        if what == "flush" then
          local session, _, code = cprof.start({ cpu = true })
          codes[#codes + 1] = session and "started" or code
        end
      end, "trace")
      local session = assert(cprof.start({ cpu = true }))
      assert(session:stop())
      io.write(table.concat(codes, " "))
    ]])
    assert.same({ 0, "" }, { code, err })
    assert.matches("state", out)
    assert.not_matches("started.*started", out)
  end)

  it("may collect a session that nobody stopped", function()
    support.only_on(pending, "luajit", "PUC has no traces")
    local code, _, err = run([[
      local cprof = require "cprof"
      local first = assert(cprof.start({ cpu = true }))
      jit.attach(function() collectgarbage() end, "trace")
      first = nil
      for _ = 1, 20 do
        local session = cprof.start({ cpu = true })
        session = nil
        jit.flush()
        collectgarbage()
      end
    ]])
    assert.same({ 0, "" }, { code, err })
  end)
end)
