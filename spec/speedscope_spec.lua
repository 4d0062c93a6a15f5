-- Files that cprof exports for speedscope, read by speedscope's own importer:
-- the npm package's release, run by node (spec/speedscope/import.js tells how).
-- Expected sums are those of cprof's rows, which the differential spec compares
-- with pprof's.

local cjson = require "cjson"
local cprof = require "cprof"
local skipping = require "spec.skipping"
local support = require "spec.support"

local VERSION = "1.25.0" -- the importer is found by what this one looks like
local FOLDER = "build/speedscope"
local RELEASE = FOLDER .. "/node_modules/speedscope/dist/release"
local SECONDS = 120 -- npm may take
local FILES = { "go126-cpu", "go119-heap", "native-cpu", "native-unnamed",
  "lua5.4-luacheck", "luajit-penlight", "go126-threadcreate" }

-- Specs of both VMs may run at once: one makes a folder, then gives it its
-- name.
local INSTALL = [[
[ -d %s ] && exit 0
mkdir -p build
made=$(mktemp -d build/speedscope.XXXXXX)
timeout %d npm install --prefix "$made" --no-audit --no-fund --silent \
  speedscope@%s >/dev/null && mv -T "$made" %s || { rm -rf "$made"; exit 1; }
]]

local installed


-- Why speedscope is not here; nil when it is.
local function why_not()
  local reason = skipping.no_processes()
  if reason then
    return reason
  elseif not (support.has_command("node") and support.has_command("npm"))
  then
    return "no node or npm"
  end
  if installed == nil then
    installed = support.shell(INSTALL:format(RELEASE, SECONDS, VERSION,
      FOLDER)) == 0 or support.shell("[ -d " .. RELEASE .. " ]") == 0
  end
  return not installed and "npm cannot fetch speedscope" or nil
end


-- npm runs when the first test does.
local it_can = skipping.it_unless(it, function(reason)
  pending(reason)
end, why_not)


-- What speedscope says of an exported text.
local function import(text)
  local path = support.file(text)
  local code, out, err = support.shell(("node spec/speedscope/import.js %s %s")
    :format(RELEASE, path))
  os.remove(path)
  assert.equal("", err)
  assert.equal(0, code)
  return cjson.decode(out:match("\n?({[^\n]*})\n$"))
end


local function open(name)
  return assert(cprof.open("spec/fixtures/" .. name .. ".pb.gz"))
end


-- Flat values by name, of our rows.
local function flat_by_name(profile, index)
  local sums, total = {}, 0
  for _, row in ipairs((assert(profile:data("top", { sample = index,
    granularity = "functions", n = 1000000 })).rows)) do
    if row.name ~= "" and row.flat ~= 0 then
      sums[row.name] = (sums[row.name] or 0) + row.flat
    end
    total = total + row.flat
  end
  return sums, total
end


-- cprof tells functions of one name apart by " (file:line)".
local function self_by_name(frames)
  local sums = {}
  for name, values in pairs(frames) do
    local bare = name:gsub(" %([^()]*:%d+%)$", "")
    if values[1] ~= 0 then
      sums[bare] = (sums[bare] or 0) + values[1]
    end
  end
  return sums
end


describe("speedscope imports", function()
  it_can("each sample type with our total", function()
    for _, name in ipairs(FILES) do
      local profile = open(name)
      local found = import(assert(profile:speedscope()))
      local types = profile:info().sample_types
      assert.equal(#types, #found.profiles)
      for i, kind in ipairs(types) do
        local _, total = flat_by_name(profile, i)
        assert.equal(kind.type, found.profiles[i].name)
        assert.equal(total, found.profiles[i].total, name)
      end
    end
  end)

  it_can("each function with its own time", function()
    for _, name in ipairs({ "go126-cpu", "native-cpu", "lua5.4-luacheck" }) do
      local profile = open(name)
      local index = profile:info().default_index
      local found = import(assert(profile:speedscope()))
      local frames = self_by_name(found.profiles[index].frames)
      for function_name, flat in pairs((flat_by_name(profile, index))) do
        assert.equal(flat, frames[function_name], function_name)
      end
    end
  end)

  it_can("units as what they are", function()
    local found = import(assert(open("go126-cpu"):speedscope()))
    assert.equal("nanoseconds", found.profiles[2].unit)
    found = import(assert(open("go119-heap"):speedscope()))
    assert.equal("bytes", found.profiles[2].unit)
  end)
end)
