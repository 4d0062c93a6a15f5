-- The first lines of a text report: what it is about. Pure.

local cell = require "cprof.report.cell"
local path = require "cprof.path"
local units = require "cprof.units"

local M = {}


--- A time as a text: "2023-11-14 22:13:20 UTC"; one that no calendar has, as
--- a number.
---@param time_ns number since 1970
---@return string
function M.time(time_ns)
  local seconds = math.floor(time_ns / 1e9)
  local ok, text = pcall(os.date, "!%Y-%m-%d %H:%M:%S UTC", seconds)
  return ok and text or ("%.0f ns"):format(time_ns)
end


--- A part of a whole, without blanks: "62.50%".
---@param part number
---@param whole number
---@return string
function M.share(part, whole)
  return (units.percentage(part, whole):gsub("^ +", ""))
end


-- "Duration: 2s, Total samples = 1s (50.00%)"; the share is one of time.
local function duration_line(view, duration_ns, unit)
  local line = ("Duration: %s, Total samples = %s"):format(
    units.label(duration_ns, "nanoseconds"),
    units.label(view.total, view.unit, unit))
  local total_ns, total_unit = units.scale(view.total, view.unit, "ns")
  if total_unit == "ns" and total_ns ~= 0 then
    line = ("%s (%s)"):format(line, M.share(total_ns, duration_ns))
  end
  return line
end


-- A comment that is for the reader: not "#…", and none of cprof's own facts,
-- which `info` tells.
local function is_shown(comment)
  return not (comment:find("^#") or comment:find("^cprof%."))
end


-- What stands before the type: whose profile it is. A name in brackets, such
-- as "[lua]", is no file's.
local function add_origin(lines, info)
  local main = (info.mappings or {})[1] or {}
  local file = main.filename or ""
  if file ~= "" and not file:find("^%[") then
    lines[#lines + 1] = "File: " .. path.base(file)
  end
  if (main.build_id or "") ~= "" then
    lines[#lines + 1] = "Build ID: " .. main.build_id
  end
  for _, comment in ipairs(info.comments or {}) do
    if is_shown(comment) then
      lines[#lines + 1] = comment
    end
  end
end


--- The lines, as pprof has them but for cprof's own comments.
---@param view table as `view.new` gives it
---@param unit? string in which the values below are printed
---@return string[] lines without line ends
function M.lines(view, unit)
  local info, lines = view.info or {}, {}
  add_origin(lines, info)
  lines[#lines + 1] = "Type: " .. view.type
  if (info.doc_url or "") ~= "" then
    lines[#lines + 1] = "Doc: " .. info.doc_url
  end
  if (info.time_ns or 0) ~= 0 then
    lines[#lines + 1] = "Time: " .. M.time(info.time_ns)
  end
  if (info.duration_ns or 0) ~= 0 then
    lines[#lines + 1] = duration_line(view, info.duration_ns,
      unit or view.output_unit)
  end
  for i, line in ipairs(lines) do
    lines[i] = cell.plain(line)
  end
  return lines
end


return M
