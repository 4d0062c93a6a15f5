-- Reads the profile that a command is about: one file or several, merged,
-- minus a base where one is given.

local term = require "cprof.cli.term"

local M = {}

local BATCH = 64 -- files in memory at a time

--- How large a file may be; see cprof.cli.arguments.
M.MAX_SIZE = {
  name = "max_size", type = "size",
  message = "how large a profile may be, unpacked (default: 1GiB)",
}

--- How files are read.
M.OPTIONS = {
  {
    name = "base", type = "text", argname = "FILE", is_list = true,
    message = "subtract this profile; several are merged before",
  },
  {
    name = "diff_base", type = "text", argname = "FILE", is_list = true,
    message = "the same, with percentages of the base's total",
  },
  {
    name = "normalize", type = "boolean", default = false,
    message = "scale to the base's total before it is subtracted",
  },
  M.MAX_SIZE,
}


--- Declares the files.
---@param command table argparse's command
function M.declare_files(command)
  command:argument("files", "Profiles in pprof's format, merged; - is stdin.")
    :args("+"):argname("FILE")
end


-- Reads a file: profile | nil, message, code; the message names the file.
local function read(host, path, asked)
  local name = path == "-" and "standard input" or path
  local profile, message, code = term.busy(host, "reading " .. name, host.open,
    path, { max_size_bytes = asked.max_size })
  if profile then
    return profile
  end
  message = path == "-" and message:gsub("^%-: ", "") or message
  if code == "limit" then
    message = message .. " (--max-size raises it)"
  end
  if message:find(name, 1, true) or path == "" then
    return nil, message, code
  end
  return nil, name .. ": " .. message, code
end


-- All in one; their names are for the message when they do not go together.
local function merge(profiles, names)
  if #profiles == 1 then
    return profiles[1]
  end
  return require("cprof.merge").merge(profiles, names)
end


--- Reads files and merges them.
---@param host table with `open`, as cprof.open, and what cli.term needs
---@param paths string[] "-" is standard input
---@param asked table {max_size = bytes|nil}
---@return userdata|nil profile
---@return string? message which names the file
---@return string? code
function M.files(host, paths, asked)
  local batch, names, is_read = {}, {}, false
  for _, path in ipairs(paths) do
    if path == "-" and is_read then
      return nil, "standard input (-) is given twice", "usage"
    end
    is_read = is_read or path == "-"
    local profile, message, code = read(host, path, asked)
    if not profile then
      return nil, message, code
    end
    batch[#batch + 1], names[#names + 1] = profile, path
    if #batch == BATCH then
      local merged, why, kind = merge(batch, names)
      if not merged then
        return nil, why, kind
      end
      batch, names = { merged }, { "the merged files before" }
    end
  end
  return merge(batch, names)
end


-- The profile minus its base.
local function subtract(host, profile, asked)
  local is_labelled = asked.diff_base[1] ~= nil
  local base, message, code = M.files(host,
    is_labelled and asked.diff_base or asked.base, asked)
  if base and asked.normalize then
    profile, message, code = profile:normalize(base)
  end
  if not base or not profile then
    return nil, message, code
  end
  return profile:diff(base, { label = is_labelled })
end


--- Reads what `files` and OPTIONS ask for.
---@param host table
---@param asked table what argparse read
---@return userdata|nil profile
---@return string? message
---@return string? code
function M.profile(host, asked)
  local profile, message, code = M.files(host, asked.files, asked)
  if not profile then
    return nil, message, code
  end
  local has_base, has_diff = asked.base[1] ~= nil, asked.diff_base[1] ~= nil
  if has_base and has_diff then
    return nil, "--base and --diff-base exclude each other", "usage"
  elseif has_base or has_diff then
    return subtract(host, profile, asked)
  elseif asked.normalize then
    return nil, "--normalize needs --base or --diff-base", "usage"
  end
  return profile
end


return M
