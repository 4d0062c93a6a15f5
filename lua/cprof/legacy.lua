-- Recognises what is not pprof's format by its first bytes, so that a refusal
-- can say what it is and what converts it. For `cprof.open` and the shell,
-- once the core has refused a file. The legacy formats of pprof are told apart
-- as its own reader does: binary words, or a header in the first lines that
-- are neither blank nor comments.

local byte, find, format, lower = string.byte, string.find, string.format,
  string.lower

local M = {}

local HEAD_BYTES = 65536 -- beyond these nothing is looked at
local HEADER_LINES = 64 -- comments before a header
local HEADER_BYTES = 200 -- of a line
local FOLDED_LINES = 20
local WORDS = 5 -- of a legacy CPU profile's header

-- What a reader is told to do. FILE stands for itself.
local BY_PPROF = "convert it: go tool pprof -proto FILE > FILE.pb.gz"
local BY_PPROF_BINARY = "convert it: go tool pprof -proto PROGRAM FILE > "
  .. "FILE.pb.gz (PROGRAM gives the names)"
local BY_PERF = "convert it with perf_to_profile "
  .. "(github.com/google/perf_data_converter)"
local BY_FOLDED = "convert it with pprofutils folded "
  .. "(github.com/felixge/pprofutils)"
local NO_TEXT = "ask for the binary form (without debug=)"
local OPEN_SPEEDSCOPE = "speedscope opens it; nothing makes a pprof file of it"


-- ---- binary ---------------------------------------------------------------

-- A word of 4 or 8 bytes as the sum of its bytes: enough to know 0, 1 and 3.
local function word(bytes, index, size, is_big)
  local first = index * size + 1
  local low = is_big and first + size - 1 or first
  local rest = 0
  for i = first, first + size - 1 do
    rest = rest + (i == low and 0 or byte(bytes, i))
  end
  return byte(bytes, low), rest
end


local function is_word(bytes, index, size, is_big, value)
  local low, rest = word(bytes, index, size, is_big)
  return low == value and rest == 0
end


-- 0, 3, 0 (1: Java), the period in microseconds, 0.
local function is_cpu_header(bytes, size, is_big)
  if #bytes < WORDS * size then
    return false
  end
  local low, rest = word(bytes, 3, size, is_big)
  return is_word(bytes, 0, size, is_big, 0)
    and is_word(bytes, 1, size, is_big, 3)
    and (is_word(bytes, 2, size, is_big, 0)
      or is_word(bytes, 2, size, is_big, 1))
    and low + rest > 0 and is_word(bytes, 4, size, is_big, 0)
end


local function is_legacy_cpu(bytes)
  for _, size in ipairs({ 4, 8 }) do
    if is_cpu_header(bytes, size, false) or is_cpu_header(bytes, size, true)
    then
      return true
    end
  end
  return false
end


-- Other files by their first bytes: {bytes, what, what to do}.
local MAGICS = {
  { "PERFILE2", "a perf.data file", BY_PERF },
  { "\127ELF", "a program or library (ELF)",
    "a profile of it is another file" },
  { "FLR\0", "a JDK Flight Recorder file",
    "async-profiler's jfrconv converts it" },
  { "gmon", "a gprof profile", "gprof reads it" },
  { "\40\181\47\253", "compressed by zstd", "unpack it: zstd -d FILE" },
  { "\253" .. "7zXZ\0", "compressed by xz", "unpack it: xz -d FILE" },
  { "BZh", "compressed by bzip2", "unpack it: bzip2 -d FILE" },
  { "PK\3\4", "a zip archive", "unpack it: unzip FILE" },
  { "SQLite format 3\0", "an SQLite database", nil },
  { "\27Lua", "a compiled Lua chunk", nil },
  { "\27LJ", "a compiled LuaJIT chunk", nil },
}


