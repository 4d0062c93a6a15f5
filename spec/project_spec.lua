-- The drawing of the design, kept true: which file may include or require
-- what, that every source has its header and its spec, that files stay small,
-- that one symbol is exported, that versions and generated code agree.
-- The tables come first; an exception is a line there with its reason.

-- Low to high: a unit includes units of its own layer and below.
local LAYERS = {
  { "words", "base", "frame" },
  { "ground", "os", "arch_x86_64", "queue", "gzip", "table", "file",
    "utf8" },
  { "sources", "unwind_table", "unwind", "modules", "got" },
  { "flow", "funcs", "stacks", "labels", "stream", "recorder" },
  { "vm", "lua_compat", "cnames", "vm", "safepoint", "names", "coroutines",
    "dispatch", "hookcount", "hooks", "jitprofile", "proto", "ranges",
    "resolve" },
  { "samplers", "cpu", "heap", "coroutine", "block", "custom", "wall",
    "mutex", "trace" },
  { "results", "profile", "pprof", "pprof_ids", "pprof_pb", "pprof_read",
    "pprof_unpack", "pprof_wire", "symbols", "session", "session_profile" },
  { "analysis", "merge", "merge_map", "filter", "label_sets", "tag_frames",
    "nodes", "noise", "rows", "graph", "folded" },
  { "edge", "lua_edge", "lua_core", "lua_session", "lua_profile",
    "lua_merge", "lua_filter", "lua_labels", "lua_reports", "lua_stacks",
    "agent", "sandbox", "httpd", "nginx" },
}

-- What a unit of one VM or system shares with its siblings: one header.
local VARIANTS = { "_linux$", "_lua54$", "_luajit$" }

-- Anybody may include these: C itself.
local C_HEADERS = [[assert ctype errno float inttypes limits math stdalign
  stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string]]

-- Every other header belongs to files whose names match one of these.
local HEADER_OWNERS = {
  ["^zlib%.h$"] = { "^gzip%.c$" },
  ["^libunwind"] = { "^unwind%.c$" },
  ["^protobuf%-c/"] = { "^proto/" },
  ["^proto/"] = { "^pprof_pb%.h$" },
  ["^lua%.h$"] = { "^lua_", "^vm", "^cnames%.h$", "^safepoint%.h$",
    "^coroutines", "^proto_", "^ranges_", "^dispatch_", "^hookcount_",
    "^resolve_", "^names%.h$" },
  ["^lauxlib%.h$"] = { "^lua_", "^vm_" },
  ["^lualib%.h$"] = { "^lua_", "^vm_" },
  ["^luajit%.h$"] = { "^vm_luajit%.c$" },
  ["^ucontext%.h$"] = { "^arch_" },
  -- sig_atomic_t; who owns SIGPROF (design D5)
  ["^signal%.h$"] = { "^os_linux%.c$", "^vm_lua54%.h$", "^vm_luajit%.c$" },
  ["^pthread%.h$"] = { "^os_linux%.c$", "^cpu%.c$" }, -- a mutex
  ["^sched%.h$"] = { "^os_linux%.c$" },
  ["^time%.h$"] = { "^os_linux%.c$", "^file%.c$" },
  ["^linux/"] = { "^os_linux%.c$" },
  ["^sys/"] = { "^os_linux%.c$", "^file%.c$" },
  ["^unistd%.h$"] = { "^os_linux%.c$", "^file%.c$" },
  ["^fcntl%.h$"] = { "^os_linux%.c$", "^file%.c$" },
  ["^link%.h$"] = { "^modules%.c$", "^got%.c$" },
  ["^elf%.h$"] = { "^modules%.c$", "^got%.c$", "^unwind_table%.c$" },
  ["^dlfcn%.h$"] = { "^modules%.c$" },
}

-- Which Lua files may require what; what is not named here is free.
local MODULE_OWNERS = {
  ["^cprof%.cli"] = { "^bin/cprof$", "^lua/cprof/cli" },
  ["^argparse$"] = { "^lua/cprof/cli" },
  ["^resty%."] = { "^lua/resty/" },
}

-- Only these name ngx.
local NGX_FILES = { ["lua/resty/cprof.lua"] = true }

