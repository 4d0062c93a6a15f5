-- `cprof info FILE`: what a profile holds, without its stacks.

local load = require "cprof.cli.load"
local term = require "cprof.cli.term"
local units = require "cprof.report.units"

local format = string.format

local M = {
  name = "info",
  summary = "tell what a profile holds",
  examples = "Examples:\n"
    .. "  cprof info cpu.pb.gz\n"
    .. "  cprof info cpu.pb.gz | grep cprof.lost",
}


--- Declares arguments and options.
---@param command table argparse's command
function M.declare(command)
  command:argument("file", "A profile in pprof's format; - is stdin.")
end


local function kind_text(kind)
  return kind.type .. "/" .. kind.unit
end


local function types_text(info)
  local parts = {}
  for i, kind in ipairs(info.sample_types) do
    parts[i] = kind_text(kind)
    if i == info.default_index then
      parts[i] = parts[i] .. " (default)"
    end
  end
  return table.concat(parts, ", ")
end


-- A time that no calendar has is shown as it is.
local function time_text(time_ns)
  local seconds = math.floor(time_ns / 1e9)
  local ok, text = pcall(os.date, "!%Y-%m-%dT%H:%M:%SZ", seconds)
  return ok and text or format("%.0f ns", time_ns)
end


local function count_text(value)
  return type(value) == "table" and tostring(#value) or tostring(value)
end


--- The lines of the report.
---@param info table as `profile:info()` gives it
---@return string lines, each with its line end
function M.render(info)
  local period = info.period_type
  local rows = {
    { "types", types_text(info) },
    { "period", period and format("%s %.0f", kind_text(period), info.period) },
    { "time", time_text(info.time_ns) },
    { "duration", units.label(info.duration_ns, "nanoseconds") },
    { "stacks", count_text(info.samples) },
    { "locations", count_text(info.locations) },
    { "functions", count_text(info.functions) },
    { "mappings", count_text(info.mappings) },
  }
  for _, comment in ipairs(info.comments) do
    rows[#rows + 1] = { "comment", comment }
  end
  local lines = {}
  for i, row in ipairs(rows) do
    lines[i] = format("%-10s %s\n", row[1], row[2] or "-")
  end
  return table.concat(lines)
end


--- Prints the report.
---@param asked table what argparse read
---@param host table
---@return boolean|nil ok
---@return string? message
function M.execute(asked, host)
  local profile, message = load.profile(host, asked.file)
  if not profile then
    return nil, message
  end
  return term.write(host, term.plain(M.render(profile:info())))
end


return M
