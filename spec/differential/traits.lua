-- What a profile has to be asked for: the words that the cases of
-- spec/differential/cases.lua put into their expressions. Always the same for
-- the same file.

local M = {}


local function by_value(a, b)
  if a.value ~= b.value then
    return a.value > b.value
  end
  return a.name < b.name
end


-- The keys of a table of sums, the largest first.
local function sorted(sums)
  local list = {}
  for name, value in pairs(sums) do
    list[#list + 1] = { name = name, value = value }
  end
  table.sort(list, by_value)
  for i, entry in ipairs(list) do
    list[i] = entry.name
  end
  return list
end


local function add(sums, name, value)
  if name and name ~= "" then
    sums[name] = (sums[name] or 0) + math.abs(value)
  end
end


local function add_frames(sums, stack)
  local seen = {}
  for i, frame in ipairs(stack.frames) do
    local name = frame.name or ""
    if i == 1 then
      add(sums.leaves, name, stack.value)
    end
    if not seen[name] then
      seen[name] = true
      add(sums.names, name, stack.value)
    end
    add(sums.files, frame.filename, 1)
  end
end


local function add_labels(sums, stack)
  for key, value in pairs(stack.labels) do
    if type(value) == "number" then
      add(sums.numbers, key, 1)
      sums.number[key] = sums.number[key] or value
    else
      add(sums.keys, key, 1)
      sums.texts[key] = sums.texts[key] or {}
      add(sums.texts[key], value, 1)
    end
  end
end


--- The traits of a profile.
---@param profile any
---@return table traits {types, unit, leaves, names, files, objects, keys,
---  texts (by key), numbers (keys), number (a value by key)}; lists by weight
function M.of(profile)
  local info = profile:info()
  local sums = { leaves = {}, names = {}, files = {}, keys = {}, texts = {},
    numbers = {}, number = {} }
  for _, stack in ipairs(profile:stacks(info.default_index)) do
    add_frames(sums, stack)
    add_labels(sums, stack)
  end
  local traits = { info = info, texts = {}, number = sums.number }
  for _, kind in ipairs({ "leaves", "names", "files", "keys", "numbers" }) do
    traits[kind] = sorted(sums[kind])
  end
  for key, values in pairs(sums.texts) do
    traits.texts[key] = sorted(values)
  end
  traits.objects = {}
  for _, mapping in ipairs(info.mappings) do
    local name = mapping.filename
    if name and name ~= "" then
      traits.objects[#traits.objects + 1] = name
    end
  end
  return traits
end


--- Of a list, the one that lies at a part of its length.
---@param list string[]
---@param part number 0: the first, 1: the last
---@return string|nil
function M.at(list, part)
  return list[1 + math.floor((#list - 1) * part)]
end


--- A regular expression that matches just this text, for RE2 and PCRE.
---@param text string
---@return string
function M.escape(text)
  return (text:gsub("[%.%+%*%?%(%)%|%[%]%{%}%^%$\\]", "\\%0"))
end


return M
