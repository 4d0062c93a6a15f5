-- Regular expressions as `go tool pprof` takes them: unanchored, the case
-- counts, `.` is a character and no newline, `$` is the very end. They are
-- PCRE2's, through lrexlib; what both know means the same. A pattern without
-- special characters is looked for as it is and needs no library.
--
-- Go's matcher takes time in proportion to the text, PCRE2 may not. So steps
-- and time have an end, and then the predicate raises: see `catch`. PCRE2 sees
-- of a text its first 16 KiB: names are not longer. It counts steps for each
-- byte that a match may begin at, and one step may look at all of the text; so
-- what the first try, with few steps, cannot tell is tried from each such byte
-- by itself, and the clock is looked at meanwhile.

local core = require "cprof.core"

local clock = os.clock
local byte, find, format = string.byte, string.find, string.format

local M = {}

local SPECIAL = "[\\^$.|?*+()%[{]"
local PATTERN_MAX = 4096 -- bytes, of one that PCRE2 compiles
local TEXT_MAX = 16384 -- bytes that PCRE2 sees
local QUICK_MAX = 1024 -- bytes of a text that is tried as a whole
local QUICK_STEPS = 1000 -- from each byte then; a plain match takes tens
local STEPS_MAX = 30000 -- from one byte
-- CPU time from when a pattern is compiled: its matches follow. What PCRE2 does
-- between two looks at the clock takes some 2 s at the worst.
local SECONDS_MAX = 10
local CALLS_PER_LOOK = 64
local WORK_PER_LOOK = QUICK_MAX * QUICK_MAX
local WORK_PER_BYTE = WORK_PER_LOOK / TEXT_MAX -- from one byte
local PREFIX = "(*LF)(*LIMIT_MATCH=%d)"
local SHOWN_MAX = 60 -- bytes of a pattern that a message shows

local MISSING = "needs the Lua library rex_pcre2 (Debian's package "
  .. "lua-rex-pcre2, or luarocks install lrexlib-PCRE2)"


-- A pattern comes from a file, too: nothing of it may steer a terminal.
local function show(pattern)
  local text = pattern:gsub("%c", "?")
  if #text > SHOWN_MAX then -- not within a character
    text = text:sub(1, SHOWN_MAX):gsub("[\192-\255]?[\128-\191]*$", "") .. "…"
  end
  return '"' .. text .. '"'
end


-- ---------------------------------------------------------------- limits ----

local failure_mt = { __name = "cprof.regex.failure" }


function failure_mt:__tostring()
  return self.message
end


local function fail(pattern, why)
  error(setmetatable({
    message = format("%s is too costly to match: %s", show(pattern), why),
    code = "limit",
  }, failure_mt), 0)
end


local function is_failure(thrown)
  return type(thrown) == "table" and getmetatable(thrown) == failure_mt
end


local function answer(ok, thrown, ...)
  if ok then
    return thrown, ...
  elseif is_failure(thrown) then
    return nil, thrown.message, thrown.code
  end
  error(thrown, 0)
end


--- Calls `f(...)`, within which predicates may find that they take too long.
--- Any other error goes on to the caller as it is.
---@param f function
---@return any what f returns, or nil, message, "limit"
function M.catch(f, ...)
  return answer(pcall(f, ...))
end


-- A function that is told of work to come, and raises when what came before
-- took too long.
local function new_watch(pattern)
  local calls, work, first = 0, 0, clock()
  return function(more)
    calls, work = calls + 1, work + more
    if calls < CALLS_PER_LOOK and work < WORK_PER_LOOK then
      return
    end
    calls, work = 0, 0
    if clock() - first > SECONDS_MAX then
      fail(pattern, format("its matches took more than %d s", SECONDS_MAX))
    end
  end
end


-- ----------------------------------------------------------------- PCRE2 ----

local function load_library()
  local ok, library = pcall(require, "rex_pcre2")
  return ok and library or nil
end


-- What the library says of a pattern before which it was given `lead` bytes.
local function explain(message, pattern, lead)
  local text, offset = tostring(message):match(
    "^(.-) %(pattern offset: (%d+)%)$")
  if not text then
    return tostring(message)
  end
  local at = tonumber(offset) - lead
  return text .. (at > #pattern and ", at its end"
    or format(", at byte %d", at))
end


-- The first bytes of a text, whole characters if it is UTF-8.
local function cut(text)
  if #text <= TEXT_MAX then
    return text
  end
  return (text:sub(1, TEXT_MAX):gsub("[\192-\255]?[\128-\191]*$", ""))
