-- What the commands may show on a terminal: colours, width, a line while
-- something takes long. In a pipe all of it is off, so that columns are
-- stable. A host is {stdout, stderr, getenv, isatty, popen}.

local M = {}

local STDOUT, STDERR = 1, 2 -- file descriptors

M.STDOUT = STDOUT


--- Whether standard output may be coloured: a terminal, no NO_COLOR.
---@param host table
---@return boolean
function M.is_coloured(host)
  return host.isatty(STDOUT) and (host.getenv("NO_COLOR") or "") == ""
    and host.getenv("TERM") ~= "dumb"
end


--- Columns of the terminal.
---@param host table
---@return integer|nil columns nil: not a terminal, or unknown
function M.width(host)
  if not host.isatty(STDOUT) then
    return nil
  end
  local columns = tonumber(host.getenv("COLUMNS") or "")
  local pipe = not columns and host.popen("stty size 2>/dev/null </dev/tty")
  if pipe then
    columns = tonumber((pipe:read("*a") or ""):match("^%d+ (%d+)"))
    pipe:close()
  end
  return columns and columns >= 20 and columns or nil
end


--- Text without control characters: a profile is foreign input, no escape
--- sequence of it may reach a terminal.
---@param text string
---@return string
function M.plain(text)
  return (text:gsub("[%z\1-\8\11-\31\127]", "?"))
end


-- The line within the width, no character of UTF-8 cut in two.
local function cut(line, width)
  if not width or #line <= width then
    return line
  end
  local kept = line:sub(1, width)
  if line:sub(width + 1, width + 1):match("[\128-\191]") then
    kept = kept:gsub("[\192-\255][\128-\191]*$", "")
  end
  return kept
end


--- Fits a report to where it goes: bold column names, no line too wide.
---@param host table
---@param text string lines
---@return string
function M.fit(host, text)
  local width, coloured = M.width(host), M.is_coloured(host)
  local lines = {}
  for line in M.plain(text):gmatch("[^\n]*\n") do
    line = cut(line:sub(1, -2), width)
    if coloured and line:match("^ +flat +flat%%") then
      line = "\27[1m" .. line .. "\27[0m"
    end
    lines[#lines + 1] = line .. "\n"
  end
  return table.concat(lines)
end


--- Writes to standard output and makes sure that it arrived.
---@param host table
---@param text string
---@return boolean|nil ok
---@return string? message
function M.write(host, text)
  local ok, why = host.stdout:write(text)
  if ok then
    ok, why = host.stdout:flush()
  end
  if not ok then
    return nil, "cannot write to standard output: " .. tostring(why)
  end
  return true
end


--- Calls a function that may take long; meanwhile a terminal says what.
---@param host table
---@param text string such as "reading cpu.pb.gz"
---@param call function
---@return any what the function returns, up to three values
function M.busy(host, text, call, ...)
  local shown = host.isatty(STDERR)
  if shown then
    host.stderr:write("cprof: ", M.plain(text), "...")
    host.stderr:flush()
  end
  local a, b, c = call(...)
  if shown then
    host.stderr:write("\r\27[K")
    host.stderr:flush()
  end
  return a, b, c
end


return M
