-- What cprof says, in the shape of spec/differential/pprof.lua: rows by the
-- name that pprof would print.

local cprof = require "cprof"
local merge = require "cprof.merge"

local M = {}

local N_ALL = 1000000
local DIGITS = 16 -- of an address


-- As Go's filepath.Clean does, for the paths that occur: pprof prints files so.
local function clean(path)
  local root = path:sub(1, 1) == "/" and "/" or ""
  local parts = {}
  for part in path:gmatch("[^/]+") do
    if part == ".." and #parts > 0 and parts[#parts] ~= ".." then
      parts[#parts] = nil
    elseif part ~= "." and not (part == ".." and root ~= "") then
      parts[#parts + 1] = part
    end
  end
  local joined = root .. table.concat(parts, "/")
  return joined == "" and "." or joined
end


local function file_of(row)
  local file = (row.filename or ""):gsub("^/proc/self/cwd/", "")
  return file ~= "" and clean(file) or ""
end


local SHOWS = {
  functions = { name = true },
  filefunctions = { name = true, file = true },
  files = { file = true },
  lines = { name = true, file = true, line = true },
  addresses = { name = true, file = true, line = true, address = true },
}


local function place_of(row, shows, file)
  if shows.line and (row.line or 0) ~= 0 then
    return ("%s:%d"):format(file, row.line)
  end
  return shows.file and file or ""
end


-- What stands for a row that has neither name nor file.
local function substitute_of(row)
  local object = (row.object or ""):match("[^/]*$")
  return object ~= "" and "[" .. object .. "]" or "<unknown>"
end


local function put(parts, text)
  parts[#parts + 1] = text ~= "" and text or nil
end


--- The name by which pprof prints a row.
---@param row table
---@param granularity string
---@return string
function M.label(row, granularity)
  local shows, parts = SHOWS[granularity], {}
  local name = shows.name and row.name or ""
  local place = place_of(row, shows, file_of(row))
  local address = (row.address or "0x0"):sub(#"0x" + 1)
  if shows.address and address ~= "0" then
    parts[1] = ("0"):rep(DIGITS - #address) .. address
  end
  put(parts, name)
  put(parts, place)
  if name == "" and place == "" then
    parts[#parts + 1] = substitute_of(row)
  end
  return table.concat(parts, " ")
end


-- One profile of several files, or of one as pprof has it.
local function combine(paths, merges_one)
  local profiles = {}
  for i, path in ipairs(paths) do
    local profile, message, code = cprof.open(path)
    if not profile then
      return nil, message, code
    end
    profiles[i] = profile
  end
  if #profiles == 1 and not merges_one then
    return profiles[1]
  end
  return merge.merge(profiles)
end


--- Reads and combines files.
---@param files table {paths, base, diff_base, normalize}
---@param merges_one boolean see spec.differential.pprof
---@return any profile nil, message, code when it cannot be
function M.open(files, merges_one)
  local profile, message, code = combine(files.paths, merges_one)
  local base_path = files.base or files.diff_base
  if not profile or not base_path then
    return profile, message, code
  end
  local base = assert(combine({ base_path }, merges_one))
  if files.normalize then
    profile, message, code = merge.normalize(profile, base)
  end
  if not profile then
    return nil, message, code
  end
  return merge.diff(profile, base, { label = files.diff_base ~= nil })
end


--- The rows of `top`.
---@param profile any
---@param asked table options of cprof's `top`, granularity among them
---@return table|nil rows name -> {flat, cum, count}; nil, message, code
---@return number|string total
---@return string? code
function M.top(profile, asked)
  local options = { n = N_ALL, sort = "flat" }
  for name, value in pairs(asked) do
    options[name] = value
  end
  options.granularity = options.granularity or "functions"
  local data, message, code = profile:data("top", options)
  if not data then
    return nil, message, code
  end
  local rows = {}
  for _, row in ipairs(data.rows) do
    local label = M.label(row, options.granularity)
    local sum = rows[label] or { flat = 0, cum = 0, count = 0 }
    rows[label] = sum
    sum.flat, sum.cum = sum.flat + row.flat, sum.cum + row.cum
    sum.count = sum.count + 1
  end
  return rows, data.total + 0.0
end


return M
