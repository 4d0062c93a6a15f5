-- What `go tool pprof` says: many runs at once, and their output as tables.
-- A run is a list of arguments; `go tool -n pprof` tells which program
-- `go tool` would start, so that a run costs 20 ms.

local support = require "spec.support"
local wire = require "spec.wire"

local M = {}

local WORKERS = 2
local SECONDS = 120 -- all runs of a batch may take
-- Nothing of this machine: no settings, no binaries, no names made shorter.
local SETTINGS = "export LC_ALL=C XDG_CONFIG_HOME=%s PPROF_BINARY_PATH=%s\n"


local programs = {}


--- The program that `GO tool pprof` runs.
---@param go string
---@return string|nil path nil when there is none
function M.program(go)
  if programs[go] == nil then
    local code, out = support.shell(go .. " tool pprof -h >/dev/null 2>&1; "
      .. go .. " tool -n pprof")
    programs[go] = code == 0 and out:match("[^\n]+") or false
  end
  return programs[go] or nil
end


--- A word for the shell.
---@param text string
---@return string
function M.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end


--- The command of a run, as somebody would type it.
---@param go string
---@param arguments string[]
---@return string
function M.command(go, arguments)
  local words = {}
  for i, word in ipairs(arguments) do
    words[i] = word:find("^[%w%-_=./,:]+$") and word or M.quote(word)
  end
  return go .. " tool pprof " .. table.concat(words, " ")
end


local function script_of(program, runs, first, folder)
  local lines = { SETTINGS:format(folder, folder) }
  for i = first, #runs, WORKERS do
    local words = {}
    for j, word in ipairs(runs[i]) do
      words[j] = M.quote(word)
    end
    lines[#lines + 1] = ("%s %s >%s/%d.out 2>%s/%d.err\necho $? >%s/%d.rc"):
      format(program, table.concat(words, " "), folder, i, folder, i, folder,
      i)
  end
  return table.concat(lines, "\n") .. "\n"
end


--- Runs them all.
---@param go string
---@param runs string[][] the arguments of each
---@return table[] answers {code, out, err}, one for each
function M.run(go, runs)
  local program = assert(M.program(go), "no " .. go)
  local folder, command = support.new_folder(), ""
  for worker = 1, WORKERS do
    local path = ("%s/run%d.sh"):format(folder, worker)
    local file = assert(io.open(path, "w"))
    file:write(script_of(program, runs, worker, folder))
    file:close()
    command = command .. ("timeout %d sh %s & "):format(SECONDS, path)
  end
  support.shell(command .. "wait")
  local answers = {}
  for i = 1, #runs do
    local at = folder .. "/" .. i
    answers[i] = {
      code = tonumber((support.read(at .. ".rc"))),
      out = support.read(at .. ".out"), err = support.read(at .. ".err"),
    }
  end
  support.remove_folder(folder)
  return answers
end


-- A profile of two samples of one stack: 5 and -5.
local function opposite()
  local strings, put = wire.strings()
  local out = wire.bytes(1, wire.number(1, put("cpu"))
    .. wire.number(2, put("count")))
    .. wire.bytes(5, wire.number(1, 1) .. wire.number(2, put("f")))
    .. wire.bytes(4, wire.number(1, 1) .. wire.bytes(4, wire.number(1, 1)))
  for _, value in ipairs({ 5, -5 }) do
    out = out .. wire.bytes(2, wire.packed(1, { 1 })
      .. wire.packed(2, { value }))
  end
  for _, text in ipairs(strings) do
    out = out .. wire.bytes(6, text)
  end
  return out
end


local merging = {}


--- Whether this pprof merges a single file with itself when it reads it, as
--- that of Go 1.19 does: equal samples become one, zeros go.
---@param go string
---@return boolean
function M.merges_one(go)
  if merging[go] == nil then
    local path = support.file(opposite())
    local answer = M.run(go, { { "-symbolize=none", "-top", path } })[1]
    os.remove(path)
    local _, total = M.top(answer.out)
    merging[go] = assert(total, answer.err) == 0
  end
  return merging[go]
end


-- ---- reading reports ------------------------------------------------------

local function number_of(text)
  return assert(tonumber((text:match("^%-?[%d.]+"))), text)
end


local function bare(name)
  return (name:gsub(" %(inline%)$", ""):gsub(" %(partial%-inline%)$", ""))
end


local function row_of(rows, name)
  local row = rows[name]
  if not row then
    row = { flat = 0, cum = 0, count = 0 }
    rows[name] = row
  end
  return row
end


--- The rows of -top.
---@param text string in a unit in which all values are whole
---@return table rows name -> {flat, cum, count of rows of that name}
---@return number|nil total
function M.top(text)
  local rows = {}
  local total = text:match("%% of (%S+) total\n")
  for line in (text:match("\n +flat [^\n]*\n(.*)") or ""):gmatch("[^\n]+") do
    local flat, cum, name = line:match(
      "^ *(%S+) +%S+ +%S+ +(%S+) +%S+  (.*)$")
    local row = row_of(rows, bare(assert(name, line)))
    row.flat, row.cum = row.flat + number_of(flat), row.cum + number_of(cum)
    row.count = row.count + 1
  end
  return rows, total and number_of(total)
end


-- One block of -traces: value and names, leaf first.
local function add_trace(rows, value, names)
  local seen = {}
  for i, name in ipairs(names) do
    name = name:gsub("^/proc/self/cwd/", "")
    local row = row_of(rows, name)
    if not seen[name] then
      seen[name] = true
      row.cum = row.cum + value
    end
    row.flat = row.flat + (i == 1 and value or 0)
  end
end


--- The same, counted anew over the stacks of -traces: pprof's -top -files has
--- several rows of a file, one for each line that a function begins at. Paths
--- are not trimmed there.
---@param text string
---@return table rows name -> {flat, cum}
function M.traces(text)
  local rows, value, names = {}, nil, {}
  for line in text:gmatch("[^\n]+") do
    local first, name = line:match("^ *(%-?[%d.]+%S*)   (.*)$")
    if line:find("^%-%-%-%-%-%-%-%-%-%-%-%+") then
      add_trace(rows, value, names)
      value, names = nil, {}
    elseif not value and first then
      value, names[1] = number_of(first), bare(name)
    elseif value then
      names[#names + 1] = bare(line:match("^ +(.*)$"))
    end
  end
  add_trace(rows, value, names)
  return rows
end


return M
