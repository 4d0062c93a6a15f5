-- How long are functions? Prints count, median, 90th percentile and maximum
-- per folder, for C (by ctags) and Lua (by luac), against style rules 8 and
-- 47: half within 10 lines, nine in ten within 30. Tells, does not fail; the
-- hard limits are clang-tidy's and luacheck's.
--
-- Run: lua5.4 spec/tools/sizes.lua FILE…

local function lines_of(command)
  local pipe = assert(io.popen(command))
  local out = {}
  for line in pipe:lines() do out[#out + 1] = line end
  pipe:close()
  return out
end

local function c_lengths(path)
  local out = {}
  for _, line in ipairs(lines_of(
    "ctags --c-kinds=f --fields=+ne -o - '" .. path .. "' 2>/dev/null"
  )) do
    local first, last = line:match("line:(%d+)"), line:match("end:(%d+)")
    if first and last then out[#out + 1] = last - first + 1 end
  end
  return out
end

local function lua_lengths(path)
  local out = {}
  for _, line in ipairs(lines_of(
    "luac5.4 -l -p '" .. path .. "' 2>/dev/null"
  )) do
    local first, last = line:match("^function <.*:(%d+),(%d+)>")
    if first then out[#out + 1] = last - first + 1 end
  end
  return out
end

local function add(groups, path)
  local kind = path:match("%.lua$") and "lua" or "c"
  local folder = path:match("^(.*)/[^/]*$") or "."
  local key = folder .. " (" .. kind .. ")"
  local group = groups[key] or { files = 0, lengths = {} }
  groups[key] = group
  group.files = group.files + 1
  local measure = kind == "lua" and lua_lengths or c_lengths
  for _, length in ipairs(measure(path)) do
    group.lengths[#group.lengths + 1] = length
  end
end

local function at(sorted, share)
  return sorted[math.max(1, math.ceil(#sorted * share))] or 0
end

local groups, names = {}, {}
for _, path in ipairs(arg) do add(groups, path) end
for name in pairs(groups) do names[#names + 1] = name end
table.sort(names)
print(("%-34s %6s %10s %7s %5s %5s"):format(
  "folder", "files", "functions", "median", "p90", "max"))
for _, name in ipairs(names) do
  local lengths = groups[name].lengths
  table.sort(lengths)
  print(("%-34s %6d %10d %7d %5d %5d%s"):format(
    name, groups[name].files, #lengths, at(lengths, 0.5), at(lengths, 0.9),
    lengths[#lengths] or 0, at(lengths, 0.9) > 30 and "  long" or ""))
end
