-- Options, declared once as data, and their checker; those of cprof.start.
-- A declaration may also carry `short` (a letter) and `argname`, for the shell.
-- Misuse (unknown option, wrong type, unknown choice) raises at the caller's
-- line; a number out of range is an answer: nil, message, "range".

local format = string.format

local M = {}

local OWN_LABEL = "vmstate" -- the core sets it on every sample
local LABEL_MAX = 2 ^ 53 -- beyond it a double has not every whole number

--- What `cpu = { … }` takes.
M.CPU = {
  {
    name = "hz", type = "number", default = 100, min = 1, max = 10000,
    message = "samples per second of CPU time",
  },
  {
    name = "depth_max", type = "number", default = 128, min = 1, max = 512,
    message = "frames kept of a stack, from the leaf",
  },
  {
    name = "mode", type = "string", default = "l", choices = { "l", "f" },
    message = "LuaJIT's granularity: lines or functions",
  },
  {
    name = "engine", type = "string", default = "auto",
    choices = { "auto", "timer" },
    message = "what makes the samples",
  },
}

--- What cprof.start takes.
M.START = {
  {
    name = "cpu", type = "group", fields = M.CPU,
    message = "profile the CPU: true, or its options",
  },
  {
    name = "labels", type = "labels", max = 16,
    message = "labels of every sample, strings or numbers by name",
  },
  {
    name = "native", type = "string", default = "none", choices = { "none" },
    message = "native frames; they come in a later version",
  },
}


local function quoted(choices)
  local parts = {}
  for i, choice in ipairs(choices) do
    parts[i] = format("%q", choice)
  end
  return table.concat(parts, " or ")
end


-- What is wrong with the value of an option, and the code for misuse.
local function misuse(path, expected, value, message)
  local got = type(value) == "string" and format("%q", value) or type(value)
  return format("%s: %s expected, got %s (%s)", path, expected, got, message),
    "misuse"
end


local check_fields


-- One checker per type: (field, value, path) -> value | nil, message, code.
local checkers = {}


function checkers.number(field, value, path)
  if type(value) ~= "number" then
    return nil, misuse(path, "integer", value, field.message)
  end
  local whole = math.floor(value)
  if value ~= whole or value < field.min or value > field.max then
    return nil, format("%s must be an integer from %d to %d, got %s (%s)",
      path, field.min, field.max, tostring(value), field.message), "range"
  end
  return whole
end


function checkers.string(field, value, path)
  for _, choice in ipairs(field.choices) do
    if value == choice then
      return value
    end
  end
  return nil, misuse(path, quoted(field.choices), value, field.message)
end


-- A number, not only a whole one.
function checkers.real(field, value, path)
  if type(value) ~= "number" then
    return nil, misuse(path, "number", value, field.message)
  elseif not (value >= field.min and value <= field.max) then
    return nil, format("%s must be from %g to %g, got %s (%s)", path,
      field.min, field.max, tostring(value), field.message), "range"
  end
  return value
end


function checkers.text(field, value, path)
  if type(value) ~= "string" then
    return nil, misuse(path, "string", value, field.message)
  end
  return value
end


-- false is an answer of its own: see check_fields.
function checkers.boolean(field, value, path)
  if type(value) ~= "boolean" then
    return nil, misuse(path, "true or false", value, field.message)
  end
  return value
end


-- A regular expression, or a function that says whether a text is meant.
function checkers.pattern(field, value, path)
  if type(value) ~= "string" and type(value) ~= "function" then
    return nil, misuse(path, "string or function", value, field.message)
  end
  return value
end


-- The core's userdata, or what a spec puts in its place.
local function is_profile(value)
  local mt = getmetatable(value)
  local methods = type(mt) == "table" and rawget(mt, "__index")
  return type(methods) == "table"
    and type(rawget(methods, "rows")) == "function"
    and type(rawget(methods, "info")) == "function"
end


function checkers.profile(field, value, path)
  if not is_profile(value) then
    return nil, misuse(path, "profile", value, field.message)
  end
  return value
