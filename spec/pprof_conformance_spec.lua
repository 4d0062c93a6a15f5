-- Every kind of profile that cprof writes, read by those who define the
-- format: `go tool pprof` of each Go that is here, and google/pprof itself
-- (spec/conformance/check.go). Totals and names are cprof's own.

local cell = require "cprof.report.cell"
local support = require "spec.support"

local KINDS = { "mixed", "numbers", "empty", "deep", "names", "ties",
  "stacks" }
local REPORTS = {
  "-top", "-list=.", "-weblist=. -output=%s", "-traces", "-raw", "-tags",
  "-tree", "-peek=.",
}
local NEEDS_A_FUNCTION = { ["-list"] = true, ["-weblist"] = true,
  ["-peek"] = true }
local SECONDS = 60 -- a report may take


-- ---- profiles -------------------------------------------------------------

local made, folder = {}, nil


-- The profile of a kind and its file, made once.
local function profile_of(kind)
  if not made[kind] then
    local profile = require("spec.conformance.profiles")[kind]()
    local path = folder .. "/" .. kind .. ".pb.gz"
    assert(profile:write(path))
    made[kind] = { profile = profile, path = path }
  end
  return made[kind].profile, made[kind].path
end


local function read_back(path)
  return assert(require("cprof").open(path))
end


-- Skips what cannot run here, with the reason.
local function need(go)
  support.need_core(pending)
  if os.getenv("TEST_MODE") == "gc" then
    pending("reading back takes minutes at full stress of the collector")
  end
  if go and not support.has_command(go) then
    pending("no " .. go)
  end
end


local function pprof(go, arguments, path)
  return support.shell(("LC_ALL=C timeout %d %s tool pprof %s %s"):format(
    SECONDS, go, arguments, path))
end


-- ---- the table ------------------------------------------------------------

-- The part of a table from the line with the column names on.
local function rows_part(text)
  return (text:match("\n( +flat .*)$"))
end


-- The table with long names cut, as our reports do.
local function cut_names(rows)
  return (rows:gsub("[^\n]+", function(line)
    local columns, name = line:match(
      "^( *%S+ +%S+%% +%S+%% +%S+ +%S+%%  )(.*)$")
    return columns and columns .. cell.short(name) or line
  end))
end


-- ---- -raw -----------------------------------------------------------------

local function count_matches(text, pattern)
  return select(2, text:gsub(pattern, ""))
end


-- A section of -raw, its lines in order.
local function section(raw, from, to)
  local start, stop = "\n" .. from .. "\n", to and "\n" .. to .. "\n"
  local _, first = raw:find(start, 1, true)
  assert(first, "no section " .. from)
  local last = stop and raw:find(stop, first, true) or #raw
  return raw:sub(first, last)
end


-- Every entry of a section bears the number of its place.
local function check_ids(text, count)
  local expected = 0
  for id in text:gmatch("\n *(%d+): 0x0") do
    expected = expected + 1
    assert.equal(expected, tonumber(id))
  end
  assert.equal(count, expected)
end