-- C units without a header of their own.
local NO_HEADER = {
  ["lua_core.c"] = "its one symbol is called by require",
  ["pprof_read.c"] = "pprof.h: reading and writing are one format",
  ["session_profile.c"] = "session.h: how a session ends",
  ["hooks_lua54.c"] = "vm_lua54.h: the units of one VM share a header",
  ["coroutines_lua54.c"] = "vm_lua54.h",
  ["jitprofile_luajit.c"] = "vm_luajit.h",
  ["resolve_lua54.c"] = "vm_lua54.h",
}

-- Sources whose spec has another name.
local TWINS = {
  ["csrc/dispatch_luajit.c"] = "spec/regress/001-luajit_dispatch_spec.lua",
  ["csrc/hookcount_lua54.c"] = "spec/csrc/hooks_lua54_spec.lua",
  ["csrc/resolve_lua54.c"] = "spec/csrc/vm_lua54_spec.lua",
  ["csrc/frame.c"] = "spec/csrc/stacks_test.c",
  ["csrc/lua_core.c"] = "spec/init_spec.lua",
  ["csrc/lua_edge.c"] = "spec/options_spec.lua",
  ["csrc/lua_profile.c"] = "spec/profile_spec.lua",
  ["csrc/lua_stacks.c"] = "spec/csrc/lua_reports_spec.lua",
  ["csrc/lua_session.c"] = "spec/session_spec.lua",
  ["csrc/session_profile.c"] = "spec/csrc/session_test.c",
}

-- Headers beyond 110 lines, files beyond 600.
local LINES_HEADER, LINES_FILE = 110, 600
local LONG = {
  ["csrc/profile.h"] = "pprof's whole model, one table of contents",
}

-- ---- reading the tree -----------------------------------------------------

local function run(command)
  local pipe = assert(io.popen(command .. " 2>/dev/null"))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