end


-- A thing of a list, by name or by number; whose list knows what there is.
function checkers.index(field, value, path)
  if type(value) ~= "string" and type(value) ~= "number" then
    return nil, misuse(path, "name or number", value, field.message)
  end
  return value
end


-- The core keeps labels as C strings.
local function holds_zero(value)
  return type(value) == "string" and value:find("\0", 1, true)
end


-- pprof keeps them as 64-bit integers.
local function is_label_number(value)
  return value >= -LABEL_MAX and value <= LABEL_MAX and value % 1 == 0
end


-- What is wrong with a label and the code, or nothing.
local function check_label(key, value, path, message)
  if type(key) ~= "string" or key == "" then
    return misuse(path, "non-empty string as a name", key, message)
  elseif key == OWN_LABEL then
    return format("%s: the name %q is cprof's own: what the VM did", path,
      key), "misuse"
  elseif holds_zero(key) or holds_zero(value) then
    return path .. ": labels hold no zero byte", "misuse"
  elseif type(value) ~= "string" and type(value) ~= "number" then
    return misuse(path .. "." .. key, "string or number", value, message)
  elseif type(value) == "number" and not is_label_number(value) then
    return format("%s.%s must be an integer of at most 2^53 in size, got %s",
      path, key, tostring(value)), "range"
  end
end


function checkers.labels(field, value, path)
  if type(value) ~= "table" then
    return nil, misuse(path, "table of strings and numbers", value,
      field.message)
  end
  local copy, count = {}, 0
  for key, label in pairs(value) do
    local wrong, code = check_label(key, label, path, field.message)
    if wrong then
      return nil, wrong, code
    end
    copy[key], count = label, count + 1
  end
  if count > field.max then
    return nil, format("%s: at most %d, got %d", path, field.max, count),
      "range"
  end
  return copy
end


-- false when the group is not wanted, which is no error.
function checkers.group(field, value, path)
  if value == false then
    return false
  elseif value == true then
    return check_fields(field.fields, {}, path .. ".")
  elseif type(value) ~= "table" then
    return nil, misuse(path, "true or a table", value, field.message)
  end
  return check_fields(field.fields, value, path .. ".")
end


local function unknown(fields, given, path)
  local known, names = {}, {}
  for i, field in ipairs(fields) do
    known[field.name], names[i] = true, field.name
  end
  for name in pairs(given) do
    if not known[name] then
      return format("unknown option '%s%s' (known options%s: %s)", path,
        tostring(name), path == "" and "" or " of " .. path:sub(1, -2),
        table.concat(names, ", "))
    end
  end
end


function check_fields(fields, given, path)
  local wrong = unknown(fields, given, path)
  if wrong then
    return nil, wrong, "misuse"
  end
  local values = {}
  for _, field in ipairs(fields) do
    local name, value = field.name, given[field.name]
    if value == nil and field.required then
      return nil, misuse(path .. name, field.required, nil, field.message)
    elseif value == nil then
      values[name] = field.default
    else
      local message, code
      value, message, code = checkers[field.type](field, value, path .. name)
      if value == nil then
        return nil, message, code
      end
      values[name] = value
    end
  end
  return values
end


--- Checks options against their declaration and fills in the defaults.
---@param fields table[] a declaration, such as `options.START`
---@param given table what the caller gave
---@param where string what the message begins with: "cprof.start"
---@param level? integer whose line misuse is raised at: 1, the default, is
---  the caller of `check`, 2 the caller's caller
---@return table|nil values every option, defaults filled in
---@return string? message
---@return string? code "range"
function M.check(fields, given, where, level)
  level = (level or 1) + 1
  if type(given) ~= "table" then
    error(format("%s: table expected, got %s", where, type(given)), level)
  end
  local values, message, code = check_fields(fields, given, "")
  if values then
    return values
  end
  message = where .. ": " .. message
  if code == "misuse" then
    error(message, level)
  end
  return nil, message, code
end


return M
