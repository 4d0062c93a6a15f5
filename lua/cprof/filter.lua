-- Filters of profiles, with the names, meanings and order of `go tool pprof`:
-- the file's own drop_frames, tagroot and tagleaf, focus and ignore with hide
-- and show, show_from, tagfocus and tagignore, tagshow and taghide, prune_from.
-- Expressions are asked here, once for each string; the core does the rest.

local core = require "cprof.core"
local regex = require "cprof.regex"
local tags = require "cprof.tags"

local M = {}

--- What filters take. A pattern is a regular expression or a function of a
--- text; "" is no pattern.
M.OPTIONS = {
  {
    name = "focus", type = "pattern",
    message = "only stacks with a frame that matches: its function, file or "
      .. "object file",
  },
  {
    name = "ignore", type = "pattern",
    message = "no stack with a frame that matches",
  },
  {
    name = "hide", type = "pattern",
    message = "take frames that match out of stacks",
  },
  {
    name = "show", type = "pattern",
    message = "take frames that do not match out of stacks",
  },
  {
    name = "show_from", type = "pattern",
    message = "take what is above the outermost frame that matches",
  },
  {
    name = "prune_from", type = "pattern",
    message = "take what is below the innermost function that matches",
  },
  {
    name = "tagfocus", type = "pattern",
    message = "only stacks whose labels match: regex, key=regex, or a range "
      .. "such as 32kb:1mb",
  },
  {
    name = "tagignore", type = "pattern",
    message = "no stack whose labels match",
  },
  {
    name = "tagshow", type = "pattern",
    message = "only labels whose key matches",
  },
  {
    name = "taghide", type = "pattern",
    message = "no label whose key matches",
  },
  {
    name = "tagroot", type = "text",
    message = "put a frame with the value of these labels at the root",
  },
  {
    name = "tagleaf", type = "text",
    message = "put a frame with the value of these labels at the leaf",
  },
  {
    name = "drop_frames", type = "boolean", default = true,
    message = "take out the frames that the file says do not matter",
    off = "keep the frames that the file says do not matter",
  },
}

-- Filters by a string, in pprof's order, and the strings that each looks at.
local BY_STRING = {
  { "focus", "frames" },
  { "ignore", "frames" },
  { "hide", "frames" },
  { "show", "frames" },
  { "show_from", "frames" },
  { "tagshow", "keys" },
  { "taghide", "keys" },
  { "prune_from", "functions" },
}

local BY_LABELS = { "tagfocus", "tagignore" }

local UNITS_SHOWN = 3 -- of those that a warning names

-- Those that pprof tells of when nothing matches.
local WARNED = {
  "focus", "ignore", "hide", "show", "show_from", "tagfocus", "tagignore",
  "tagshow", "taghide",
}


-- nil, the message with the option's name before it, code.
local function named(name, message, code)
  return nil, name .. ": " .. message, code
end


local function is_asked(value)
  return value ~= nil and value ~= ""
end


-- ------------------------------------------------------ the file's own ----

-- Predicates (keep may be nil), or nothing, and why it cannot be.
local function compile_drop(drop_text, keep_text)
  local drop, keep, message
  drop, message = regex.compile_whole(drop_text)
  if drop and keep_text ~= "" then
    keep, message = regex.compile_whole(keep_text)
  end
  if message then
    return nil, message
  end
  return drop, keep
end


