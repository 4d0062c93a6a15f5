-- Asks both for every case and tells where they differ.

local cprof = require "cprof"
local cases = require "spec.differential.cases"
local ours = require "spec.differential.ours"
local pprof = require "spec.differential.pprof"
local raw = require "spec.differential.raw"
local traits = require "spec.differential.traits"

local M = {}

local SHOWN = 4 -- rows in a report of a difference
-- Units that have a scale: asked for, so that all values are whole. Values in
-- others are as they are.
local SCALES = { nanoseconds = true, microseconds = true, bytes = true }
local ALL = { "-symbolize=none", "-nodecount=0", "-nodefraction=0",
  "-edgefraction=0" }


-- ---- what to run ----------------------------------------------------------

local function append(list, more)
  for _, value in ipairs(more) do
    list[#list + 1] = value
  end
  return list
end


--- pprof's arguments for a case over files.
---@param case table
---@param files table {paths, base, diff_base, normalize, unit, index}
---@return string[]
function M.arguments(case, files)
  local is_files = case.granularity == "files"
  local list = append({ is_files and "-traces" or "-top",
    ("-sample_index=%d"):format((case.index or files.index) - 1) }, ALL)
  if files.unit then
    list[#list + 1] = "-unit=" .. files.unit
  end
  append(list, case.flags)
  for _, name in ipairs({ "base", "diff_base" }) do
    if files[name] then
      list[#list + 1] = ("-%s=%s"):format(name, files[name])
    end
  end
  if files.normalize then
    list[#list + 1] = "-normalize"
  end
  return append(list, files.paths)
end


local function unit_of(info, index)
  local kind = info.sample_types[index]
  return kind and SCALES[kind.unit] and kind.unit
end


-- ---- comparing ------------------------------------------------------------

local function is_zero(row)
  return not row or (row.flat == 0 and row.cum == 0)
end


local function differs(a, b)
  if is_zero(a) or is_zero(b) then
    return not (is_zero(a) and is_zero(b))
  end
  return a.flat ~= b.flat or a.cum ~= b.cum
end


local function show(row)
  return row and ("%.17g %.17g (%d)"):format(row.flat, row.cum,
    row.count or 1) or "-"
end


--- The rows that two tables of rows do not share.
---@param theirs table
---@param own table
---@return string[] lines
function M.differences(theirs, own)
  local names, lines = {}, {}
  for name in pairs(theirs) do
    names[#names + 1] = name
  end
  for name in pairs(own) do
    if not theirs[name] then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    if differs(theirs[name], own[name]) then
      lines[#lines + 1] = ("    %s: pprof %s, cprof %s"):format(name,
        show(theirs[name]), show(own[name]))
    end
  end
  return lines
end


local function asked_of(case, files)
  local asked = { sample = case.index or files.index, unit = files.unit }
  for name, value in pairs(case.asked) do
    asked[name] = value
  end
  return asked
end


-- What is wrong with a case, as lines; nothing when both agree.
local function judge(case, files, profile, answer)
  local rows, total, code = ours.top(profile, asked_of(case, files))
  if answer.code ~= 0 then
    return rows and { "    pprof refuses: " .. answer.err } or {}
  elseif not rows then
    return { ("    cprof refuses: %s (%s)"):format(total, tostring(code)) }
  end
  local their_rows, their_total
  if case.granularity == "files" then
    their_rows = pprof.traces(answer.out)
  else
    their_rows, their_total = pprof.top(answer.out)
  end
  local lines = M.differences(their_rows, rows)
  if their_total and their_total ~= total then
    table.insert(lines, 1, ("    total: pprof %.17g, cprof %.17g"):format(
      their_total, total))
  end
  return lines
end


local function describe(go, case, files, lines)
  local out = { ("  %s: %s"):format(case.name,
    pprof.command(go, M.arguments(case, files))) }
  for i = 1, math.min(#lines, SHOWN) do
    out[#out + 1] = lines[i]
  end
  if #lines > SHOWN then
    out[#out + 1] = ("    and %d more"):format(#lines - SHOWN)
  end
  return table.concat(out, "\n")
end


--- Compares all, or some, cases over files that are read as one profile.
---@param go string
---@param files table {paths, base, diff_base, normalize}
---@param wanted? fun(number: integer, case: table): boolean
---@return string[] findings
---@return integer count of cases
function M.run(go, files, wanted)
  local profile, message = ours.open(files, pprof.merges_one(go))
  if not profile then
    return { ("  %s: cprof refuses: %s"):format(table.concat(files.paths, " "),
      message) }, 1
  end
  local found, chosen, runs = traits.of(profile), {}, {}
  files.index = files.index or found.info.default_index
  for i, case in ipairs(cases.of(found)) do
    if not wanted or wanted(i, case) then
      local own = setmetatable({
        unit = unit_of(found.info, case.index or files.index),
      }, { __index = files })
      chosen[#chosen + 1] = { case, own }
      runs[#runs + 1] = M.arguments(case, own)
    end
  end
  local findings = {}
  for i, answer in ipairs(pprof.run(go, runs)) do
    local case, own = chosen[i][1], chosen[i][2]
    local lines = judge(case, own, profile, answer)
    if #lines > 0 then
      findings[#findings + 1] = describe(go, case, own, lines)
    end
  end
  return findings, #runs
end


-- ---- whole profiles --------------------------------------------------------

-- Options that are not filters; and frames of labels: they have no mapping, and
-- beyond them drop_frames finds more to drop when the file is read again.
local OTHERS = { granularity = true, relative_percentages = true,
  tagroot = true, tagleaf = true }


-- The options of a case that are filters; nil when one is none.
local function filters_of(case)
  local asked = {}
  for name, value in pairs(case.asked) do
    if OTHERS[name] then
      return nil
    end
    asked[name] = value
  end
  return case.index == nil and asked or nil
end


-- pprof's arguments for -raw of a case, or of what cprof made of it.
local function raw_arguments(case, path, again)
  local list = append({ "-raw" }, ALL)
  return append(again and list or append(list, case.flags),
    { again or path })
end


local function first_difference(theirs, own)
  local lines = {}
  for key, values in pairs(theirs) do
    if own[key] ~= values then
      lines[#lines + 1] = ("    pprof %s, cprof %s: %s"):format(values,
        own[key] or "-", key)
    end
  end
  for key, values in pairs(own) do
    if not theirs[key] then
      lines[#lines + 1] = ("    pprof -, cprof %s: %s"):format(values, key)
    end
  end
  table.sort(lines)
  return lines[1]
end


-- Whether pprof, which applies the file's drop_frames when it reads what we
-- wrote, finds nothing more to drop: a root that was spared because it held a
-- name to drop is a user's frame once that is gone.
local function is_settled(filtered)
  local whole = { drop_frames = false, sample = 1 }
  return filtered:folded(whole)
    == assert(filtered:filter({})):folded(whole)
end


--- Compares what filters leave of a file: stacks, labels and all, as -raw
--- prints pprof's and ours.
---@param go string
---@param path string
---@param folder string for the files that are written
---@param wanted? fun(number: integer, case: table): boolean
---@return string[] findings
---@return integer count
function M.contents(go, path, folder, wanted)
  local profile = assert(ours.open({ paths = { path } },
    pprof.merges_one(go)))
  local runs, chosen, findings = {}, {}, {}
  for i, case in ipairs(cases.of(traits.of(profile))) do
    local asked = filters_of(case)
    if asked and (not wanted or wanted(i, case)) then
      local again = ("%s/contents-%d.pb.gz"):format(folder, i)
      local filtered = assert(profile:filter(asked))
      if is_settled(filtered) then
        assert(filtered:write(again))
        chosen[#chosen + 1] = case
        runs[#runs + 1] = raw_arguments(case, path)
        runs[#runs + 1] = raw_arguments(case, path, again)
      end
    end
  end
  local answers = pprof.run(go, runs)
  for i, case in ipairs(chosen) do
    local theirs, own = answers[2 * i - 1], answers[2 * i]
    local line = theirs.code == 0 and first_difference(raw.sums(theirs.out),
      raw.sums(own.out))
    if line then
      findings[#findings + 1] = ("  %s: %s\n%s"):format(case.name,
        pprof.command(go, runs[2 * i - 1]), line)
    end
  end
  return findings, #chosen
end


-- ---- round trip -----------------------------------------------------------

--- Whether files that cprof wrote anew are to pprof what they were.
---@param go string
---@param paths string[]
---@param folder string for the files that are written
---@return string[] findings
function M.round_trip(go, paths, folder)
  local runs, findings = {}, {}
  for i, path in ipairs(paths) do
    local again = ("%s/%d.pb.gz"):format(folder, i)
    local profile, message = cprof.open(path)
    assert(profile and profile:write(again), path .. ": " .. tostring(message))
    runs[#runs + 1] = append({ "-raw", path }, ALL)
    runs[#runs + 1] = append({ "-raw", again }, ALL)
  end
  local answers = pprof.run(go, runs)
  for i, path in ipairs(paths) do
    local old, new = answers[2 * i - 1], answers[2 * i]
    if old.code ~= 0 or raw.renumber(old.out) ~= raw.renumber(new.out) then
      findings[#findings + 1] = ("%s: -raw by %s differs%s"):format(path, go,
        old.code ~= 0 and ": " .. old.err or "")
    end
  end
  return findings
end


return M
