-- Does what README.md says. Its blocks by their info strings, in the order of
-- the page, in one empty folder, with `lua` and `cprof` of this VM:
--
--   ```lua NAME.lua    is saved under that name
--   ```lua run         is run by lua, ```sh run by sh -e: it must end with 0
--   ```text output     its lines must occur in what the block before printed,
--                      standard error among it; numbers, spaces and units of
--                      time may differ, a line … stands for anything
--   any other          is not run
--
-- And: every public function has a `syntax:` line, and no other has.

local support = require "spec.support"

local README = support.read("README.md")


-- {info = string, text = string} of every block, in order.
local function list_blocks()
  local blocks = {}
  for info, text in README:gmatch("\n```(%l[^\n]*)\n(.-\n)```\n") do
    blocks[#blocks + 1] = { info = info, text = text }
  end
  return blocks
end


-- The pattern that a line of output must match somewhere.
local function line_pattern(line)
  return (line:gsub("^%s+", ""):gsub("[%^%$%(%)%%%.%[%]%*%+%-%?]", "%%%0")
    :gsub("%d[%d%%%.]*m?s%f[^%w]", "\1"):gsub("%d[%d%%%.]*", "\2")
    :gsub("%s+", "\3"):gsub("\1", "[%%d%%.]+m?s")
    :gsub("\2", "[%%d%%.]+%%%%?m?s?"):gsub("\3", "%%s+"))
end


local function check_output(expected, got)
  for line in expected:gmatch("[^\n]+") do
    if line ~= "…" then
      assert.matches(line_pattern(line), got)
    end
  end
end


local function save(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end


-- How each kind of block is done: (block, folder) -> what it printed.
local DO = {}


function DO.save(block, folder)
  save(folder .. "/" .. block.info:match("^lua (.*)$"), block.text)
end


function DO.run(block, folder)
  local path = folder .. "/.block"
  save(path, block.text)
  local command = block.info == "lua run" and "lua .block"
    or "set -e\n. ./.block"
  local code, out, err = support.shell(("cd %s\n%s"):format(folder, command))
  assert.equal(0, code, err)
  return out .. err
end


local function kind_of(block)
  return block.info:find("^%l+ run$") and "run"
    or block.info:find("^lua [%w_]+%.lua$") and "save"
    or block.info == "text output" and "output"
end


describe("README.md", function()
  local folder, printed

  setup(function()
    folder = support.new_folder()
  end)

  teardown(function()
    support.remove_folder(folder)
  end)

  for i, block in ipairs(list_blocks()) do
    local kind = kind_of(block)
    if kind then
      it(("does block %d, %s"):format(i, block.info), function()
        support.need_core(pending)
        if kind == "output" then
          check_output(block.text, printed)
        else
          printed = DO[kind](block, folder)
        end
      end)
    end
  end

  it("has all its blocks done, but those that install", function()
    local skipped = 0
    for _, block in ipairs(list_blocks()) do
      if not kind_of(block) then
        skipped = skipped + 1
        assert.matches("^make ", block.text)
      end
    end
    assert.equal(2, skipped)
  end)
end)


-- Names of `syntax:` lines under a heading such as "profile:top".
local function documented(prefix)
  local names = {}
  for name, syntax in README:gmatch("\n### " .. prefix
    .. "[.:](%l[%w_]*)\n\n`syntax: ([^\n]+)`\n") do
    assert.matches(name .. "(", syntax, 1, true)
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end


-- Names of a table's functions but these.
local function functions_of(map, hidden)
  local names = {}
  for name, value in pairs(map) do
    if type(value) == "function" and not hidden[name]
      and not name:find("^__") then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end


describe("README.md's API", function()
  it("is all that cprof has", function()
    support.need_core(pending)
    local core = require "cprof.core"
    local session = require("cprof.session").new({})
    assert.same(functions_of(require "cprof", {}), documented("cprof"))
    assert.same(functions_of(getmetatable(session).__index, {}),
      documented("session"))
    -- names are given by cprof itself
    assert.same(functions_of(core.profile_methods, { unnamed = true,
      rename = true, fold = true }), documented("profile"))
  end)

  it("names the options and commands that there are", function()
    local options = require "cprof.options"
    for _, field in ipairs(options.CPU) do
      assert.matches("`cpu." .. field.name .. "`", README, 1, true)
    end
    for _, field in ipairs(options.START) do
      assert.matches("| `" .. field.name .. "` |", README, 1, true)
    end
    local _, help = support.shell("cprof run --help")
    for option in help:gmatch("\n   (%-%-%l+)") do
      assert.is_truthy(option == "--cpu" or README:find(option, 1, true),
        option)
    end
  end)

  it("tells all markers", function()
    local source = assert(support.read("csrc/frame.c"))
    for marker in source:gmatch('"(%[[%l ]+%])"') do
      assert.matches("| `" .. marker .. "` |", README, 1, true)
    end
  end)
end)
