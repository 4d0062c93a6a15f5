-- What the commands may show on a terminal: colours, a line while something
-- takes long. In a pipe all of it is off, so that columns are stable. A host is
-- {stdout, stderr, getenv, isatty, popen}.

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


--- Text without control characters, those of U+0080 to U+009F among them: a
--- profile is foreign input, no escape sequence of it may reach a terminal.
---@param text string
---@return string
function M.plain(text)
  return (text:gsub("[%z\1-\8\11-\31\127]", "?")
    :gsub("\194[\128-\159]", "?"))
end


--- Fits a report to where it goes: bold column names on a terminal. Lines are
--- never cut: half a number is another number.
---@param host table
---@param text string lines
---@return string
function M.fit(host, text)
  text = M.plain(text)
  if not M.is_coloured(host) then
    return text
  end
  return (text:gsub("%f[^\n%z]( +flat +flat%%[^\n]*)", "\27[1m%1\27[0m"))
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
