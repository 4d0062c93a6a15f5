-- Random texts over what the Lua half reads: expressions, tag filters, keys,
-- profiles with a byte changed, and legacy files. An error is nil, message,
-- code; whatever is raised, or a result that is neither, ends this with 1.
-- Run: text.lua SECONDS [SEED]; needs the core, see run.sh.

package.path = "./?.lua;" .. package.path

local cprof = require "cprof"
local legacy = require "cprof.legacy"
local random = require "spec.differential.random"

local SECONDS = tonumber(arg[1]) or 5
local SEED = tonumber(arg[2]) or os.time()

local CODES = { range = true, limit = true, state = true, format = true,
  memory = true }
local KINDS = { "top", "tree", "peek", "traces", "folded", "json",
  "speedscope", "callgrind", "tags", "info", "text" }
local EXPRESSIONS = { "focus", "ignore", "hide", "show", "show_from",
  "prune_from", "tagfocus", "tagignore", "tagshow", "taghide" }
local PARTS = { "(", ")", "(?:", "(?i)", "[", "]", "[^a-", "{2,", "{99999}",
  "*", "+", "?", "|", "^", "$", ".", "\\", "\\d", "\\1", "\\K", "\\p{L}", "a",
  "main", "\0", "\255", "\195\169", "(?R)", "(*F)", "(*UTF)", "(?C1)", "\n",
  "(a+)+$", "(?<=", "(?P<n>", "(?(1)" }
local RANGES = { "1", "-1", "+7", "kb", "mb", "ms", ":", "=", ",", "bytes",
  "size", " ", "99999999999999999999", "9223372036854775807", "0x1", "1e3",
  "\0", "route", "widgets", "%", "hrs" }


-- ---- choosing -------------------------------------------------------------

local function pick(list)
  return list[math.random(#list)]
end


local function text_of(parts, most)
  local out = {}
  for i = 1, math.random(0, most) do
    out[i] = pick(parts)
  end
  return table.concat(out)
end


local function bytes(most)
  local out = {}
  for i = 1, math.random(0, most) do
    out[i] = string.char(math.random(0, 255))
  end
  return table.concat(out)
end


local function change_bytes(text)
  for _ = 1, math.random(4) do
    local at = math.random(#text)
    text = text:sub(1, at - 1) .. string.char(math.random(0, 255))
      .. text:sub(at + math.random(0, 2))
  end
  return text
end


-- ---- what is tried --------------------------------------------------------

-- Something, or nil, a message and a known code.
local function must_answer(what, value, message, code)
  if value == nil then
    assert(type(message) == "string" and message ~= "" and CODES[code],
      what .. ": nil, " .. tostring(message) .. ", " .. tostring(code))
  end
  return value
end


local function some_profile()
  return assert(cprof.open(random.profile(math.random(10 ^ 6), nil, 20)))
end


local function try_expression(profile)
  local name = pick(EXPRESSIONS)
  local text = math.random(2) == 1 and text_of(PARTS, 8) or bytes(12)
  local made = must_answer(name .. " " .. ("%q"):format(text),
    profile:filter({ [name] = text }))
  if made then
    must_answer("encode", made:encode())
  end
end


local function try_range(profile)
  local name = pick({ "tagfocus", "tagignore", "tagroot", "tagleaf" })
  local text = text_of(RANGES, 6)
  must_answer(name .. " " .. ("%q"):format(text),
    profile:filter({ [name] = text }))
end


local function try_report(profile)
  local kind, asked = pick(KINDS), {}
  if kind == "peek" then
    asked.pattern = "."
  end
  if kind ~= "info" and kind ~= "text" then
    asked.sample = pick({ 1, "cpu", "samples", "none", 0, 99, -1, 2 ^ 53 })
  end
  must_answer(kind, profile[kind](profile,
    kind ~= "text" and asked or nil))
end


local function try_file()
  local profile, message, code = cprof.open("\n"
    .. change_bytes(random.profile(math.random(1000), nil, 8)):sub(2))
  if must_answer("open", profile, message, code) then
    try_report(profile)
    try_expression(profile)
  end
end


local function try_legacy()
  local message = legacy.message(bytes(64))
  assert(message == nil or type(message) == "string")
end


-- ---- the loop -------------------------------------------------------------

math.randomseed(SEED)
local runs, stop = 0, os.clock() + SECONDS
while os.clock() < stop do
  local profile = some_profile()
  for _ = 1, 5 do
    try_expression(profile)
    try_range(profile)
    try_report(profile)
    try_legacy()
  end
  try_file()
  runs = runs + 1
  collectgarbage()
end
print(("text: %s: %d profiles, seed %.0f"):format(jit and "luajit" or
  "lua5.4", runs, SEED))
