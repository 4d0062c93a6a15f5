-- What several reports do with the frames of stacks: names for them, and lists
-- in which each stands once. Pure.

local nodes = require "cprof.report.nodes"
local path = require "cprof.path"

local M = {}

-- What a node of a granularity has of a frame; a frame without a function has
-- its object, too, and its address where addresses are looked at.
local FIELDS = {
  definitions = { "name", "filename", "start_line" },
  functions = { "name" },
  filefunctions = { "name", "filename" },
  files = { "filename" },
  lines = { "name", "filename", "line" },
  addresses = { "name", "filename", "line", "address" },
}


-- Whether a frame is an address alone: the core names it by that.
local function is_address(frame)
  return frame.filename == "" and frame.start_line == 0 and frame.line == 0
    and frame.name == (frame.address or "0x0")
end


--- What `profile:rows` has for a frame.
---@param frame table of `profile:stacks`
---@param granularity string
---@return table row
---@return table parts texts and numbers, equal for frames of one node
function M.row(frame, granularity)
  local row, parts = { name = "" }, {}
  if is_address(frame) then
    row.object = frame.object
    row.address = granularity == "addresses" and frame.address or nil
    return row, { 0, row.object or "", row.address or "" }
  end
  for i, field in ipairs(FIELDS[granularity]) do
    local value = frame[field]
    if field == "filename" then
      value = path.clean(value)
    end
    row[field] = value
    parts[i] = value or ""
  end
  if row.name == "" then
    row.object = frame.object
    parts[#parts + 1] = row.object
  end
  return row, parts
end


--- How frames are named.
---@param stacks table[] all whose frames will be asked for
---@param granularity? string as options have it; definitions by default
---@return table names {label, text}: as nodes.names has them, of a frame
function M.names(stacks, granularity)
  local by_frame, by_key, rows, key_of = {}, {}, {}, nodes.keyer()
  for _, stack in ipairs(stacks) do
    for _, frame in ipairs(stack.frames) do
      if not by_frame[frame] then
        local row, parts = M.row(frame, granularity or "definitions")
        local key = key_of(parts)
        if not by_key[key] then
          by_key[key], rows[#rows + 1] = row, row
        end
        by_frame[frame] = by_key[key]
      end
    end
  end
  local names = nodes.names(rows, granularity)
  return {
    label = function(frame)
      return names.label(by_frame[frame])
    end,
    text = function(frame)
      return names.text(by_frame[frame])
    end,
  }
end


--- A list in which equal entries have one number.
---@return table list of entries; grows with use
---@return fun(key: any, entry: any): integer index numbers from 0; the entry
---  of a key that is new is appended
function M.indexer()
  local list, numbers = {}, {}
  return list, function(key, entry)
    local number = numbers[key]
    if not number then
      number = #list
      list[number + 1] = entry
      numbers[key] = number
    end
    return number
  end
end


return M
