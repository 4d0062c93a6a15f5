-- What goes wrong at a shell or in a program, and what cprof says then: one
-- line on standard error and exit code 1 (failed) or 2 (usage) in the shell;
-- nil, message, code in Lua, or an error at the caller's line for misuse.

local skipping = require "spec.skipping"
local support = require "spec.support"

local function skip(reason)
  pending(reason)
end

local it = skipping.it_unless(it, skip, skipping.no_processes)

local NOBODY = 65534

local folder
local is_root = support.shell("test $(id -u) = 0") == 0


local function shell(command, ...)
  return support.shell(("cd %s || exit 99\n"):format(folder)
    .. command:format(...))
end


-- The command ends with this code, one line that matches, no output.
local function check(code, pattern, command)
  local got, out, err = shell("%s", command)
  assert.equal("", out, command)
  assert.matches("^cprof: [^\n]+\n$", err, command)
  assert.matches(pattern, err, 1, true)
  assert.equal(code, got, command .. ": " .. err)
end


local function check_all(cases)
  for _, case in ipairs(cases) do
    check(case[1], case[2], case[3])
  end
end


local function read(name)
  return support.read(folder .. "/" .. name)
end


local function list_files()
  local _, out = shell("ls -A")
  return out
end


before_each(function()
  folder = os.tmpname()
  os.remove(folder)
  support.shell("mkdir -m 755 " .. folder)
  shell("cat >s.lua <<'.'\nlocal x = 0 for i = 1, 5e6 do x = x + i end\n.")
  shell("cat >print.lua <<'.'\nprint('ran')\n.")
end)


after_each(function()
  support.shell("chmod -R u+w " .. folder .. "; rm -rf " .. folder)
end)


