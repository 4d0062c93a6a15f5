-- Every filter and option that pprof and cprof both have, as cases over one
-- file: what pprof is asked for and what cprof is. A case is
--   {name, flags = {pprof's}, asked = {cprof's}, index, granularity}.

local traits_module = require "spec.differential.traits"

local at, escape = traits_module.at, traits_module.escape

local M = {}

local GRANULARITIES = { "functions", "filefunctions", "files", "lines",
  "addresses" }
local REGEX = { "focus", "ignore", "hide", "show", "show_from", "prune_from" }
local TAGS = { "tagfocus", "tagignore" }
local NOWHERE = "no such name 4711"


-- A case that asks both for the same.
local function new_case(name, options)
  local case = { name = name, flags = {}, asked = {} }
  for key, value in pairs(options) do
    case.flags[#case.flags + 1] = ("-%s=%s"):format(key, value)
    case.asked[key] = value
  end
  table.sort(case.flags)
  return case
end


local function add(cases, name, options)
  cases[#cases + 1] = new_case(name, options)
end


-- ---- the parts ------------------------------------------------------------

local function add_types(cases, traits)
  for i, kind in ipairs(traits.info.sample_types) do
    local case = new_case("sample_index=" .. kind.type, {})
    case.index = i
    cases[#cases + 1] = case
  end
end


local function add_granularities(cases)
  for _, name in ipairs(GRANULARITIES) do
    cases[#cases + 1] = {
      name = name, flags = { "-" .. name }, asked = { granularity = name },
      granularity = name,
    }
  end
end


-- Expressions over the names of this file, what they are first.
local function expressions(traits)
  local list = {}
  local function put(name, expression)
    if expression then
      list[#list + 1] = { name, expression }
    end
  end
  local leaf, name = traits.leaves[1], at(traits.names, 0.3)
  local file, object = at(traits.files, 0.4), traits.objects[1]
  put("the hottest leaf", leaf and escape(leaf))
  put("a name", name and "^" .. escape(name) .. "$")
  put("a rare name", traits.names[2]
    and escape(traits.names[#traits.names]))
  put("a part of a name", name and escape(name:match("^[%w_./]*"):sub(1, 4)))
  put("case", name and "(?i)" .. escape(name:upper():match("[%w_.]+") or "X"))
  put("either", leaf and name and escape(leaf) .. "|" .. escape(name))
  put("classes", "[A-M][a-z]+\\b|_\\w*\\d")
  put("a file", file and escape(file:match("[^/]*$")))
  put("an object", object and escape(object:match("[^/]*$")))
  put("all", ".")
  put("none", NOWHERE)
  return list
end


local function add_expressions(cases, traits)
  for _, pair in ipairs(expressions(traits)) do
    for _, option in ipairs(REGEX) do
      add(cases, option .. ": " .. pair[1], { [option] = pair[2] })
    end
  end
end


-- Tag filters over a key of texts.
local function add_text_tags(cases, traits, option)
  local key = traits.keys[1]
  if not key then
    return
  end
  local values = traits.texts[key]
  local first, last = escape(values[1]), escape(values[#values])
  for name, filter in pairs({
    ["key=value"] = key .. "=" .. first,
    ["key=part"] = key .. "=" .. escape(values[1]:sub(1, 1)),
    ["key=a,b"] = key .. "=" .. first .. "," .. last,
    ["value"] = last,
    ["key:value"] = escape(key) .. ":" .. first,
    ["a,b"] = first .. "," .. last,
    ["expression"] = "^" .. escape(key) .. ":.*[a-z0-9]$",
    ["no key"] = "nokey=" .. first,
  }) do
    add(cases, option .. ": " .. name, { [option] = filter })
  end
end


-- Tag filters over a key of numbers.
local function add_number_tags(cases, traits, option)
  for _, key in ipairs(traits.numbers) do
    local number = ("%.0f"):format(traits.number[key])
    for name, range in pairs({
      ["exact"] = number, ["exact with a unit"] = number .. "bytes",
      ["at least"] = "1kb:", ["at most"] = ":1mb", ["between"] = "100b:64kb",
      ["mixed units"] = "1:64kb", ["time"] = "1ms:2s", ["bare"] = "3:512",
      ["negative"] = "-512:0", ["signs"] = "+1kb:+2mb", ["no range"] = "1kb-",
    }) do
      add(cases, option .. ": " .. key .. " " .. name,
        { [option] = key .. "=" .. range })
      add(cases, option .. ": any " .. key .. " " .. name,
        { [option] = range })
    end
  end
end


local function add_tags(cases, traits)
  for _, option in ipairs(TAGS) do
    add_text_tags(cases, traits, option)
    add_number_tags(cases, traits, option)
  end
  for _, option in ipairs({ "tagshow", "taghide" }) do
    local key = traits.keys[1] or traits.numbers[1] or "x"
    add(cases, option, { [option] = escape(key) })
  end
end


local function add_tag_frames(cases, traits)
  local keys = {}
  for _, list in ipairs({ traits.keys, traits.numbers }) do
    for _, key in ipairs(list) do
      keys[#keys + 1] = key
    end
  end
  local first, last = keys[1] or "x", keys[#keys] or "y"
  for _, option in ipairs({ "tagroot", "tagleaf" }) do
    add(cases, option .. ": one", { [option] = first })
    add(cases, option .. ": two", { [option] = last .. "," .. first })
    add(cases, option .. ": none", { [option] = "nokey" })
  end
  add(cases, "tagroot and tagleaf", { tagroot = first, tagleaf = last })
  local value = keys[1] and traits.texts[first] and traits.texts[first][1]
  if value then
    add(cases, "tagroot and focus", { tagroot = first,
      focus = "^" .. escape(value) .. "$" })
  end
end


local function add_together(cases, traits)
  local leaf, name = traits.leaves[1], at(traits.names, 0.3)
  if not leaf or not name then
    return
  end
  leaf, name = escape(leaf), escape(name)
  local rare = escape(traits.names[#traits.names])
  add(cases, "focus, ignore", { focus = name, ignore = rare })
  add(cases, "focus, hide", { focus = leaf, hide = leaf })
  add(cases, "show, hide", { show = leaf .. "|" .. name, hide = leaf })
  add(cases, "focus, show, show_from", { focus = ".", show = "[a-z]",
    show_from = name })
  add(cases, "hide, prune_from", { hide = rare, prune_from = name })
  add(cases, "ignore, show_from, prune_from", { ignore = rare,
    show_from = name, prune_from = leaf })
  if traits.keys[1] then
    add(cases, "tagfocus, focus", { focus = name,
      tagfocus = traits.keys[1] .. "=." })
    add(cases, "tagignore, hide, tagroot", { hide = leaf,
      tagignore = traits.keys[1] .. "=zz", tagroot = traits.keys[1] })
  end
  local case = new_case("relative_percentages", { focus = name })
  case.flags[#case.flags + 1] = "-relative_percentages"
  case.asked.relative_percentages = true
  cases[#cases + 1] = case
  for _, granularity in ipairs(GRANULARITIES) do
    case = new_case(granularity .. " with filters", { focus = name,
      hide = rare })
    case.flags[#case.flags + 1] = "-" .. granularity
    case.asked.granularity, case.granularity = granularity, granularity
    cases[#cases + 1] = case
  end
end


--- All cases over a file.
---@param traits table of spec.differential.traits
---@return table[] cases in an order of their own
function M.of(traits)
  local cases = {}
  add(cases, "plain", {})
  add_types(cases, traits)
  add_granularities(cases)
  add_expressions(cases, traits)
  add_tags(cases, traits)
  add_tag_frames(cases, traits)
  add_together(cases, traits)
  table.sort(cases, function(a, b)
    return a.name < b.name
  end)
  return cases
end


return M
