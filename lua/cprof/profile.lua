-- The reports of a profile, added to the methods that the core gives it:
-- top, top_rows, text; `folded`, `rows` and `stacks` take a type's name, too,
-- and `folded` has a stable order. All of them get a guard, which tells misuse
-- at the caller's line.

local options = require "cprof.options"
local receiver = require "cprof.receiver"
local folded = require "cprof.report.folded"
local text = require "cprof.report.text"
local top = require "cprof.report.top"

local M = {}

local TOP = {
  {
    name = "n", type = "number", default = 20, min = 1, max = 1000000,
    message = "rows to show",
  },
  {
    name = "sort", type = "string", default = "flat",
    choices = { "flat", "cum" },
    message = "the order of the rows",
  },
  {
    name = "index", type = "index",
    message = "the sample type: its name or its number",
  },
}


local function type_names(info)
  local names = {}
  for i, kind in ipairs(info.sample_types) do
    names[i] = kind.type
  end
  return table.concat(names, ", ")
end


-- The number of a sample type that is given by name, number, or not at all.
local function find_index(info, given)
  given = given or info.default_index
  if not given then
    return nil, "the profile has no sample types", "range"
  end
  for i, kind in ipairs(info.sample_types) do
    if given == kind.type then
      return i
    end
  end
  local number = tonumber(given) -- a shell has no numbers but in strings
  if number and info.sample_types[number] then
    return number
  end
  return nil, ("no sample type %q (types: %s)"):format(tostring(given),
    type_names(info)), "range"
end


-- What a report says of the values: {index, type, unit}; nil, message, code.
local function make_view(info, given)
  local index, message, code = find_index(info, given)
  if not index then
    return nil, message, code
  end
  local kind = info.sample_types[index]
  return { index = index, type = kind.type, unit = kind.unit }
end


-- Rows and a view of them, or nil, message, code.
local function load_rows(profile, given)
  local view, message, code = make_view(profile:info(), given)
  if not view then
    return nil, message, code
  end
  local rows, total, why = profile:rows(view.index)
  if not rows then
    return nil, total, why
  end
  view.total = total
  return rows, view
end


local profile_methods = {}


--- The functions with the largest values, as data.
---@param given? table {n = 20, sort = "flat"|"cum", index = name or number}
---@return table[]|nil rows {name, filename, start_line, flat, cum,
---  flat_share, sum_share, cum_share}; shares are parts of 1
---@return string|number total of all samples, or a message
---@return string? code "range"
function profile_methods:top_rows(given)
  local asked, message, code = options.check(TOP,
    given == nil and {} or given, "profile:top_rows", 2)
  if not asked then
    return nil, message, code
  end
  local rows, view, why = load_rows(self, asked.index)
  if not rows then
    return nil, view, why
  end
  return top.rows(rows, view.total, asked), view.total
end


--- The table of `go tool pprof -top`.
---@param given? table {n = 20, sort = "flat"|"cum", index = name or number}
---@return string|nil text lines, each with its line end
---@return string? message
---@return string? code "range"
function profile_methods:top(given)
  local asked, message, code = options.check(TOP,
    given == nil and {} or given, "profile:top", 2)
  if not asked then
    return nil, message, code
  end
  local rows, view, why = load_rows(self, asked.index)
  if not rows then
    return nil, view, why
  end
  return table.concat(top.lines(rows, view, asked), "\n") .. "\n"
end


--- The readable form: a header, then every stack with its values.
---@param debug? integer 1, the default and only form
---@return string|nil text
---@return string? message
---@return string? code "range"
function profile_methods:text(debug)
  if debug ~= nil and debug ~= 1 then
    return nil, "profile:text: debug must be 1, got " .. tostring(debug),
      "range"
  end
  local rows, view, code = load_rows(self)
  if not rows then
    return nil, view, code
  end
  return text.render(self:info(), self:stacks(view.index), view)
end


-- The core's own `folded`, `rows` and `stacks` take a number only. This calls
-- one of them for a type that is given by name, number, or not at all.
local function by_type(method)
  return function(self, given)
    local view, message, code = make_view(self:info(), given)
    if not view then
      return nil, message, code
    end
    return method(self, view.index)
  end
end


local function wrap_folded(fold)
  fold = by_type(fold)
  --- Folded stacks, "root;…;leaf value" a line, sorted.
  ---@param given? string|integer the sample type: its name or its number
  ---@return string|nil lines
  ---@return string? message
  ---@return string? code "range"
  return function(self, given)
    local lines, message, code = fold(self, given)
    if not lines then
      return nil, message, code
    end
    return folded.sort(lines)
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

local PATH = {
  text = "path",
  fits = function(value)
    return type(value) == "string"
  end,
}

-- What the argument of a method must be; `top` and `top_rows` look themselves.
local TAKES = {
  encode = INTEGER,
  folded = INDEX,
  rows = INDEX,
  stacks = INDEX,
  write = PATH,
}


local function is_profile(value, methods)
  local mt = getmetatable(value)
  return type(mt) == "table" and rawequal(mt.__index, methods)
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
    end
    return method(self, given, ...)
  end
end


--- Adds the reports to the core's table of methods. May be called twice.
---@param methods table `core.profile_methods`
function M.install(methods)
  if methods.top then
    return
  end
  for name, method in pairs(profile_methods) do
    methods[name] = method
  end
  methods.folded = wrap_folded(methods.folded)
  methods.rows = by_type(methods.rows)
  methods.stacks = by_type(methods.stacks)
  for name, method in pairs(methods) do
    if type(method) == "function" then
      methods[name] = guard(methods, name, method)
    end
  end
end


return M
