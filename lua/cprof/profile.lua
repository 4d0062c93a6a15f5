-- What Lua adds to the methods that the core gives a profile: reports, one
-- method each, filters, merging. `rows`, `graph`, `stacks` and `total` take a
-- type's name, too. All methods get a guard, which tells misuse at the
-- caller's line. What does the work is loaded when it is first asked for: a
-- program that only writes profiles does without.

local options = require "cprof.options"
local receiver = require "cprof.receiver"

local M = {}

--- The reports, in the order in which they are listed. Each is a module
--- cprof.report.<kind>.
M.REPORTS = { "top", "tree", "peek", "traces", "list", "folded", "json",
  "speedscope", "callgrind", "tags", "info", "compare", "text" }

-- Those that say something of a profile without sample types, too.
local UNTYPED = { info = true }

-- Those whose method takes a sample type alone instead of options.
local TAKES_SAMPLE = { folded = true }

local is_report = {}
for _, kind in ipairs(M.REPORTS) do
  is_report[kind] = true
end


-- -------------------------------------------------------------- reports ----

--- The module of a report.
---@param kind string one of `REPORTS`
---@return table report {name, summary, OPTIONS, data, text}
function M.report(kind)
  return require("cprof.report." .. kind)
end


local function load_view()
  return require("cprof.report.view")
end


local declared = {} -- by kind


