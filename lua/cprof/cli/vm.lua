-- Which interpreter runs cprof, and how to go on in another one.

local quote = require("cprof.cli.words").quote

local M = {}


--- The command that started this process.
---@param arg table the global `arg`
---@return string
function M.command(arg)
  local least = 0
  while arg[least - 1] do
    least = least - 1
  end
  return least < 0 and arg[least] or (jit and "luajit" or "lua5.4")
end


local function base_name(path)
  return path:match("[^/]+$") or path
end


--- Whether this process runs the interpreter that is asked for.
---@param host table with `arg`
---@param asked string name or path
---@return boolean
function M.is_running(host, asked)
  local running = M.command(host.arg)
  if asked:find("/", 1, true) then
    return asked == running
  end
  return asked == base_name(running)
end


-- The words after the starter, without `--lua VM`.
local function other_words(argv)
  local out, pos, dropped = {}, 1, false
  while argv[pos] do
    local word = argv[pos]
    if not dropped and word == "--lua" then
      dropped, pos = true, pos + 1
    elseif not dropped and word:match("^%-%-lua=") then
      dropped = true
    else
      out[#out + 1] = quote(word)
    end
    pos = pos + 1
  end
  return table.concat(out, " ")
end


--- The shell command that runs cprof again under another interpreter.
---@param asked string its name or path
---@param host table with `arg`
---@return string
function M.line(asked, host)
  return "exec " .. quote(asked) .. " " .. quote(host.arg[0]) .. " "
    .. other_words(host.arg)
end


--- Runs cprof under another interpreter and ends as it ends.
---@param asked string its name or path
---@param host table with `arg`, `shell`
---@return nil
---@return string? message
---@return string|integer code "usage", or the exit code
function M.execute(asked, host)
  local found = host.shell("command -v " .. quote(asked) .. " >/dev/null")
  if found ~= 0 then
    return nil, "no interpreter '" .. asked .. "'", "usage"
  end
  return nil, nil, host.shell(M.line(asked, host))
end


return M