describe("cprof without a command it knows", function()
  it("ends with 2 and says what is wanted", function()
    check_all({
      { 2, "a command is required; see 'cprof help'", "cprof" },
      { 2, "unknown command 'tpo'", "cprof help tpo" },
      { 2, "unknown command 'tpo'; Did you mean 'top'?", "cprof tpo" },
      { 2, "unknown option '--colour'", "cprof --colour" },
      { 2, "unknown option '--colour'", "cprof top --colour x" },
      { 2, "unknown option '--colour'", "cprof run --colour s.lua" },
      { 2, "missing argument 'files'", "cprof top" },
      { 2, "missing argument 'script'", "cprof run" },
      { 2, "option '-o' requires an argument", "cprof run -o" },
    })
  end)

  it("shows the help that `help` asks for", function()
    local code, out, err = shell("cprof help")
    assert.same({ 0, "" }, { code, err })
    assert.matches("^Usage: cprof ", out)
    assert.equal(out, select(2, shell("cprof help help")))
    code, out = shell("cprof help run")
    assert.equal(0, code)
    assert.matches("^Usage: cprof run ", out)
    for line in out:gmatch("[^\n]+") do
      assert.is_true(#line <= 80, line)
    end
  end)
end)


describe("cprof run", function()
  it("ends with 1 for a script that cannot be run", function()
    check_all({
      { 1, "cannot open script no.lua: No such file or directory",
        "cprof run no.lua" },
      { 1, "cannot read script .: Is a directory", "cprof run ." },
      { 1, "unexpected symbol", "echo 'x = = 1' >bad.lua; "
        .. "cprof run bad.lua" },
    })
    assert.is_nil(read("cpu.pb.gz"))
  end)

  it("ends with 1 for a script that it may not read", function()
    if is_root and support.shell("command -v setpriv") ~= 0 then
      pending("root may read everything, and there is no setpriv")
    end
    local as = is_root and ("setpriv --reuid=%d --clear-groups "):format(
      NOBODY) or ""
    if is_root and shell("%scprof --version", as) ~= 0 then
      pending("this tree cannot be read by another user")
    end
    shell("chmod 000 s.lua")
    check(1, "cannot open script s.lua: Permission denied",
      as .. "cprof run -o /dev/null s.lua")
  end)

  it("ends with 2 for a rate that it cannot keep", function()
    local range = "option '--hz' must be an integer from 1 to 10000, got "
    check_all({
      { 2, range .. "0", "cprof run --hz 0 print.lua" },
      { 2, range .. "-1", "cprof run --hz -1 print.lua" },
      { 2, range .. "-1", "cprof run --hz=-1 print.lua" },
      { 2, range .. "1000000000", "cprof run --hz 1e9 print.lua" },
      { 2, range .. "1.5", "cprof run --hz 1.5 print.lua" },
      { 2, "option '--hz' needs a number, got 'abc'",
        "cprof run --hz abc print.lua" },
      { 2, "option '--hz' needs a number, got ''",
        "cprof run --hz '' print.lua" },
      { 2, "option '--depth' must be an integer from 1 to 512, got 513",
        "cprof run --depth 513 print.lua" },
    })
    assert.is_nil(read("cpu.pb.gz"))
  end)

  it("ends with 2 for other values that it does not know", function()
    check_all({
      { 2, "'--mode' must be one of 'l', 'f'", "cprof run --mode x s.lua" },
      { 2, "needs KEY=VALUE, got 'x'", "cprof run --label x s.lua" },
      { 2, "option '--label': the name \"vmstate\" is cprof's own",
        "cprof run --label vmstate=x s.lua" },
      { 2, "option '--label': at most 16, got 17", "cprof run "
        .. "$(seq -f --label=k%.0f=v 17) s.lua" },
      { 2, "no interpreter 'nolua'", "cprof run --lua nolua s.lua" },
      { 2, "the output path is empty", "cprof run -o '' s.lua" },
    })
  end)

  it("ends with 2 rather than overwrite the script", function()
    local code = read("print.lua")
    shell("ln -s print.lua link.lua; ln -s . again")
    for _, words in ipairs({
      "print.lua print.lua", "./print.lua print.lua",
      "$PWD/print.lua print.lua", "link.lua print.lua",
      "print.lua link.lua", "again/print.lua print.lua",
    }) do
      check(2, "the output " .. words:match("[^ ]*lua"):gsub("%$PWD", folder)
        .. " is the script itself", "cprof run -o " .. words)
    end
    assert.equal(code, read("print.lua"))
  end)

  it("ends with 2 for an output that is no stream", function()
    for _, words in ipairs({ "-o - print.lua", "-o- print.lua", "-o - -" }) do
      check(2, "standard output is /dev/stdout", "cprof run " .. words)
    end
    assert.is_nil(read("-"))
  end)

  it("tells before the script runs that it cannot write", function()
    check_all({
      { 1, "cannot write no/x: ", "cprof run -o no/x print.lua" },
      { 1, "No such file or directory", "cprof run -o no/x print.lua" },
      { 1, "cannot write .: it is a directory", "cprof run -o . print.lua" },
      { 1, "cannot write /sys/x: ", "cprof run -o /sys/x print.lua" },
      { 1, "s.lua/x", "cprof run -o s.lua/x print.lua" },
    })
    assert.equal("print.lua\ns.lua\n", list_files())
  end)

  it("leaves a file beside the output alone", function()
    shell("echo mine >x.gz.probe")
    assert.equal(0, (shell("cprof run -q -o x.gz s.lua")))
    assert.equal("mine\n", read("x.gz.probe"))
  end)

  it("tells that the disk is full, and ends as the script ends", function()
    local code, out, err = shell("cprof run -o /dev/full print.lua")
    assert.same({ 0, "ran\n" }, { code, out })
    assert.equal("cprof: cannot write /dev/full: No space left on device\n",
      err)
  end)

  it("leaves the old file whole when the new one does not fit", function()
    shell("cprof run -q -o cpu.pb.gz s.lua")
    local old, files = read("cpu.pb.gz"), list_files()
    -- a limit of 0 blocks a file stands in for a full disk
    local _, _, err = shell("(trap '' XFSZ; ulimit -f 0\n"
      .. "cprof run -o cpu.pb.gz s.lua) 2>&1 >/dev/null | cat >&2")
    assert.matches("cannot write cpu.pb.gz: File too large", err, 1, true)
    assert.equal(old, read("cpu.pb.gz"))
    assert.equal(files, list_files())
  end)

  it("tells that there was nothing to sample", function()
    local code, out, err = shell("cprof run --hz 1 print.lua")
    assert.same({ 0, "ran\n" }, { code, out })
    assert.matches("0 samples written to cpu.pb.gz\n.*too little CPU time",
      err)
  end)
end)


-- Files that are no profile: name, how it is made, what is said of it.
local NO_PROFILES = {
  { "gone", "true", "gone: No such file or directory" },
  { "empty", ": >empty",
    "empty: it is empty; was its writer interrupted?" },
  { "empty.gz", "gzip </dev/null >empty.gz",
    "empty.gz: it is empty; was its writer interrupted?" },
  { "cut.gz", "cprof run -q -o w.gz s.lua; head -c 90 w.gz >cut.gz",
    "cut.gz: damaged gzip data; expected is a profile" },
  { "random", "head -c 5000 /dev/urandom >random",
    "random: " },
  { "text", "echo 'not a profile' >text",
    "text: not a profile.proto message; expected is a profile" },
  { "zip", "printf 'text' | gzip >zip",
    "zip: not a profile.proto message; expected is a profile" },
  { "head.gz", "printf '\\037\\213' >head.gz", "head.gz: damaged gzip data" },
  { "more.gz", "cprof run -q -o w.gz s.lua; (cat w.gz; echo x) >more.gz",
    "more.gz: damaged gzip data" },
  { "folder", "mkdir folder", "folder: Is a directory" },
}


describe("reading a file that is no profile", function()
  it("ends with 1 and says what was expected there", function()
    for _, item in ipairs(NO_PROFILES) do
      shell("%s", item[2])
      for _, command in ipairs({ "top", "folded", "info" }) do
        check(1, item[3], "cprof " .. command .. " " .. item[1])
      end
    end
  end)

  it("answers nil, message, code in Lua", function()
    local codes = { gone = "io", folder = "io" }
    for _, item in ipairs(NO_PROFILES) do
      shell("%s", item[2])
      local profile, message, code = require("cprof").open(folder .. "/"
        .. item[1])
      assert.is_nil(profile)
      assert.matches(item[3], message, 1, true)
      assert.equal(codes[item[1]] or "format", code)
    end
  end)

  it("says so of standard input", function()
    check_all({
      { 1, "standard input: not a profile.proto message",
        "echo text | cprof top -" },
      { 1, "standard input: it is empty; was its writer interrupted?\n",
        "cprof top - </dev/null" },
      { 1, "standard input: Is a directory", "cprof info - <." },
    })
    local code, out = shell("cprof run -q -o w.gz s.lua; cprof info - <w.gz")
    assert.equal(0, code)
    assert.matches("types +samples/count", out)
  end)

  it("stops at a bomb", function()
    local core = require "cprof.core"
    shell("head -c 50000000 /dev/zero | gzip -9 >bomb.gz")
    for _, arguments in ipairs({ { core.read, read("bomb.gz") },
      { core.read_file, folder .. "/bomb.gz" } }) do
      local before = core.resident_bytes()
      local profile, message, code = arguments[1](arguments[2], 1000000)
      assert.is_nil(profile)
      assert.matches("larger than the limit", message, 1, true)
      assert.equal("limit", code)
      assert.is_true(core.resident_bytes() - before < 20e6)
    end
    assert.equal("range", select(3, core.read("x", 0)))
  end)

  it("takes no rows and no types that are not there", function()
    shell("cprof run -q -o w.gz s.lua")
    local rows = "option '-n' needs a whole number from 1 to 1000000, got "
    check_all({
      { 2, rows .. "'x'", "cprof top -n x w.gz" },
      { 2, rows .. "'0'", "cprof top -n 0 w.gz" },
      { 2, rows .. "'1.5'", "cprof top -n 1.5 w.gz" },
      { 2, rows .. "'-3'", "cprof top -n -3 w.gz" },
      { 2, rows .. "'-3'", "cprof top -n -3 w.gz" },
      { 2, rows .. "'1000001'", "cprof top -n 1000001 w.gz" },
      { 2, 'no sample type "-1" (types: samples, cpu)',
        "cprof top --sample -1 w.gz" },
      { 2, 'no sample type "3" (types: samples, cpu)',
        "cprof folded --sample 3 w.gz" },
      { 2, "'--sort' must be one of 'flat', 'cum'",
        "cprof top --sort x w.gz" },
      { 2, 'no sample type "heat" (types: samples, cpu)',
        "cprof folded --sample heat w.gz" },
    })
  end)
end)


describe("cprof in Lua", function()
  local cprof

  before_each(function()
    cprof = support.has_core() and require "cprof"
  end)

  local function check_range(given, pattern)
    local session, message, code = cprof.start(given)
    assert.is_nil(session)
    assert.matches(pattern, message, 1, true)
    assert.equal("range", code)
  end

  local function check_raise(pattern, call, ...)
    local ok, message = pcall(call, ...)
    assert.is_false(ok)
    assert.matches(pattern, message, 1, true)
  end

  it("refuses rates out of range", function()
    for _, hz in ipairs({ 0, -1, 1e9, 1.5, 1 / 0, 0 / 0 }) do
      check_range({ cpu = { hz = hz } },
        "cprof.start: cpu.hz must be an integer from 1 to 10000, got ")
    end
  end)

  it("raises for what is no option", function()
    check_raise('cpu.hz: integer expected, got "abc"', cprof.start,
      { cpu = { hz = "abc" } })
    check_raise("unknown option 'cpu.herz' (known options of cpu: hz,",
      cprof.start, { cpu = { herz = 1 } })
    check_raise("table expected, got nil", cprof.start)
    check_raise("nothing to profile; say cpu = true", cprof.start, {})
    check_raise("path or bytes expected, got table", cprof.open, {})
  end)

  it("answers nil and state to a session that is stopped", function()
    local session = assert(cprof.start({ cpu = true }))
    assert(session:stop())
    for _, method in ipairs({ "stop", "snapshot" }) do
      local set, message, code = session[method](session)
      assert.is_nil(set)
      assert.equal("the session is stopped", message)
      assert.equal("state", code)
    end
    assert.is_false(session:running())
  end)

  it("goes on when a running session is collected", function()
    for _ = 1, 20 do
      assert(cprof.start({ cpu = { hz = 1000 } }))
      collectgarbage()
      collectgarbage()
    end
    assert.matches("^[fp]", require("cprof.core").signal_owner())
    local session = assert(cprof.start({ cpu = { hz = 1000 } }))
    local stop = os.clock() + 0.05
    repeat until os.clock() > stop
    local _, total = assert(session:stop()).cpu:rows(2)
    assert.is_true(total > 0.025e9)
  end)

  it("answers nil and io for a file that cannot be written", function()
    local profile = assert(cprof.start({ cpu = true }):stop()).cpu
    local path = folder .. "/cpu.pb.gz"
    assert(profile:write(path))
    local old = read("cpu.pb.gz")
    for target, reason in pairs({
      ["/dev/full"] = "No space left on device",
      [folder] = "Is a directory",
      [folder .. "/no/x"] = "No such file or directory",
      [path .. "/x"] = "Not a directory",
    }) do
      local ok, message, code = profile:write(target)
      assert.is_nil(ok)
      assert.equal(target .. ": " .. reason, message)
      assert.equal("io", code)
    end
    assert.same({ nil, "the path is empty; a file is expected", "io" },
      { profile:write("") })
    assert.equal(old, read("cpu.pb.gz"))
    assert.equal("cpu.pb.gz\nprint.lua\ns.lua\n", list_files())
  end)

  it("opens bytes of a profile, gzipped or not", function()
    local profile = assert(cprof.start({ cpu = true }):stop()).cpu
    for level = 0, 1 do
      local bytes = assert(profile:encode(level))
      assert.is_true(assert(cprof.open(bytes)):check())
      local read_one, message, code = cprof.open(bytes:sub(1, -9))
      assert.is_nil(read_one)
      assert.matches("^profile: ", message)
      assert.equal("format", code)
    end
    assert.equal("the path is empty; a file or - is expected",
      select(2, cprof.open("")))
  end)
end)


describe("CPROF", function()
  local function check_variable(value, pattern)
    local code, out, err = shell("CPROF='%s' LUA_INIT='require "
      .. "\"cprof.auto\"'; export CPROF LUA_INIT\nlua print.lua", value)
    assert.same({ 0, "ran\n" }, { code, out })
    assert.matches("^cprof: [^\n]+\n$", err)
    assert.matches(pattern, err, 1, true)
  end

  it("that cannot be used is told, and the script runs", function()
    check_variable("cpu;hz=0", "CPROF: cpu.hz must be an integer from 1 to")
    check_variable("cpu;hz=abc", "CPROF: hz needs a number, got 'abc'")
    check_variable("heat", "CPROF: unknown profile or setting 'heat'")
    check_variable("cpu;label=x", "CPROF: label needs name=text, got 'x'")
    check_variable("cpu;mode=x", 'CPROF: cpu.mode: "l" or "f" expected')
    check_variable("cpu=250", "CPROF: cpu takes no value")
    check_variable("cpu;out=%q.gz", "CPROF: out knows %p and %%, got '%q'")
    check_variable("cpu;label=vmstate=x",
      'CPROF: labels: the name "vmstate" is cprof\'s own')
    check_variable("cpu;out=-", "CPROF: out=- would be a file of that name")
    check_variable("cpu;out=no/x",
      "cannot write no/x: No such file or directory")
    check_variable("cpu;out=/dev/full",
      "cannot write /dev/full: No space left on device")
  end)
end)