end


-- What is seen of a text, as UTF-8: each bad byte is a U+FFFD, as in Go.
local function prepare(text)
  return cut(core.mend(cut(text)))
end


-- Whether the text matches from one of its characters on.
local function step(machine, text)
  local thorough, flags = machine.thorough, machine.step_flags
  local last = machine.is_whole and 1 or #text + 1
  for at = 1, last do
    local first = byte(text, at)
    if not first or first < 128 or first > 191 then
      machine.watch((#text - at) * WORK_PER_BYTE)
      local ok, from = pcall(thorough.find, thorough, text, at, flags)
      if not ok then
        fail(machine.pattern, format("given up on a text of %d bytes (%s)",
          #text, tostring(from)))
      elseif from then
        return true
      end
    end
  end
  return false
end


local function new_predicate(machine)
  local quick = machine.quick
  machine.watch = new_watch(machine.pattern)
  return function(text)
    if #text <= QUICK_MAX then
      machine.watch(#text * #text)
      local ok, from = pcall(quick.find, quick, text)
      if ok then
        return from ~= nil
      end
    end
    return step(machine, prepare(text))
  end
end


-- What was compiled, or nil and why not. `lead` are bytes before the pattern.
local function build(library, pattern, text, steps, lead)
  local flags = library.flags()
  local prefix = format(PREFIX, steps)
  local ok, compiled = pcall(library.new, prefix .. text,
    flags.UTF + flags.DOLLAR_ENDONLY + flags.NEVER_BACKSLASH_C)
  if not ok then
    return nil, format("%s is not a regular expression: %s", show(pattern),
      explain(compiled, pattern, #prefix + lead))
  end
  return compiled
end


-- Why PCRE2 is not asked, with its code, or nothing.
local function refuse(library, pattern)
  if not library then
    return format("%s %s", show(pattern), MISSING), "state"
  elseif #pattern > PATTERN_MAX then
    return format("%s is too long: %d bytes, at most %d", show(pattern),
      #pattern, PATTERN_MAX), "range"
  elseif find(pattern, "^%(%*") then -- PCRE2's own settings
    return format("%s is not a regular expression: nothing to repeat before "
      .. "*, at byte 1", show(pattern)), "range"
  end
end


-- A whole one is compiled by itself, too: "x)|(y" is none, though it would
-- become one.
local function compile(pattern, is_whole)
  local library = load_library()
  local wrong, code = refuse(library, pattern)
  if wrong then
    return nil, wrong, code
  end
  local quick, thorough, message
  quick, message = build(library, pattern, pattern, QUICK_STEPS, 0)
  local text = is_whole and "^(" .. pattern .. ")$" or pattern
  local lead = is_whole and 2 or 0
  if quick and is_whole then
    quick, message = build(library, pattern, text, QUICK_STEPS, lead)
  end
  if quick then
    thorough, message = build(library, pattern, text, STEPS_MAX, lead)
  end
  if not thorough then
    return nil, message, "range"
  end
  local flags = library.flags()
  return new_predicate({
    pattern = pattern, is_whole = is_whole, quick = quick, thorough = thorough,
    step_flags = flags.ANCHORED + flags.NO_UTF_CHECK,
  })
end


-- ---------------------------------------------------------------- public ----

--- What tells whether a text matches. It raises when a match takes too long:
--- call it within `catch`.
---@param pattern string|function a function is returned as it is
---@return (fun(text: string): boolean)|nil predicate
---@return string? message
---@return string? code "range": not a regular expression, or a long one;
---  "state": the library is missing
function M.compile(pattern)
  if type(pattern) == "function" then
    return pattern
  elseif type(pattern) ~= "string" then
    error(format("regex.compile: string or function expected, got %s",
      type(pattern)), 2)
  elseif find(pattern, SPECIAL) then
    return compile(pattern, false)
  end
  return function(text)
    return find(text, pattern, 1, true) ~= nil
  end
end


--- The same for a pattern that the whole text must match, as a profile's own
--- drop_frames and keep_frames.
---@param pattern string
---@return (fun(text: string): boolean)|nil predicate
---@return string? message
---@return string? code as `compile`
function M.compile_whole(pattern)
  if find(pattern, SPECIAL) then
    return compile(pattern, true)
  end
  return function(text)
    return text == pattern
  end
end


--- A pattern for messages: quoted, short, without control characters.
---@param pattern string
---@return string
function M.show(pattern)
  return show(pattern)
end


return M
