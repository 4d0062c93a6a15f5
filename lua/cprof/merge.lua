-- Merging, subtracting, scaling and normalizing profiles: which sample types
-- the result has and how each profile's values go in. The core does the work.
-- As in pprof, types are those that all profiles have, in the first one's
-- order, each in the finest unit that any of them uses. Comments come each
-- once, as in pprof, but for cprof's own counters, which add up.

local core = require "cprof.core"
local units = require "cprof.units"

local M = {}

--- What `profile:diff` takes beside the base.
M.DIFF = {
  {
    name = "label", type = "boolean", default = false,
    message = "mark the base's samples with the label pprof::base",
  },
}

-- How the numbers in comments "cprof.<key>=<number>" of several profiles make
-- one.
local COUNTERS = {
  handler_ns = "sum", hooked = "sum", late = "sum", lines_hook = "sum",
  lines_live = "sum", lost = "sum", lost_ns = "sum", memory_bytes = "max",
  merged = "sum", other = "sum", rested = "sum", restarts = "sum",
  safepoint_ns = "sum", signals = "sum",
}

local DIGITS_MAX = 15 -- of a counter: below 2^53 = 9.007e15 doubles are exact

-- What messages call a profile and its base.
local PAIR = { "the profile", "the base" }


-- ------------------------------------------------------------- messages ----

local function type_text(kind)
  return kind.type == "" and kind.unit == "" and "none"
    or kind.type .. "/" .. kind.unit
end


local function types_text(kinds)
  local texts = {}
  for i, kind in ipairs(kinds) do
    texts[i] = type_text(kind)
  end
  return #texts == 0 and "none" or table.concat(texts, ", ")
end


local function mismatch(what, advice, a, b)
  return nil, ("%s: %s has %s; %s has %s; %s"):format(what, a.name, a.text,
    b.name, b.text, advice), "format"
end


-- ---------------------------------------------------------------- units ----

-- The finest of the units, or nil and the numbers of two that do not convert.
local function finest_unit(kinds)
  local finest, at = kinds[1].unit, 1
  for i = 2, #kinds do
    local unit = kinds[i].unit
    local ratio = units.ratio(unit, finest)
    if not ratio then
      return nil, at, i
    elseif ratio < 1 then
      finest, at = unit, i
    end
  end
  return finest
end


-- The type that all kinds become, or nil and two that do not go together.
local function common_kind(kinds)
  for i = 2, #kinds do
    if kinds[i].type ~= kinds[1].type then
      return nil, 1, i
    end
  end
  local unit, a, b = finest_unit(kinds)
  if not unit then
    return nil, a, b
  end
  return { type = kinds[1].type, unit = unit }
end


-- --------------------------------------------------------------- columns ----

-- Are the types of all profiles the same, in the same places?
local function are_alike(infos)
  local first = infos[1].sample_types
  for i = 2, #infos do
    local kinds = infos[i].sample_types
    if #kinds ~= #first then
      return false
    end
    for j, kind in ipairs(kinds) do
      if kind.type ~= first[j].type then
        return false
      end
    end
  end
  return true
end


-- By name of the type: where it is first.
local function index_types(kinds)
  local places = {}
  for i, kind in ipairs(kinds) do
    places[kind.type] = places[kind.type] or i
  end
  return places
end


-- The places of a type in all profiles, or nil when one lacks it.
local function find_columns(places, name)
  local columns = {}
  for i, place in ipairs(places) do
    if not place[name] then
      return nil
    end
    columns[i] = place[name]
  end
  return columns
end