-- The masks of drop_frames and keep_frames, none when there is nothing to drop;
-- nil, message, code. What cannot be compiled is not applied, as in pprof.
local function drop_masks(profile, warnings)
  local drop_text, keep_text = core.frame_patterns(profile)
  if drop_text == "" then
    return {}
  end
  local drop, keep = compile_drop(drop_text, keep_text)
  if not drop then
    warnings[#warnings + 1] = "the file's own drop_frames is not applied: "
      .. keep
    return {}
  end
  local masks = {}
  for name, match in pairs({ drop_frames = drop, keep_frames = keep }) do
    local mask, message, code = regex.catch(core.match, profile, match,
      "functions")
    if not mask then
      return named("the file's own " .. name, message .. " (drop_frames = "
        .. "false leaves it out)", code)
    end
    masks[name] = mask
  end
  return masks
end


-- --------------------------------------------------------------- tags ----

local function is_any_there(texts)
  for _, text in ipairs(texts) do
    if text ~= "" then
      return true
    end
  end
  return false
end


-- The profile with frames at the root or the leaf; nil, message, code.
local function add_frames(profile, name, keys, unit, warnings)
  local is_found = false
  local root_count = name == "tagroot" and #keys or 0
  local tagged, message, code = core.tag_frames(profile, keys, root_count,
    function(labels)
      local texts = {}
      for i, key in ipairs(keys) do
        texts[i] = tags.text(labels, key, unit)
      end
      is_found = is_found or is_any_there(texts)
      return texts
    end)
  if not tagged then
    return named(name, message, code)
  end
  if not is_found then
    warnings[#warnings + 1] = ("%s: no sample has the label %s"):format(name,
      regex.show(table.concat(keys, ",")))
  end
  return tagged
end


-- The profile with the frames of one option. What the file drops is dropped
-- before: the masks are used up. nil, message, code.
local function tag_one(profile, masks, name, asked, warnings)
  local keys = tags.keys(asked[name] or "")
  if #keys == 0 then
    return profile, masks
  end
  local dropped, message, code = profile, nil, nil
  if next(masks) then
    dropped, message, code = core.filter(profile, masks)
  end
  if dropped then
    dropped, message, code = add_frames(dropped, name, keys,
      asked.unit or "minimum", warnings)
  end
  if not dropped then
    return nil, message, code
  end
  return dropped, {}
end


-- The profile with the frames of tagroot and tagleaf, and the masks of what the
-- file drops if that is still to do. nil, message, code.
local function tag_all(profile, asked, warnings)
  local masks, message, code = {}, nil, nil
  if asked.drop_frames ~= false then
    masks, message, code = drop_masks(profile, warnings)
  end
  if masks then
    profile, masks, code = tag_one(profile, masks, "tagroot", asked, warnings)
    if not profile then
      return nil, masks, code
    end
    return tag_one(profile, masks, "tagleaf", asked, warnings)
  end
  return nil, message, code
end


-- -------------------------------------------------------------- masks ----

-- The mask of a pattern, or nil, message, code.
local function string_mask(profile, pattern, role)
  local match, message, code = regex.compile(pattern)
  if not match then
    return nil, message, code
  end
  return regex.catch(core.match, profile, match, role)
end


local function add_string_masks(profile, asked, masks)
  for _, entry in ipairs(BY_STRING) do
    local name, role = entry[1], entry[2]
    if is_asked(asked[name]) then
      local mask, message, code = string_mask(profile, asked[name], role)
      if not mask then
        return named(name, message, code)
      end
      masks[name] = mask
    end
  end
  return true
end


local function sorted_keys(set)
  local keys = {}
  for key in pairs(set) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end


-- The first few of a set, and how many more there are.
local function some_of(set)
  local keys = sorted_keys(set)
  local more = #keys - UNITS_SHOWN
  return table.concat(keys, ", ", 1, math.min(#keys, UNITS_SHOWN))
    .. (more > 0 and (" and %d more"):format(more) or "")
end


local function warn_units(units, others, warnings)
  for _, key in ipairs(sorted_keys(others)) do
    warnings[#warnings + 1] = ("label %s: numbers are taken for %s, though "
      .. "some are in %s"):format(regex.show(key), units[key],
      some_of(others[key]))
  end
end


-- A function that finds the units of numeric labels once.
local function new_units(profile, warnings)
  local units
  return function()
    if units then
      return units
    end
    local found, others, code = tags.units(profile)
    if not found then
      return nil, others, code
    end
    units = found
    warn_units(units, others, warnings)
    return units
  end
end


-- The mask of a filter of labels and whether it is a range of numbers, or nil,
-- message, code.
local function label_mask(profile, pattern, get_units)
  local match, is_range, code = tags.compile(pattern, get_units)
  if not match then
    return nil, is_range, code
  end
  local mask, message, why = regex.catch(core.match_samples, profile, match)
  if not mask then
    return nil, message, why
  end
  return mask, is_range
end


-- `ranges` gets the names of filters that are ranges.
local function add_label_masks(profile, asked, masks, get_units, ranges)
  for _, name in ipairs(BY_LABELS) do
    if is_asked(asked[name]) then
      local mask, is_range, code = label_mask(profile, asked[name], get_units)
      if not mask then
        return named(name, is_range, code)
      end
      masks[name], ranges[name] = mask, is_range
    end
  end
  return true
end


-- ---------------------------------------------------------------- run ----

local function warn_unmatched(asked, found, ranges, warnings)
  for _, name in ipairs(WARNED) do
    if is_asked(asked[name]) and not found[name] then
      local value = asked[name]
      warnings[#warnings + 1] = name .. ": nothing matches"
        .. (type(value) == "string" and " " .. regex.show(value) or "")
        .. (ranges[name] and ", which is read as a range of numbers" or "")
    end
  end
end


--- Filters a profile. Its samples that become equal are one afterwards, and
--- those whose values are all 0 are gone; with nothing to do it is the same.
---@param profile userdata
---@param asked table values of M.OPTIONS, and `unit`: that of numbers in frames
---  of tagroot and tagleaf, by default the one that fits
---@return userdata|nil profile
---@return string[]|string warnings what matched nothing or was not applied; or
---  a message
---@return string? code "range": a pattern or range is wrong; "limit": one takes
---  too long; "state": a library is missing; "memory". An error of a function
---  that was given goes through.
function M.run(profile, asked)
  local warnings, ranges = {}, {}
  local get_units = new_units(profile, warnings) -- of the profile as it came
  local tagged, masks, code = tag_all(profile, asked, warnings)
  if not tagged then
    return nil, masks, code
  end
  local ok, message, why = add_string_masks(tagged, asked, masks)
  if ok then
    ok, message, why = add_label_masks(tagged, asked, masks, get_units, ranges)
  end
  if not ok then
    return nil, message, why
  elseif not next(masks) then
    return tagged, warnings
  end
  local filtered, found, kind = core.filter(tagged, masks)
  if not filtered then
    return nil, found, kind
  end
  warn_unmatched(asked, found, ranges, warnings)
  return filtered, warnings
end


return M
