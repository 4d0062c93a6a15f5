-- Regular expressions as `go tool pprof` takes them: unanchored, the case
-- counts, `.` is a character and no newline, `$` is the very end. They are
-- PCRE2's, through lrexlib; what both know means the same. A pattern without
-- special characters is looked for as it is and needs no library.
--
-- Go's matcher takes time in proportion to the text, PCRE2 may not. So steps
-- and time have an end, and then the predicate raises: see `catch`.

local core = require "cprof.core"

local clock = os.clock
local find, format = string.find, string.format

local M = {}

local SPECIAL = "[\\^$.|?*+()%[{]"
local STEPS_MAX = 1000000 -- of one match; a plain one takes tens
local SECONDS_MAX = 10 -- of CPU time, in all matches of one pattern
local CALLS_PER_LOOK = 64 -- at the clock
local PREFIX = format("(*LF)(*LIMIT_MATCH=%d)", STEPS_MAX)
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


-- A function that counts the time of a pattern's matches and raises when it is
-- too long.
local function new_watch(pattern)
  local calls, first = 0, clock()
  return function()
    calls = calls + 1
    if calls % CALLS_PER_LOOK == 0 and clock() - first > SECONDS_MAX then
      fail(pattern, format("%d matches took more than %d s", calls,
        SECONDS_MAX))
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


-- A text that is not UTF-8 is matched as Go does, each bad byte a U+FFFD.
local function new_predicate(compiled, pattern)
  local watch = new_watch(pattern)
  return function(text)
    watch()
    local ok, from = pcall(compiled.find, compiled, text)
    if not ok and tostring(from):find("UTF8", 1, true) then
      ok, from = pcall(compiled.find, compiled, core.mend(text))
    end
    if not ok then
      fail(pattern, format("given up on a text of %d bytes (%s)", #text,
        tostring(from)))
    end
    return from ~= nil
  end
end


-- Compiles before .. pattern .. after; messages are about the pattern.
local function compile(pattern, before, after)
  local library = load_library()
  if not library then
    return nil, format("%s %s", show(pattern), MISSING), "state"
  elseif find(pattern, "^%(%*") then -- PCRE2's own settings
    return nil, format("%s is not a regular expression: nothing to repeat "
      .. "before *, at byte 1", show(pattern)), "range"
  end
  local flags = library.flags()
  local ok, compiled = pcall(library.new, PREFIX .. before .. pattern .. after,
    flags.UTF + flags.DOLLAR_ENDONLY + flags.NEVER_BACKSLASH_C)
  if not ok then
    return nil, format("%s is not a regular expression: %s", show(pattern),
      explain(compiled, pattern, #PREFIX + #before)), "range"
  end
  return new_predicate(compiled, pattern)
end


-- ---------------------------------------------------------------- public ----

--- What tells whether a text matches. It raises when a match takes too long:
--- call it within `catch`.
---@param pattern string|function a function is returned as it is
---@return (fun(text: string): boolean)|nil predicate
---@return string? message
---@return string? code "range": not a regular expression; "state": the library
---  is missing
function M.compile(pattern)
  if type(pattern) == "function" then
    return pattern
  elseif type(pattern) ~= "string" then
    error(format("regex.compile: string or function expected, got %s",
      type(pattern)), 2)
  elseif find(pattern, SPECIAL) then
    return compile(pattern, "", "")
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
    return compile(pattern, "^(", ")$")
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