local function check_head(raw, profile)
  local info = profile:info()
  assert.equal(#info.comments, count_matches("\n" .. raw, "\nComment: "))
  assert.is_true(#info.comments > 0)
  assert.matches("\nPeriodType: cpu nanoseconds\n", raw, 1, true)
  assert.matches(("\nPeriod: %.0f\n"):format(info.period), raw, 1, true)
  assert.is_true(info.period > 0)
  assert.matches("\nsamples/count cpu/nanoseconds[dflt]\n", raw, 1, true)
end


-- Numeric labels, "name:[5 unit]": each value has a unit.
local function check_units(raw)
  for key, values in section(raw, "Samples:", "Locations")
    :gmatch("\n +(%w+):%[(%-?%d+[^%]]*)%]\n") do
    assert.matches("^%-?%d+ %S", values, "label " .. key .. " has no unit")
  end
end


-- ---- check.go -------------------------------------------------------------

-- The program check.go, built once, or nil and why not.
local checker, checker_reason


local function build_checker()
  for _, go in ipairs(support.GOS) do
    if support.has_command(go) then
      local path = folder .. "/check"
      local code, _, err = support.shell(("cd %s/spec/conformance && "
        .. "timeout 120 %s build -buildvcs=false -o %s ."):format(
        support.tree, go, path))
      if code == 0 then
        return path
      end
      local is_offline = err:find("dial tcp") or err:find("proxy")
        or err:find("lookup") or code == 124
      assert(is_offline, err)
      return nil, "github.com/google/pprof cannot be fetched"
    end
  end
  return nil, "no Go toolchain"
end


local function need_checker()
  if not checker and not checker_reason then
    checker, checker_reason = build_checker()
  end
  if not checker then
    pending(checker_reason)
  end
end


-- What check.go prints, from cprof's own rows and folded stacks.
local function own_sums(profile)
  local rows, total = profile:rows()
  local lines = {}
  for i, row in ipairs(rows) do
    lines[i] = ("row %.0f %.0f %s"):format(row.flat, row.cum, row.name)
  end
  for stack in assert(profile:folded()):gmatch("[^\n]+") do
    lines[#lines + 1] = "stack " .. stack
  end
  table.sort(lines)
  table.insert(lines, 1, ("total %.0f"):format(total))
  return table.concat(lines, "\n") .. "\n"
end


-- ---- the specs ------------------------------------------------------------

setup(function()
  folder = support.new_folder()
end)


teardown(function()
  support.remove_folder(folder)
end)


for _, kind in ipairs(KINDS) do
  describe("a profile of " .. kind, function()
    it("is valid to google/pprof, which finds the same sums", function()
      need()
      need_checker()
      local _, path = profile_of(kind)
      local code, out, err = support.shell(checker .. " " .. path)
      assert.equal("", err)
      assert.equal(0, code)
      assert.is_true(own_sums(read_back(path)) == out, "sums differ")
    end)

    for _, go in ipairs(support.GOS) do
      it("is shown in all forms by " .. go, function()
        need(go)
        local _, path = profile_of(kind)
        for _, report in ipairs(REPORTS) do
          local code, out, err = pprof(go, report:format(folder .. "/out"),
            path)
          if kind == "empty" and NEEDS_A_FUNCTION[report:match("^%-%a+")] then
            assert.equal("no matches found for regexp: .\n", err)
          else
            assert.equal(0, code, report .. ": " .. err)
            assert.not_matches("warn", err:lower(), report)
            assert.not_matches("Main binary", out .. err)
          end
        end
      end)

      it("gives the same table as by " .. go, function()
        need(go)
        local _, path = profile_of(kind)
        for ours, theirs in pairs({ ["--sort flat"] = "",
          ["--sort cum --sample samples"] = "-cum -sample_index=samples" }) do
          local code, out = pprof(go, "-top -nodefraction=0 "
            .. "-nodecount=1000000 " .. theirs, path)
          local _, own = support.shell("cprof top -n 1000000 " .. ours .. " "
            .. path)
          assert.equal(0, code)
          assert.equal(cut_names(rows_part(out)), rows_part(own))
        end
      end)

      it("keeps cprof's promises in -raw by " .. go, function()
        need(go)
        local profile, path = profile_of(kind)
        local _, raw = pprof(go, "-raw", path)
        raw = "\n" .. raw
        local info = profile:info()
        check_head(raw, profile)
        check_ids(section(raw, "Locations", "Mappings"), info.locations)
        check_ids(section(raw, "Mappings"), 1)
        assert.matches("\n1: 0x0/0x0/0x0 [lua]  [FN][FL][LN][IN]\n", raw, 1,
          true)
        check_units(raw)
        assert.equal(0, (support.shell(("%s tool pprof -raw %s | "
          .. "iconv -f UTF-8 -t UTF-8 >/dev/null"):format(go, path))))
      end)
    end
  end)
end


describe("a profile", function()
  it("says where a deep stack was cut", function()
    need()
    local cut = 0
    for _, stack in ipairs((profile_of("deep"):stacks())) do
      local last = stack.frames[17]
      assert.is_nil(stack.frames[18])
      if last then
        cut = cut + stack.value
        assert.equal("[truncated]", last.name)
      end
    end
    assert.is_true(cut > 0.05e9) -- of 0.1 s
  end)

  it("keeps numbers as labels, 0 among them", function()
    need()
    for _, stack in ipairs(profile_of("numbers"):stacks()) do
      assert.equal(5, stack.labels.n)
      assert.equal(0, stack.labels.zero)
      assert.is_string(stack.units.zero)
    end
  end)

  it("is the same after it was written and read", function()
    need()
    for _, kind in ipairs({ "mixed", "numbers", "empty", "deep" }) do
      local profile, path = profile_of(kind)
      assert.equal(own_sums(profile), own_sums(read_back(path)))
      assert.same(profile:info(), read_back(path):info())
    end
  end)

  it("has every string as UTF-8 once it is written", function()
    need()
    local _, path = profile_of("names")
    local text = assert(read_back(path):folded())
    assert.matches("main@\239\191\189", text)
    assert.matches(("n"):rep(65536), text, 1, true)
    assert.not_matches("[\192\193\245-\255]", text)
  end)
end)