-- A list of types in common, each the list of its places in all profiles.
local function common_columns(infos)
  local common, places = {}, {}
  local is_alike = are_alike(infos)
  for i, info in ipairs(infos) do
    places[i] = index_types(info.sample_types)
  end
  for i, kind in ipairs(infos[1].sample_types) do
    local columns
    if is_alike then -- then a name that is there twice stays twice
      columns = {}
      for j = 1, #infos do
        columns[j] = i
      end
    elseif places[1][kind.type] == i then
      columns = find_columns(places, kind.type)
    end
    common[#common + 1] = columns
  end
  return common
end


-- ----------------------------------------------------------------- plans ----

-- Those of the kinds whose types a profile has.
local function keep_kinds(kinds, places)
  local kept = {}
  for _, kind in ipairs(kinds) do
    if places[kind.type] then
      kept[#kept + 1] = kind
    end
  end
  return kept
end


-- Names the first profile that has nothing of what those before it share.
local function no_common(infos, names, advice)
  local shared, i = infos[1].sample_types, 2
  while i < #infos do
    local kept = keep_kinds(shared, index_types(infos[i].sample_types))
    if #kept == 0 then
      break
    end
    shared, i = kept, i + 1
  end
  local those = i > 2 and names[1] .. " in common with those after it"
    or names[1]
  return mismatch("no sample type in common",
    advice or "merge profiles of one kind",
    { name = those, text = types_text(shared) },
    { name = names[i], text = types_text(infos[i].sample_types) })
end


-- The period type of the result, or nil, message, code.
local function common_period(infos, names)
  local kinds = {}
  for i, info in ipairs(infos) do
    kinds[i] = info.period_type
  end
  local kind, a, b = common_kind(kinds)
  if not kind then
    return mismatch("different period types",
      "merge profiles of one kind",
      { name = names[a], text = type_text(kinds[a]) },
      { name = names[b], text = type_text(kinds[b]) })
  end
  return kind
end


-- Adds a type to the plan, or answers nil, message, code.
local function plan_type(plan, infos, columns, names)
  local kinds = {}
  for i, column in ipairs(columns) do
    kinds[i] = infos[i].sample_types[column]
  end
  local kind, a, b = common_kind(kinds)
  if not kind then
    return mismatch("units that do not convert",
      "merge profiles of one kind",
      { name = names[a], text = type_text(kinds[a]) },
      { name = names[b], text = type_text(kinds[b]) })
  end
  local at = #plan.head.types + 1
  plan.head.types[at] = kind
  for i, source in ipairs(plan.sources) do
    source.columns[at] = columns[i]
    source.ratios[at] = units.ratio(kinds[i].unit, kind.unit)
  end
  return true
end


local function new_sources(profiles, infos, period_type)
  local sources = {}
  for i, profile in ipairs(profiles) do
    sources[i] = {
      profile = profile, columns = {}, ratios = {},
      period_ratio = units.ratio(infos[i].period_type.unit, period_type.unit),
    }
  end
  return sources
end


-- What the core is asked to merge, {head =, sources =}; nil, message, code.
local function make_plan(profiles, names)
  local infos = {}
  for i, profile in ipairs(profiles) do
    infos[i] = profile:info()
  end
  local common = common_columns(infos)
  if #common == 0 and not are_alike(infos) then
    return no_common(infos, names)
  end
  local period_type, message, code = common_period(infos, names)
  if not period_type then
    return nil, message, code
  end
  local plan = {
    head = { types = {}, period_type = period_type },
    sources = new_sources(profiles, infos, period_type),
  }
  for _, columns in ipairs(common) do
    local ok, why, kind = plan_type(plan, infos, columns, names)
    if not ok then
      return nil, why, kind
    end
  end
  return plan
end


-- -------------------------------------------------------------- comments ----

-- The key and the number of one of cprof's counters, or nil.
local function read_counter(comment)
  local key, digits = comment:match("^cprof%.([a-z_]+)=(%d+)$")
  if key and COUNTERS[key] and #digits <= DIGITS_MAX then
    return key, tonumber(digits)
  end
end


local function count_up(counters, key, number)
  local known = counters[key]
  if COUNTERS[key] == "max" then
    counters[key] = math.max(known or 0, number)
  else
    counters[key] = (known or 0) + number
  end
end


--- The counters in comments, those of one key made one.
---@param lists string[][] lists of comments
---@return table<string, number> counters by key, without "cprof."
function M.counters(lists)
  local counters = {}
  for _, comments in ipairs(lists) do
    for _, comment in ipairs(comments) do
      local key, number = read_counter(comment)
      if key then
        count_up(counters, key, number)
      end
    end
  end
  return counters
end


-- The comments of all in order, each counter where it came first. Others may
-- come twice, which the core does not mind.
local function join_comments(lists, counters)
  local joined, seen = {}, {}
  for _, comments in ipairs(lists) do
    for _, comment in ipairs(comments) do
      local key = read_counter(comment)
      if not key then
        joined[#joined + 1] = comment
      elseif not seen[key] then
        seen[key] = true
        joined[#joined + 1] = ("cprof.%s=%.0f"):format(key, counters[key])
      end
    end
  end
  return joined
end


-- The comments of a merge, or nil: without counters the core does it.
local function merge_comments(profiles)
  local lists = {}
  for i, profile in ipairs(profiles) do
    lists[i] = profile:info().comments
  end
  local counters = M.counters(lists)
  return next(counters) and join_comments(lists, counters) or nil
end


-- --------------------------------------------------------------- wording ----

-- What messages call the profiles: as given, else by the defaults.
local function fill_names(names, defaults)
  local filled = {}
  for i, default in ipairs(defaults) do
    filled[i] = names and names[i] or default
  end
  return filled
end


local function numbered(profiles)
  local names = {}
  for i = 1, #profiles do
    names[i] = "profile " .. i
  end
  return names
end


local function multiply(source, ratio)
  for i, value in ipairs(source.ratios) do
    source.ratios[i] = value * ratio
  end
end


-- ---------------------------------------------------------------- public ----

--- Whether two profiles have a sample type in common.
---@param profile table as `profile:info()` gives it
---@param base table the same
---@param advice string what to do instead
---@return boolean|nil ok
---@return string? message
---@return string? code "format"
function M.check_common(profile, base, advice)
  local infos = { profile, base }
  if #common_columns(infos) == 0 then
    return no_common(infos, PAIR, advice)
  end
  return true
end


--- The sum of profiles. Counters of cprof's, such as cprof.lost, add up.
---@param profiles table[] at least one
---@param names? string[] what messages call them, "profile 1" and so on by
---  default
---@return userdata|nil profile
---@return string? message
---@return string? code "format": they do not go together; "memory", "limit"
function M.merge(profiles, names)
  if type(profiles) ~= "table" or #profiles == 0 then
    error("merge: a list of profiles expected", 2)
  end
  local plan, message, code = make_plan(profiles,
    fill_names(names, numbered(profiles)))
  if not plan then
    return nil, message, code
  end
  plan.head.comments = merge_comments(profiles)
  return core.merge(plan.head, plan.sources)
end


--- One profile without another, value by value; what is less gets negative.
---@param profile userdata
---@param base userdata is subtracted
---@param asked? table {label = false}; with true the base's samples stay apart
---  from the others by the label pprof::base=true, and reports show shares of
---  the base, as `go tool pprof -diff_base` does
---@param names? string[] what messages call the two
---@return userdata|nil profile
---@return string? message
---@return string? code "format": they do not go together; "memory", "limit"
function M.diff(profile, base, asked, names)
  local plan, message, code = make_plan({ profile, base },
    fill_names(names, PAIR))
  if not plan then
    return nil, message, code
  end
  multiply(plan.sources[2], -1)
  plan.sources[2].is_base = asked ~= nil and asked.label == true
  return core.merge(plan.head, plan.sources)
end


local function is_finite(number)
  return number - number == 0
end


-- The ratio of each type, or nil, message, code.
local function list_ratios(kinds, asked)
  if type(asked) == "number" then
    local ratios = {}
    for i = 1, #kinds do
      ratios[i] = asked
    end
    return ratios
  end
  local places, ratios = index_types(kinds), {}
  for name in pairs(asked) do
    if not places[name] then
      return nil, ("no sample type %q (types: %s)"):format(tostring(name),
        types_text(kinds)), "range"
    end
  end
  for i, kind in ipairs(kinds) do
    ratios[i] = asked[kind.type] or 1
  end
  return ratios
end


-- What is wrong with a ratio and the code, or nothing.
local function check_ratio(ratio)
  if type(ratio) ~= "number" then
    return ("scale: number expected, got %s"):format(type(ratio)), "misuse"
  elseif not is_finite(ratio) then
    return "scale: a ratio must be finite", "range"
  end
end


local function check_ratios(asked)
  if type(asked) ~= "table" then
    return check_ratio(asked)
  end
  for _, ratio in pairs(asked) do
    local wrong, code = check_ratio(ratio)
    if wrong then
      return wrong, code
    end
  end
end


-- The profile with its values multiplied by the ratio of each type.
local function scale_by(profile, ratios)
  local plan, message, code = make_plan({ profile }, PAIR)
  if not plan then
    return nil, message, code
  end
  plan.sources[1].ratios = ratios
  return core.merge(plan.head, plan.sources)
end


--- A profile with its values multiplied; half is rounded away from zero.
---@param profile userdata
---@param ratio number|table of all values, or by name of the type, 1 for the
---  types that are not named
---@return userdata|nil profile
---@return string? message
---@return string? code "range": no such type, or a ratio that is not finite
function M.scale(profile, ratio)
  local wrong, kind = check_ratios(ratio)
  if kind == "misuse" then
    error(wrong, 2)
  elseif wrong then
    return nil, wrong, kind
  end
  local ratios, message, code =
    list_ratios(profile:info().sample_types, ratio)
  if not ratios then
    return nil, message, code
  end
  return scale_by(profile, ratios)
end


--- A profile scaled so that each type's total is that of the base. It keeps
--- the types that both have.
---@param profile userdata
---@param base userdata
---@param names? string[] what messages call the two
---@return userdata|nil profile
---@return string? message
---@return string? code "format": they do not go together; "memory", "limit"
function M.normalize(profile, base, names)
  local plan, message, code = make_plan({ profile, base },
    fill_names(names, PAIR))
  if not plan then
    return nil, message, code
  end
  local own, other = plan.sources[1], plan.sources[2]
  local own_sums, base_sums = core.sums(profile), core.sums(base)
  for i, column in ipairs(own.columns) do
    local own_sum = own_sums[column]
    local base_sum = base_sums[other.columns[i]] * other.ratios[i]
    own.ratios[i] = own_sum == 0 and 0 or base_sum / own_sum
  end
  return core.merge(plan.head, { own })
end


return M
