-- The reports of a profile, added to the methods that the core gives it:
-- top, top_rows, text, and `folded` by type name and in a stable order.

local options = require "cprof.options"
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
    if given == i or given == kind.type then
      return i
    end
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
  local asked, message, code = options.check(TOP, given or {}, "top_rows", 2)
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
  local asked, message, code = options.check(TOP, given or {}, "top", 2)
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
    return nil, "text: debug must be 1, got " .. tostring(debug), "range"
  end
  local rows, view, code = load_rows(self)
  if not rows then
    return nil, view, code
  end
  return text.render(self:info(), self:stacks(view.index), view)
end


-- The core's own `folded` takes a number only.
local function wrap_folded(fold)
  --- Folded stacks, "root;…;leaf value" a line, sorted.
  ---@param given? string|integer the sample type: its name or its number
  ---@return string|nil lines
  ---@return string? message
  ---@return string? code "range"
  return function(self, given)
    local view, message, code = make_view(self:info(), given)
    if not view then
      return nil, message, code
    end
    local lines, why, kind = fold(self, view.index)
    if not lines then
      return nil, why, kind
    end
    return folded.sort(lines)
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
end


return M
