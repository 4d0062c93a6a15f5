-- The file that https://www.speedscope.app opens, and others that read its
-- format: https://www.speedscope.app/file-format-schema.json, one profile of
-- type "sampled" for each sample type of ours, the chosen one on top.
--
-- Frames are functions (with the granularity "lines" or "addresses": lines),
-- stacks root first. A value below zero, as a difference has, cannot be shown.

local budget = require "cprof.report.budget"
local frames = require "cprof.report.frames"
local json = require "cprof.report.json"
local path = require "cprof.path"
local units = require "cprof.units"

local M = {
  name = "speedscope",
  summary = "print a file for www.speedscope.app",
  WITHOUT = { unit = true }, -- see cprof.profile
  OPTIONS = {},
}

local SCHEMA = "https://www.speedscope.app/file-format-schema.json"

-- The units that the format has, by how many nanoseconds each is.
local TIMES = {
  [1] = "nanoseconds", [1e3] = "microseconds", [1e6] = "milliseconds",
  [1e9] = "seconds",
}


-- The format's unit for one of pprof's, and the factor between them.
local function unit_of(unit)
  local factor = units.ratio(unit, "ns")
  if factor then
    return TIMES[factor] or "nanoseconds", TIMES[factor] and 1 or factor
  end
  factor = units.ratio(unit, "B")
  return factor and "bytes" or "none", factor or 1
end


-- Whether lines of a function are frames of their own.
local function is_by_line(view)
  return view.granularity == "lines" or view.granularity == "addresses"
end


local function frame_entry(frame, by_line, name_of)
  local line = by_line and frame.line or frame.start_line
  return {
    name = name_of(frame),
    file = frame.filename ~= "" and frame.filename or nil,
    line = line and line > 0 and line or nil,
  }
end


-- The numbers of a stack's frames; `known` has those of frames that came
-- before.
local function root_first(stack, known, number_of)
  local numbers, depth = {}, #stack.frames
  for j, frame in ipairs(stack.frames) do
    local number = known[frame] or number_of(frame)
    known[frame] = number
    numbers[depth + 1 - j] = number
  end
  return numbers
end


-- One list of frames for all profiles, and the stacks as numbers from 0.
local function index_stacks(stacks, view)
  local by_line = is_by_line(view)
  local list, index = frames.indexer()
  local name_of = frames.names(stacks, "functions").text
  local _, text_number = frames.indexer() -- keys of long names stay short
  local function number_of(frame)
    local entry = frame_entry(frame, by_line, name_of)
    return index(("%d %d %.0f"):format(text_number(entry.name, true),
      text_number(entry.file or "", true), entry.line or 0), entry)
  end
  local known, out = {}, {}
  for i, stack in ipairs(stacks) do
    out[i] = known[stack.frames] or root_first(stack, known, number_of)
    known[stack.frames] = out[i]
  end
  return list, out
end


-- The profile of one sample type; nil, message when it has negative values.
local function profile_of(kind, position, stacks, samples)
  local unit, factor = unit_of(kind.unit)
  local profile = {
    type = "sampled", name = kind.type, unit = unit, startValue = 0,
    endValue = 0, samples = {}, weights = {},
  }
  local count, total = 0, 0.0 -- a float: the sum of integers wraps on 5.4
  for i, stack in ipairs(stacks) do
    local value = stack.values[position] * factor
    if value < 0 then
      return nil, ("speedscope shows no values below zero; %s has some, as a"
        .. " difference of two profiles does"):format(kind.type)
    elseif value > 0 then
      count, total = count + 1, total + value
      profile.samples[count], profile.weights[count] = samples[i], value
    end
  end
  profile.endValue = total
  return profile
end


local function document_name(view)
  local main = (view.info.mappings or {})[1]
  local name = main and main.filename or ""
  return name ~= "" and path.base(name) or view.type
end


--- The document, as the format has it.
---@param view table as `view.new` gives it; `version` of cprof, the core's by
---  default
---@return table|nil data {["$schema"], shared = {frames = {{name, file, line}}
---  }, profiles, name, activeProfileIndex, exporter}
---@return string? message
---@return string? code "range": values below zero
function M.data(view)
  local stacks, message, code = view.profile:stacks(view.index)
  if not stacks then
    return nil, message, code
  end
  local list, samples = index_stacks(stacks, view)
  local profiles = {}
  for i, kind in ipairs(view.info.sample_types) do
    profiles[i], message = profile_of(kind, i, stacks, samples)
    if not profiles[i] then
      return nil, message, "range"
    end
  end
  return {
    ["$schema"] = SCHEMA,
    shared = { frames = list },
    profiles = profiles,
    name = document_name(view),
    activeProfileIndex = view.index - 1,
    exporter = "cprof@" .. (view.version or require("cprof.core")._VERSION),
  }
end


-- The bytes that the text may have: each list of frames counts once, however
-- many types show it.
local function bytes_of(data)
  local stacks = {}
  for _, profile in ipairs(data.profiles) do
    for _, numbers in ipairs(profile.samples) do
      stacks[#stacks + 1] = { frames = numbers }
    end
  end
  return budget.of(stacks)
end


--- The file.
---@param data table of `data`
---@return string|nil one line with its line end
---@return string? message
---@return string? code "limit": it would be too long
function M.text(data)
  local bytes = bytes_of(data)
  local text = json.encode(data, bytes)
  if not text then
    return budget.fail(bytes)
  end
  return text .. "\n"
end


return M
