-- What -raw says, read as a whole: with ids that count from 1, and as sums of
-- each stack with its labels, whatever the order and the ids.

local M = {}

local LABELS = "                " -- lines of labels begin with it


-- The three parts of -raw.
local function split(raw)
  local first = raw:find("\nLocations\n", 1, true)
  local last = raw:find("\nMappings\n", 1, true)
  return raw:sub(1, first - 1), raw:sub(first, last - 1), raw:sub(last)
end


-- The entries of a section, numbered from 1, and their old numbers.
local function number(section)
  local ids, count = {}, 0
  section = section:gsub("\n *(%d+): 0x", function(id)
    count = count + 1
    ids[id] = tostring(count)
    return "\n" .. count .. ": 0x"
  end)
  return section, ids
end


--- -raw with ids that count from 1 in the order of the file, as cprof writes
--- them.
---@param raw string
---@return string
function M.renumber(raw)
  local samples, locations, mappings = split(raw)
  local mapping_ids, ids
  mappings, mapping_ids = number(mappings)
  locations, ids = number(locations)
  samples = samples:gsub("(\n[ %d%-]+: )([%d ]+)", function(sum, list)
    return sum .. list:gsub("%d+", ids)
  end)
  return samples .. locations:gsub(" M=(%d+) ", function(id)
    return " M=" .. mapping_ids[id] .. " "
  end) .. mappings
end


-- The text of each entry of a section by its number.
local function entries(section)
  local texts, current = {}, nil
  for line in section:gmatch("[^\n]+") do
    local id, text = line:match("^ *(%d+): (0x.*)$")
    if id then
      current = id
      texts[id] = text
    elseif current then
      texts[current] = texts[current] .. "\n" .. line
    end
  end
  return texts
end


local function values_of(text)
  local values = {}
  for value in text:gmatch("%-?%d+") do
    values[#values + 1] = tonumber(value) + 0.0
  end
  return values
end


local function add(sums, key, values)
  local sum = sums[key]
  if not sum then
    sums[key] = values
    return
  end
  for i, value in ipairs(values) do
    sum[i] = sum[i] + value
  end
end


local function is_zero(values)
  for _, value in ipairs(values) do
    if value ~= 0 then
      return false
    end
  end
  return true
end


-- Sums as text; those of zeros are none.
local function finish(sums)
  local out = {}
  for key, values in pairs(sums) do
    if not is_zero(values) then
      for i, value in ipairs(values) do
        values[i] = ("%.17g"):format(value)
      end
      out[key] = table.concat(values, " ")
    end
  end
  return out
end


--- The sums of a profile: every stack spelled out, with its labels.
---@param raw string
---@return table<string, string> values by stack
function M.sums(raw)
  local samples, locations, mappings = split(raw)
  local objects, places, sums = entries(mappings), entries(locations), {}
  for id, text in pairs(places) do
    places[id] = text:gsub(" M=(%d+) ", function(mapping)
      return " <" .. objects[mapping] .. "> "
    end)
  end
  local key, values
  for line in (samples:match("\nSamples:\n[^\n]*\n(.*)$") or "")
    :gmatch("[^\n]+") do
    local numbers, ids = line:match("^([ %d%-]+): ([%d ]*)$")
    if line:sub(1, #LABELS) == LABELS and not numbers then
      key = key .. "\n" .. line
    else
      if key then
        add(sums, key, values)
      end
      key, values = ids:gsub("%d+", places), values_of(numbers)
    end
  end
  if key then
    add(sums, key, values)
  end
  return finish(sums)
end


return M