local function find_magic(bytes)
  for _, magic in ipairs(MAGICS) do
    if bytes:sub(1, #magic[1]) == magic[1] then
      return magic[2], magic[3]
    end
  end
end


-- ---- text -----------------------------------------------------------------

local HEAP = "^heap profile: *%d+: *%d+ *%[ *%d+: *%d+ *%] *@ *"

-- Headers of text formats: {pattern of the line, what, what to do}.
local HEADERS = {
  { HEAP .. "heap/", "Go's heap profile as text", NO_TEXT .. ", or "
    .. BY_PPROF },
  { HEAP .. "growth", "a legacy growth profile", BY_PPROF_BINARY },
  { HEAP .. "fragmentation", "a legacy fragmentation profile",
    BY_PPROF_BINARY },
  { "^heap profile: ", "a legacy heap profile", BY_PPROF_BINARY },
  { "^%S+ profile: total %d+%s*$", "Go's %s as text", NO_TEXT .. ", or "
    .. BY_PPROF },
  { "^goroutine %d+ %[", "Go's stack dump", NO_TEXT },
  { "^%-%-%- threadz %d+ %-%-%-", "a legacy threads profile",
    BY_PPROF_BINARY },
  { "^%-%-%- Thread %x+ %(name: ", "a legacy threads profile",
    BY_PPROF_BINARY },
  { "^%-%-%- contention:", "Go's block profile as text", NO_TEXT .. ", or "
    .. BY_PPROF },
  { "^%-%-%- mutex:", "Go's mutex profile as text", NO_TEXT .. ", or "
    .. BY_PPROF },
  { "^%-%-%- contentionz ", "a legacy contention profile",
    BY_PPROF_BINARY },
  { "^%-%-%- heapz ", "a legacy Java heap profile", BY_PPROF },
  { "^%-%-%- cpu profile", "a legacy Java CPU profile", BY_PPROF },
  { "^%-%-%- symbol", "a profile that brings its symbols along",
    "convert it with the pprof of gperftools or with: "
    .. "go tool pprof -proto FILE > FILE.pb.gz" },
  { "^MAPPED_LIBRARIES:", "a memory map without a profile", nil },
  { "^%-%-%- Memory map: %-%-%-", "a memory map without a profile", nil },
  { "^go %d+%.%d+ trace", "Go's execution trace", "go tool trace reads it" },
  { "^# callgrind format", "a callgrind profile", "kcachegrind reads it" },
  { "^version: %d+%s*$", "a callgrind profile", "kcachegrind reads it" },
  { "^events: ", "a callgrind profile", "kcachegrind reads it" },
  { "^HTTP/%d", "an HTTP answer with its header",
    "save its body alone (curl without -i)" },
  { "^%d%d%d page not found", "an error page",
    "the address that it was fetched from has no profile" },
}


-- The first lines that are not blank, without blanks in front.
local function header_lines(text)
  local lines = {}
  for line in text:gmatch("[^\r\n]+") do
    line = line:sub(1, HEADER_BYTES):match("^%s*(.*)$")
    if line ~= "" then
      lines[#lines + 1] = line
    end
    if #lines == HEADER_LINES then
      break
    end
  end
  return lines
end


local function match_header(line)
  for _, header in ipairs(HEADERS) do
    if find(line, header[1]) then
      local kind = line:match("^(%S+ profile): ") or ""
      return header[2]:gsub("%%s", (kind:gsub("%%", "%%%%"))), header[3]
    end
  end
end


local function find_header(lines)
  for _, line in ipairs(lines) do
    local what, how = match_header(line)
    if what then
      return what, how
    elseif line:sub(1, 1) ~= "#" then
      return nil
    end
  end
end


-- "root;…;leaf 12" in all of the first lines, and one that has a `;`. The last
-- line may be cut.
local function is_folded(text)
  local count, has_frames = 0, false
  for line in (text:match("^.*\n") or ""):gmatch("[^\r\n]+") do
    if not find(line, "^.*%S +%d[%d.]*$") then
      return false
    end
    count, has_frames = count + 1, has_frames
      or find(line, ";", 1, true) ~= nil
    if count == FOLDED_LINES then
      break
    end
  end
  return has_frames
end


-- ---- JSON, HTML -----------------------------------------------------------

-- Keys that tell what a JSON text is: {key, what, what to do}.
local JSON = {
  { '"https://www.speedscope.app/file%-format%-schema.json"',
    "speedscope's JSON", OPEN_SPEEDSCOPE },
  { '"traceEvents"', "a Chrome trace", OPEN_SPEEDSCOPE },
  { '"nodes"%s*:', "a V8 CPU profile", OPEN_SPEEDSCOPE },
  { '"head"%s*:', "a V8 heap profile", OPEN_SPEEDSCOPE },
  { '"resourceProfiles"', "OpenTelemetry's profile as JSON", nil },
  { '"flamebearer"', "a Pyroscope profile as JSON",
    "ask Pyroscope for format=pprof" },
  { '"libs"%s*:', "a Firefox profile", OPEN_SPEEDSCOPE },
}


local function find_json(text)
  if not find(text, "^%s*[%[{]%s*[\"{}%[%]%-%dtfn]") then
    return nil
  end
  for _, kind in ipairs(JSON) do
    if find(text, kind[1]) then
      return kind[2], kind[3]
    end
  end
  return "JSON text", nil
end


local function find_markup(text)
  local start = lower(text:sub(1, 512))
  if find(start, "^%s*<!doctype html") or find(start, "^%s*<html") then
    return "an HTML page",
      "the address that it was fetched from gave no profile"
  elseif find(start, "^%s*<%?xml") or find(start, "^%s*<svg") then
    return "XML or SVG", nil
  end
end


-- ---- public ---------------------------------------------------------------

local function find_kind(bytes)
  if bytes == "" then
    return "empty", nil
  end
  local what, how = find_magic(bytes)
  if what then
    return what, how
  elseif is_legacy_cpu(bytes) then
    return "a legacy CPU profile", BY_PPROF_BINARY
  end
  local text = bytes:gsub("^\239\187\191", "") -- a byte order mark
  what, how = find_markup(text)
  if not what then
    what, how = find_json(text)
  end
  if not what then
    what, how = find_header(header_lines(text))
  end
  if not what and is_folded(text) then
    return "collapsed stacks", BY_FOLDED
  end
  return what, how
end


--- What a file is that is not in pprof's format, and what converts it.
---@param bytes string the file, or its first 64 KiB, unpacked
---@return string|nil message "this is …; convert it: …"; nil when it is
---  nothing known
function M.message(bytes)
  local what, how = find_kind(bytes:sub(1, HEAD_BYTES))
  if not what then
    return nil
  end
  return format("this is %s%s", what, how and "; " .. how or "")
end


return M
