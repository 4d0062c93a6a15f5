-- C programs that host Lua states: what spec/support/host.c plays, judged.
local support = require "spec.support"

local vm = support.vm
local program = "build/" .. vm .. "/spec/host"


-- Plays a scenario; a table of what it printed.
local function play(scenario)
  local code, out, err = support.shell("timeout -s ABRT 120 " .. program .. " "
    .. scenario)
  assert(code == 0, ("%s: %d: %s%s"):format(scenario, code, out, err))
  local facts = {}
  for key, value in out:gmatch("(%S+)[ \t]+([^\n]+)") do
    facts[key] = tonumber(value) or value
  end
  return facts
end


local function near(share, expected, got)
  assert(math.abs(got - expected) <= share * expected,
    ("%s is not within %s of %s"):format(got, share, expected))
end


local function puc_only()
  return vm ~= "lua5.4" and pending("LuaJIT profiles one VM of a process")
end


describe("a host", function()
  setup(function()
    local code, out, err = support.shell("make -s hosts LUA=" .. vm)
    assert(code == 0, out .. err)
  end)

  it("has two states on one thread, each with its own profile", function()
    if puc_only() then return end
    local facts = play("two_states")
    assert.equal(0, facts.a_work_B)
    assert.equal(0, facts.b_work_A)
    near(0.03, facts.cpu_ns, facts.a_total + facts.b_total)
  end)

  it("is told that a second state of LuaJIT cannot be profiled", function()
    if vm ~= "luajit" then return pending("PUC profiles many VMs") end
    local facts = play("two_states")
    assert.equal("nil\tbusy", facts.second)
    near(0.1, facts.cpu_ns, facts.a_total)
  end)

  it("keeps the first session when a second state asked", function()
    local facts = play("second_later")
    assert.equal(vm == "luajit" and "nil\tbusy" or nil,
      facts.while_first:match("^nil.*"))
    assert.equal("true\tnil", facts.after_first)
    assert(facts.a_work_A > 0 and facts.b_work_B > 0)
  end)

  it("has states on two threads, which start and stop sessions", function()
    if puc_only() then return end
    local facts = play("two_threads")
    assert.equal(1, facts.joined)
    assert.same({ 0, 0 }, { facts.A_work_B, facts.B_work_A })
    assert(facts.A_work_A > 0 and facts.B_work_B > 0)
  end)

  it("closes a state in the middle of a session", function()
    assert.equal(1, play("close_running").closed)
  end)

  it("closes a state whose suspended coroutines hold our hook", function()
    assert.equal(1, play("close_armed").closed)
  end)

  it("opens and closes states 200 times", function()
    assert.equal(200, play("reopen").reopened)
  end)

  it("ends a thread that never stopped its session", function()
    assert(play("thread_leaves").a_work_A > 0)
  end)

  it("asks for a session on another thread, and closes its state there",
    function()
      local facts = play("elsewhere")
      assert.equal("state", facts.stop)
      assert(facts.a_work_A > 0)
    end)

  it("resumes coroutines that cprof is not told of", function()
    local facts = play("host_resumes")
    assert(facts.a_work_A > facts.a_total / 2)
    assert(facts.a_work_B > facts.a_total / 10)
  end)

  it("keeps the SIGPROF handler that it had before", function()
    assert.same({ session = "nil\tbusy", kept = "foreign", after = "foreign" },
      play("handler_before"))
  end)

  it("keeps the SIGPROF handler that it installs later", function()
    local facts = play("handler_after")
    assert.same({ "foreign", "foreign", "some" },
      { facts.kept, facts.after, facts.signals })
  end)

  it("may get a SIGPROF from elsewhere", function()
    assert(play("strays").a_work_A > 0)
  end)

  it("may have a timer of its own that sends SIGPROF", function()
    local facts = play("foreign_timer")
    near(0.03, facts.cpu_ns, facts.a_total)
  end)

  it("forks while another thread is profiled", function()
    if os.getenv("TEST_MODE") == "asan" then
      return pending("ASan's allocator may be locked by the other thread")
    end
    assert.equal(0, play("forks_beside").child)
  end)

  it("forks children that profile anew", function()
    local facts = play("forks")
    assert.equal(0, facts.child)
    assert(facts.a_work_A > 0)
  end)

  it("replaces itself by a program that gets no signal", function()
    assert.equal(0, play("execs").child)
  end)
end)