--- All options of a report: its own, and what every report takes but those
--- that say nothing there (the report's WITHOUT).
---@param kind string one of `REPORTS`
---@return table[] declarations as cprof.options has them
function M.options(kind)
  local fields = declared[kind]
  if not fields then
    fields = {}
    local own = {}
    for _, field in ipairs(M.report(kind).OPTIONS) do
      fields[#fields + 1], own[field.name] = field, true
    end
    local without = M.report(kind).WITHOUT or {}
    for _, field in ipairs(load_view().OPTIONS) do
      local is_taken = not own[field.name] and not without[field.name]
      fields[#fields + 1] = is_taken and field or nil
    end
    declared[kind] = fields
  end
  return fields
end


-- Data, view and checked options of a report, or nil, message, code. `level`
-- is whose line misuse is raised at: 1 is the caller of this function.
local function run(self, kind, given, where, level)
  local asked, message, code = options.check(M.options(kind),
    given == nil and {} or given, where, level + 1)
  if not asked then
    return nil, message, code
  end
  local seen, wrong, why = load_view().new(self, asked, UNTYPED[kind])
  if not seen then
    return nil, wrong, why
  end
  local data, failed, cause = M.report(kind).data(seen, asked)
  if not data then
    return nil, failed, cause
  end
  data.warnings = seen.warnings[1] and seen.warnings or nil
  return data, seen, asked
end


-- As `run`, but the text.
local function render(self, kind, given, where, level)
  local data, seen, asked = run(self, kind, given, where, level + 1)
  if not data then
    return nil, seen, asked
  end
  return M.report(kind).text(data, seen, asked)
end


--- A report as text, and what a shell tells beside it.
---@param profile userdata
---@param kind string one of `REPORTS`
---@param given table options
---@return string|nil text
---@return string|string[] message or warnings
---@return string? code
function M.print(profile, kind, given)
  local data, seen, asked = run(profile, kind, given, "cprof " .. kind, 2)
  if not data then
    return nil, seen, asked
  end
  local text, failed, cause = M.report(kind).text(data, seen, asked)
  if not text then
    return nil, failed, cause
  end
  return text, seen.warnings
end


-- The method of a report.
local function report_method(kind)
  local where = "profile:" .. kind
  return function(self, given)
    if TAKES_SAMPLE[kind] and type(given) ~= "table" then
      given = { sample = given }
    end
    local text, message, code = render(self, kind, given, where, 2)
    if not text then
      return nil, message, code
    end
    return text
  end
end


local function check_kind(kind, method)
  if not is_report[kind] then
    error(("profile:%s: there is no report %s (reports: %s)"):format(method,
      type(kind) == "string" and ("%q"):format(kind) or type(kind),
      table.concat(M.REPORTS, ", ")), 3)
  end
end


local profile_methods = {}


--- A report as data: what `profile:<kind>` prints.
---@param kind string "top", "tree", …: see `REPORTS`
---@param given? table options, those of the report and of every report
---@return table|nil data its shape is told at `data` of cprof.report.<kind>;
---  `warnings` are those of the filters, if there are any
---@return string? message
---@return string? code "range", "format", "memory", "limit"
function profile_methods:data(kind, given)
  check_kind(kind, "data")
  local data, seen, code = run(self, kind, given, "profile:data", 2)
  if not data then
    return nil, seen, code
  end
  return data
end


--- A report as text; for every kind but "info" and "text" `profile:<kind>` is
--- the same.
---@param kind string "top", "tree", …: see `REPORTS`
---@param given? table options, those of the report and of every report
---@return string|nil text lines, each with its line end
---@return string? message
---@return string? code "range", "format", "memory", "limit"
function profile_methods:report(kind, given)
  check_kind(kind, "report")
  local text, message, code = render(self, kind, given, "profile:report", 2)
  if not text then
    return nil, message, code
  end
  return text
end


--- The readable form (Go's debug=1): a header, then every stack.
---@param given? integer|table 1, the default and only form; or options
---@return string|nil text
---@return string? message
---@return string? code "range"
function profile_methods:text(given)
  if type(given) ~= "table" then
    if given ~= nil and given ~= 1 then
      return nil, "profile:text: debug must be 1, got " .. tostring(given),
        "range"
    end
    given = {}
  end
  local text, message, code = render(self, "text", given, "profile:text", 2)
  if not text then
    return nil, message, code
  end
  return text
end


-- ------------------------------------------------ filtering and merging ----

--- The profile that filters leave.
---@param given table focus, ignore, hide, …: the options of cprof.filter
---@return userdata|nil profile a new one; this one when there is nothing to do
---@return string|string[] message or warnings: filters that matched nothing
---@return string? code "range", "memory", "limit"
function profile_methods:filter(given)
  local filter = require("cprof.filter")
  local asked, message, code = options.check(filter.OPTIONS, given,
    "profile:filter", 2)
  if not asked then
    return nil, message, code
  end
  return filter.run(self, asked)
end


--- This profile and others in one.
---@param ... userdata profiles
---@return userdata|nil profile a new one
---@return string? message
---@return string? code "format": they do not go together
function profile_methods:merge(...)
  return require("cprof.merge").merge({ self, ... })
end


--- This profile without another.
---@param base userdata
---@param given? table {label = false}
---@return userdata|nil profile a new one; what was less is negative
---@return string? message
---@return string? code "format": they do not go together
function profile_methods:diff(base, given)
  local merge = require("cprof.merge")
  local asked, message, code = options.check(merge.DIFF,
    given == nil and {} or given, "profile:diff", 2)
  if not asked then
    return nil, message, code
  end
  return merge.diff(self, base, asked)
end


--- The profile with its values multiplied.
---@param ratio number|table of all values, or by the type's name
---@return userdata|nil profile a new one
---@return string? message
---@return string? code "range"
function profile_methods:scale(ratio)
  return require("cprof.merge").scale(self, ratio)
end


--- The profile with its values scaled to the totals of another.
---@param base userdata
---@return userdata|nil profile a new one
---@return string? message
---@return string? code "format": they do not go together
function profile_methods:normalize(base)
  return require("cprof.merge").normalize(self, base)
end


-- --------------------------------------------------------- sample types ----

-- The core's own methods take a number only. This calls one of them for a type
-- that is given by name, number, or not at all.
local function by_type(method)
  return function(self, given)
    local index, message, code = load_view().find_index(self:info(), given)
    if not index then
      return nil, message, code
    end
    return method(self, index)
  end
end


-- The same of methods that take a table, whose `sample` is the type.
local function by_table(method)
  return function(self, given)
    local asked = {}
    if type(given) == "table" then
      for key, value in pairs(given) do
        asked[key] = value
      end
    else
      asked.sample = given
    end
    local index, message, code = load_view().find_index(self:info(),
      asked.sample or asked.index)
    if not index then
      return nil, message, code
    end
    asked.index, asked.sample = index, nil
    return method(self, asked)
  end
end


-- ---------------------------------------------------------------- guard ----

local INTEGER = {
  text = "whole number",
  fits = function(value)
    return value == nil or type(value) == "number" and value % 1 == 0
  end,
}

local INDEX = {
  text = "name or number",
  fits = function(value)
    return value == nil or type(value) == "string" or type(value) == "number"
  end,
}

local function is_index_or_table(value)
  return INDEX.fits(value) or type(value) == "table"
end

local INDEX_OR_TABLE = {
  text = "name, number or table", fits = is_index_or_table,
}

local PATH = {
  text = "path",
  fits = function(value)
    return type(value) == "string"
  end,
}

local TEXT = {
  text = "string",
  fits = PATH.fits,
}

local RATIO = {
  text = "number or table",
  fits = function(value)
    return type(value) == "number" or type(value) == "table"
  end,
}

-- What the argument of a method must be; reports look themselves. `diff`,
-- `merge` and `normalize` take profiles.
local TAKES = {
  add_comment = TEXT,
  encode = INTEGER,
  folded = INDEX_OR_TABLE,
  graph = INDEX_OR_TABLE,
  label_sets = INDEX,
  rows = INDEX_OR_TABLE,
  scale = RATIO,
  stacks = INDEX,
  total = INDEX,
  write = PATH,
}


local function is_profile(value, methods)
  local mt = getmetatable(value)
  return type(mt) == "table" and rawequal(mt.__index, methods)
end


-- Whether all arguments are profiles, and which is not.
local function all_profiles(methods, ...)
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    if not is_profile(value, methods) then
      return false, value
    end
  end
  return true
end


-- How many arguments must be profiles: all of merge's.
local TAKES_PROFILES = { diff = 1, normalize = 1, merge = math.huge }


local function check_profiles(methods, name, given, ...)
  local ok, wrong
  if TAKES_PROFILES[name] == 1 then
    ok, wrong = all_profiles(methods, given)
  elseif select("#", ...) > 0 or given ~= nil then
    ok, wrong = all_profiles(methods, given, ...)
  else
    ok = true
  end
  if not ok then
    error(("profile:%s: profile expected, got %s"):format(name, type(wrong)),
      3)
  end
end


-- The method, once its object and its argument are what they must be. It is
-- called last of all (a tail call), so that its own errors are raised at the
-- line that they would be without a guard.
local function guard(methods, name, method)
  local takes = TAKES[name]
  return function(self, given, ...)
    receiver.check(is_profile(self, methods), "profile", name)
    if takes and not takes.fits(given) then
      error(("profile:%s: %s expected, got %s"):format(name, takes.text,
        type(given) == "number" and tostring(given) or type(given)), 2)
    elseif TAKES_PROFILES[name] then
      check_profiles(methods, name, given, ...)
    end
    return method(self, given, ...)
  end
end


-- A report has no method where the core has data of that name, such as info.
local function add_methods(methods)
  for _, kind in ipairs(M.REPORTS) do
    methods[kind] = methods[kind] or report_method(kind)
  end
  for name, method in pairs(profile_methods) do
    methods[name] = method
  end
  methods.rows = by_table(methods.rows)
  methods.graph = by_table(methods.graph)
  methods.stacks = by_type(methods.stacks)
  methods.label_sets = by_type(methods.label_sets)
  methods.total = by_type(methods.total)
end


--- Adds all this to the core's table of methods. May be called twice.
---@param methods table `core.profile_methods`
function M.install(methods)
  if methods.top then
    return
  end
  add_methods(methods)
  for name, method in pairs(methods) do
    if type(method) == "function" then
      methods[name] = guard(methods, name, method)
    end
  end
end


return M
