-- Where a command's answer goes: to a file, to a pager on a terminal, or to
-- standard output as it is.

local term = require "cprof.cli.term"

local M = {}

-- less, where it is: F ends at once what fits the screen, R lets colours
-- through, S leaves long lines to be scrolled to, X leaves the text there.
local LESS = "if command -v less >/dev/null 2>&1; then "
  .. "LESS=${LESS-FRSX} less; else cat; fi"

-- A pager that cannot be started has read nothing: cat prints it. What one does
-- not read is read to the end, so that no signal ends this process.
local THEN = "\ncase $? in 126 | 127) cat ;; *) cat >/dev/null ;; esac"

--- Where a command writes; see cprof.cli.arguments.
M.OPTIONS = {
  {
    name = "output", type = "text", short = "o", argname = "FILE",
    message = "write to this file; - is standard output",
  },
}

--- The same of those whose answer is for people.
M.TEXT_OPTIONS = {
  M.OPTIONS[1],
  {
    name = "json", type = "boolean", default = false,
    message = "print the report's data as JSON",
  },
  {
    name = "pager", type = "boolean", default = true,
    message = "page on a terminal (by $PAGER, else less)",
    off = "no pager on a terminal (else $PAGER, or less)",
  },
}


local function page(host, text)
  local pager = host.getenv("PAGER") or ""
  if pager == "cat" then
    return term.write(host, text)
  end
  local pipe = host.popen((pager == "" and LESS or pager) .. THEN, "w")
  if not pipe then
    return term.write(host, text)
  end
  pipe:write(text)
  pipe:close()
  return true
end


-- The path that is asked for, nil for standard output.
local function path_of(asked)
  return asked.output ~= "-" and asked.output or nil
end


-- Writes a file; nil, message, code.
local function write_file(host, path, bytes)
  if path == "" then
    return nil, "option '--output' needs a path, got ''", "usage"
  end
  return host.write_file(path, bytes)
end


--- Shows text for people.
---@param host table
---@param asked table {output = path|nil, pager = boolean}
---@param text string lines
---@return boolean|nil ok
---@return string? message
function M.text(host, asked, text)
  if path_of(asked) then
    return write_file(host, asked.output, term.plain(text))
  elseif host.isatty(term.STDOUT) and asked.pager ~= false then
    return page(host, term.fit(host, text))
  end
  return term.write(host, term.fit(host, text))
end


--- Writes what programs read, as it is.
---@param host table
---@param asked table {output = path|nil}
---@param bytes string
---@param is_binary boolean nothing for a terminal
---@return boolean|nil ok
---@return string? message
---@return string? code
function M.bytes(host, asked, bytes, is_binary)
  if path_of(asked) then
    return write_file(host, asked.output, bytes)
  elseif is_binary and not asked.output and host.isatty(term.STDOUT) then
    return nil, "a profile is not for a terminal; say -o FILE, or use a pipe",
      "usage"
  end
  return term.write(host, bytes)
end


return M
