-- Options of the command line out of the declarations that the library checks
-- its own by (cprof.options): a name is declared once and is the same in Lua
-- and in the shell, where `_` is written `-` (and `_` is taken, too).

local options = require "cprof.options"

local format = string.format

local M = {}


local function long_name(field)
  return "--" .. field.name:gsub("_", "-")
end


-- "-n", or "--show-from"; what argparse takes as the option's names.
local function names(field)
  if #field.name == 1 then
    return "-" .. field.name
  end
  return (field.short and "-" .. field.short .. " " or "") .. long_name(field)
end


-- ---------------------------------------------------------------- types ----

-- A whole number in the range of the field: text -> number | nil, message.
local function to_number(field)
  return function(text)
    local number = tonumber(text)
    if number and number % 1 == 0 and number >= field.min
      and number <= field.max then
      return number
    end
    return nil, format("option '%s' needs a whole number from %d to %d, "
      .. "got '%s'", names(field):match("%S+$"), field.min, field.max, text)
  end
end


local function to_real(field)
  return function(text)
    local number = tonumber(text)
    if number and number >= field.min and number <= field.max then
      return number
    end
    return nil, format("option '%s' needs a number from %g to %g, got '%s'",
      names(field):match("%S+$"), field.min, field.max, text)
  end
end


local SIZE_MAX = 2 ^ 53 -- a double has every whole number up to it
local SIZE_FACTORS = {
  [""] = 1, b = 1, kb = 2 ^ 10, kib = 2 ^ 10, mb = 2 ^ 20, mib = 2 ^ 20,
  gb = 2 ^ 30, gib = 2 ^ 30, tb = 2 ^ 40, tib = 2 ^ 40,
}


-- "512MiB" -> bytes | nil, message.
local function to_size(field)
  return function(text)
    local number, unit = text:match("^(%d+%.?%d*)(%a*)$")
    local factor = unit and SIZE_FACTORS[unit:lower()]
    local size = factor and math.floor(tonumber(number) * factor)
    if size and size >= 1 and size <= SIZE_MAX then
      return size
    end
    return nil, format("option '%s' needs a size such as 512MiB or 4GiB, "
      .. "got '%s'", long_name(field), text)
  end
end


local CONVERTERS = { number = to_number, real = to_real, size = to_size }

local ARGNAMES = {
  number = "N", real = "X", size = "SIZE", pattern = "REGEX", text = "TEXT",
  index = "TYPE",
}


local function help_text(field, message)
  local text = message or field.message
  if field.default ~= nil and type(field.default) ~= "boolean" then
    text = format("%s (default: %s)", text, tostring(field.default))
  end
  return text:sub(1, 1):upper() .. text:sub(2) .. "."
end


-- ------------------------------------------------------------ declaring ----

local function declare_flag(command, field)
  local is_on = field.default == true
  local flag
  if is_on then
    flag = command:flag("--no-" .. long_name(field):sub(3),
      help_text(field, field.off)):action("store_false")
  else
    flag = command:flag(names(field), help_text(field))
  end
  flag:target(field.name)
  if field.name:find("_", 1, true) then
    flag:hidden_name((is_on and "--no_" or "--") .. field.name)
  end
end


local function declare_option(command, field)
  local option = command:option(names(field), help_text(field))
    :target(field.name)
  if field.choices then
    option:choices(field.choices)
  else
    option:argname(field.argname or ARGNAMES[field.type])
  end
  if field.name:find("_", 1, true) then
    option:hidden_name("--" .. field.name)
  end
  if CONVERTERS[field.type] then
    option:convert(CONVERTERS[field.type](field))
  end
  if field.is_list then
    option:count("*")
  end
end


--- Declares what comes before the files: fields with `positional`.
---@param command table argparse's command
---@param fields table[]
function M.declare_positional(command, fields)
  for _, field in ipairs(fields) do
    if field.positional then
      command:argument(field.name, help_text(field))
    end
  end
end


--- Declares options.
---@param command table argparse's command
---@param fields table[] declarations as cprof.options knows them; and of the
---  type "size" ("512MiB", gives bytes); with `is_list` one may come often; a
---  boolean that is true by default says in `off` what its --no- does
function M.declare(command, fields)
  for _, field in ipairs(fields) do
    if field.type == "boolean" then
      declare_flag(command, field)
    elseif field.type ~= "profile" and not field.positional then
      declare_option(command, field)
    end
  end
end


--- What was asked of these fields, for the library to check.
---@param fields table[]
---@param asked table what argparse read
---@return table given
function M.pick(fields, asked)
  local given = {}
  for _, field in ipairs(fields) do
    given[field.name] = asked[field.name]
  end
  return given
end


--- Checks what was asked; what the library raises for misuse is an answer here.
---@param fields table[]
---@param asked table what argparse read
---@return table|nil values
---@return string? message
---@return string? code "usage", "range"
function M.check(fields, asked)
  local ok, values, message, code = pcall(options.check, fields,
    M.pick(fields, asked), "", 0)
  if ok then
    return values, message and message:gsub("^: ", ""), code
  end
  return nil, tostring(values):gsub("^: ", ""), "usage"
end


return M