-- Paths below a folder, sorted; generated and foreign ones left out.
local function find(folder, pattern)
  local paths = {}
  for path in run("find " .. folder .. " -type f | sort"):gmatch("[^\n]+") do
    local own = not path:find("^csrc/proto/")
      and not path:find("^spec/fixtures/")
    if own and path:find(pattern) then paths[#paths + 1] = path end
  end
  return paths
end

local function base_of(path)
  return (path:gsub("^csrc/", ""))
end

-- "csrc/vm_lua54.c" -> "vm"
local function unit_of(path)
  local name = path:match("([^/]+)%.[ch]$")
  for _, suffix in ipairs(VARIANTS) do name = name:gsub(suffix, "") end
  return name
end

local function any_match(patterns, text)
  for _, pattern in ipairs(patterns) do
    if text:find(pattern) then return true end
  end
  return false
end

-- The owners of a name in a table of name pattern -> owners, or nil.
local function owners_of(owners, name)
  for pattern, list in pairs(owners) do
    if name:find(pattern) then return list end
  end
end

local function includes_of(path, form)
  return ("\n" .. read(path)):gmatch("\n#%s*include%s*" .. form)
end

-- Without comments, so that prose may name what code may not.
local function code_of(path)
  local text = read(path):gsub("%-%-%[(=*)%[.-%]%1%]", "")
  return (text:gsub("%-%-[^\n]*", ""))
end

local function requires_of(path)
  local names = {}
  local code = code_of(path)
  for _, form in ipairs({
    "require%s*%(?%s*[\"']([^\"']+)", "require%s*,%s*[\"']([^\"']+)",
  }) do
    for name in code:gmatch(form) do
      local is_whole = not name:find("%.$") -- "cprof.cli." .. command
      if is_whole then names[#names + 1] = name end
    end
  end
  return names
end

local function lua_files()
  local paths = find("lua", "%.lua$")
  if exists("bin/cprof") then paths[#paths + 1] = "bin/cprof" end
  return paths
end

-- Fails with one line per finding.
local function assert_none(findings)
  assert.equal("", table.concat(findings, "\n"))
end

-- ---- the rules ------------------------------------------------------------

local function layer_numbers()
  local numbers = {}
  for number, layer in ipairs(LAYERS) do
    for i = 2, #layer do numbers[layer[i]] = number end
  end
  return numbers
end

describe("includes", function()
  it("give every unit a layer", function()
    local numbers, found = layer_numbers(), {}
    for _, path in ipairs(find("csrc", "%.[ch]$")) do
      if not numbers[unit_of(path)] then
        found[#found + 1] = path .. " is in no layer"
      end
    end
    assert_none(found)
  end)

  it("go downward only", function()
    local numbers, found = layer_numbers(), {}
    for _, path in ipairs(find("csrc", "%.[ch]$")) do
      local own = numbers[unit_of(path)] or 0
      for header in includes_of(path, '"([%w_]+%.h)"') do
        local other = numbers[unit_of(header)] or 0
        if other > own then
          found[#found + 1] = path .. " includes " .. header .. " above it"
        end
      end
    end
    assert_none(found)
  end)

  it("leave each outside header to its owner", function()
    local found = {}
    local function check(path, header)
      local owners = owners_of(HEADER_OWNERS, header)
      local is_c = (" " .. C_HEADERS:gsub("%s+", " ") .. " ")
        :find(" " .. header:gsub("%.h$", "") .. " ", 1, true)
      if owners and not any_match(owners, base_of(path)) then
        found[#found + 1] = path .. " may not include " .. header
      elseif not owners and not is_c then
        found[#found + 1] = path .. ": <" .. header .. "> has no owner"
      end
    end
    for _, path in ipairs(find("csrc", "%.[ch]$")) do
      for header in includes_of(path, "<([^>]+)>") do check(path, header) end
      for header in includes_of(path, '"(proto/[^"]+)"') do
        check(path, header)
      end
    end
    assert_none(found)
  end)
end)

describe("requires", function()
  it("leave each module to its owners", function()
    local found = {}
    for _, path in ipairs(lua_files()) do
      for _, name in ipairs(requires_of(path)) do
        local owners = owners_of(MODULE_OWNERS, name)
        if owners and not any_match(owners, path) then
          found[#found + 1] = path .. " may not require " .. name
        end
      end
    end
    assert_none(found)
  end)

  it("name modules that exist", function()
    local found = {}
    for _, path in ipairs(lua_files()) do
      for _, name in ipairs(requires_of(path)) do
        local file = "lua/" .. name:gsub("%.", "/")
        local is_ours = name:find("^cprof%f[.%z]") and name ~= "cprof.core"
        if is_ours and not exists(file .. ".lua")
          and not exists(file .. "/init.lua") then
          found[#found + 1] = path .. " requires " .. name .. ": no such file"
        end
      end
    end
    assert_none(found)
  end)

  it("leave ngx to the one file for OpenResty", function()
    local found = {}
    for _, path in ipairs(lua_files()) do
      local code = code_of(path):gsub('"[^"\n]*"', "")
      if code:find("%f[%w_]ngx%f[^%w_]") and not NGX_FILES[path] then
        found[#found + 1] = path .. " names ngx"
      end
    end
    assert_none(found)
  end)
end)

-- Where the spec of a source may stand.
local function twins_of(path)
  if TWINS[path] then return { TWINS[path] } end
  local name = path:match("^csrc/(.*)%.c$")
  if name then
    local unit = unit_of(path)
    return { "spec/csrc/" .. name .. "_test.c",
      "spec/csrc/" .. unit .. "_test.c",
      "spec/csrc/" .. name .. "_spec.lua",
      "spec/csrc/" .. unit .. "_spec.lua" }
  end
  name = path:gsub("^lua/", ""):gsub("^cprof/", ""):gsub("%.lua$", "")
  return { "spec/" .. name .. "_spec.lua" }
end

local function has_twin(path)
  for _, twin in ipairs(twins_of(path)) do
    if exists(twin) then return true end
  end
  return false
end

local function line_count(path)
  return select(2, read(path):gsub("\n", ""))
end

describe("files", function()
  it("of C have a header with their name", function()
    local found = {}
    for _, path in ipairs(find("csrc", "%.c$")) do
      if not exists(path:gsub("%.c$", ".h"))
        and not exists("csrc/" .. unit_of(path) .. ".h")
        and not NO_HEADER[base_of(path)] then
        found[#found + 1] = path .. " has no header"
      end
    end
    assert_none(found)
  end)

  it("have a spec with their name", function()
    local found = {}
    local function check(path)
      if has_twin(path) then return end
      found[#found + 1] = path .. " has no " .. twins_of(path)[1]
    end
    for _, path in ipairs(find("csrc", "%.c$")) do check(path) end
    for _, path in ipairs(find("lua", "%.lua$")) do check(path) end
    assert_none(found)
  end)

  it("stay short", function()
    local found = {}
    for _, path in ipairs({ "csrc", "lua", "spec" }) do
      for _, file in ipairs(find(path, "%.%a+$")) do
        local is_header = file:find("^csrc/.*%.h$")
        local limit = is_header and LINES_HEADER or LINES_FILE
        if line_count(file) > limit and not LONG[file] then
          found[#found + 1] = ("%s has %d lines, %d are allowed"):format(
            file, line_count(file), limit)
        end
      end
    end
    assert_none(found)
  end)

  it("of C are those in the Makefile", function()
    local found, listed = {}, {}
    for list in read("Makefile"):gmatch("SOURCES[%w_.]* := \\\n(.-)\n\n") do
      for name in list:gmatch("[%w_./-]+%.c") do
        listed[name] = true
        if not exists("csrc/" .. name) then
          found[#found + 1] = "Makefile lists csrc/" .. name .. ": none"
        end
      end
    end
    for _, path in ipairs(find("csrc", "%.c$")) do
      if not listed[base_of(path)] then
        found[#found + 1] = path .. " is not in the Makefile"
      end
    end
    assert_none(found)
  end)
end)

local function core_path()
  for template in package.cpath:gmatch("[^;]+") do
    local path = template:gsub("%?", "cprof/core")
    if exists(path) then return path end
  end
  error("cprof/core.so is not built for this VM")
end

describe("core.so", function()
  it("exports luaopen_cprof_core alone", function()
    local names = {}
    local command = "nm -D --defined-only " .. core_path()
    for name in run(command):gmatch("%x+ %a ([^\n]+)") do
      local is_sanitizer = name:find("^__odr_asan") or name:find("^__asan")
      if not is_sanitizer then names[#names + 1] = name end
    end
    assert.same({ "luaopen_cprof_core" }, names)
  end)

  it("links no Lua library: the host brings the VM", function()
    assert.is_nil(run("readelf -d " .. core_path()):find("liblua", 1, true))
  end)

  it("stays loaded and is bound when loaded", function()
    local flags = run("readelf -d " .. core_path())
    assert.is_truthy(flags:find("NODELETE", 1, true))
    assert.is_truthy(flags:find("BIND_NOW", 1, true))
  end)
end)

describe("versions", function()
  it("of the C half and the Lua half agree", function()
    local c = read("csrc/base.h"):match('CPROF_VERSION "([^"]+)"')
    local lua = read("lua/cprof/init.lua"):match('VERSION%s*=%s*"([^"]+)"')
    assert.is_string(c)
    assert.equal(c, lua)
  end)

  it("stand in the rockspec's name as in the rockspec", function()
    local text = read("cprof-scm-1.rockspec")
    assert.equal("cprof", text:match('\npackage = "([^"]+)"'))
    assert.equal("scm-1", text:match('\nversion = "([^"]+)"'))
  end)
end)

describe("generated code", function()
  it("is what protoc-c makes of profile.proto", function()
    if run("command -v protoc-c") == "" then
      pending("protoc-c is not installed (make deps)")
      return
    end
    local folder = run("mktemp -d"):match("[^\n]+")
    run("cd csrc/proto && protoc-c --c_out=" .. folder .. " profile.proto")
    local found = {}
    for _, name in ipairs({ "profile.pb-c.c", "profile.pb-c.h" }) do
      local made = folder .. "/" .. name
      if not exists(made) or read(made) ~= read("csrc/proto/" .. name) then
        found[#found + 1] = "csrc/proto/" .. name .. " differs: make proto"
      end
    end
    run("rm -r " .. folder)
    assert_none(found)
  end)
end)
