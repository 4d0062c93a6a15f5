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


-- A part of a whole: "62.50%".
local function share_text(part, whole)
  return (units.percentage(part, whole):gsub("^ +", ""))
end


-- The total of the default type; of a time, its share of the duration, too.
local function total_text(info, total)
  local kind = info.sample_types[info.default_index]
  if not kind or not total then
    return nil
  end
  local text = units.label(total, kind.unit) .. " of " .. kind.type
  local total_ns, unit = units.scale(total, kind.unit, "ns")
  if unit == "ns" and info.duration_ns > 0 then
    text = format("%s, %s of the duration", text,
      share_text(total_ns, info.duration_ns))
  end
  return text
end


-- The number in a comment "key=number".
local function comment_number(info, key)
  for _, comment in ipairs(info.comments) do
    local name, value = comment:match("^([^=]+)=(%d+)$")
    if name == key then
      return tonumber(value)
    end
  end
end


-- What cprof cost, where the profile's comments tell it.
local function cost_text(info, cpu_ns)
  local handler_ns = comment_number(info, "cprof.handler_ns")
  local safepoint_ns = comment_number(info, "cprof.safepoint_ns")
  if not handler_ns or not safepoint_ns or (cpu_ns or 0) <= 0 then
    return nil
  end
  local cost_ns = handler_ns + safepoint_ns
  return format("%s, %s of cpu", units.label(cost_ns, "nanoseconds"),
    share_text(cost_ns, cpu_ns))
end


--- The lines of the report.
---@param info table as `profile:info()` gives it
---@param total? number of the samples, of the default type
---@param cpu_ns? number the same of the type cpu
---@return string lines, each with its line end
function M.render(info, total, cpu_ns)
  local period = info.period_type
  local rows = {
    { "types", types_text(info) },
    { "period", period and format("%s %.0f", kind_text(period), info.period) },
    { "time", time_text(info.time_ns) },
    { "duration", units.label(info.duration_ns, "nanoseconds") },
    { "total", total_text(info, total) },
    { "stacks", count_text(info.samples) },
    { "locations", count_text(info.locations) },
    { "functions", count_text(info.functions) },
    { "mappings", count_text(info.mappings) },
  }
  local cost = cost_text(info, cpu_ns)
  if cost then
    rows[#rows + 1] = { "cost", cost }
  end
  for _, comment in ipairs(info.comments) do
    rows[#rows + 1] = { "comment", comment }
  end
  local lines = {}
  for i, row in ipairs(rows) do
    lines[i] = format("%-10s %s\n", row[1], row[2] or "-")
  end
  return table.concat(lines)
end


-- The total of a sample type, the default one's without a name; nil when the
-- profile has no such type.
local function total_of(profile, kind)
  local rows, total = profile:rows(kind)
  return rows and total or nil
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
  local text = M.render(profile:info(), total_of(profile),
    total_of(profile, "cpu"))
  return term.write(host, term.plain(text))
end


return M
