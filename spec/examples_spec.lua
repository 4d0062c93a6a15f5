-- Runs what every example says under `Run:` and looks for all it `Expect:`s.

local support = require "spec.support"


-- Paths of all examples.
local function list()
  local pipe = assert(io.popen("ls examples/*.lua"))
  local paths = {}
  for path in pipe:lines() do
    paths[#paths + 1] = path
  end
  pipe:close()
  return paths
end


-- The command and the patterns in the comment that opens an example.
local function read_header(path)
  local head = assert(support.read(path)):match("^[%-\n][^\n]*.-\n\n")
  local command = head:match("%-%- Run: (.-[^\\])\n"):gsub("\\\n%-%-", "")
  local patterns = {}
  for pattern in head:gmatch("%-%- Expect: ([^\n]+)") do
    patterns[#patterns + 1] = pattern:gsub("\\n", "\n")
  end
  return command, patterns, head
end


local function count_lines(path)
  return select(2, assert(support.read(path)):gsub("\n", ""))
end


describe("examples", function()
  for _, path in ipairs(list()) do
    it(path .. " does what it promises", function()
      support.need_core(pending)
      local command, patterns = read_header(path)
      local code, out, err = support.shell(command)
      assert.equal(0, code, err)
      assert.equal("", err)
      for _, pattern in ipairs(patterns) do
        assert.matches(pattern, out)
      end
    end)

    it(path .. " is short and says what it shows", function()
      local command, patterns, head = read_header(path)
      assert.is_true(count_lines(path) < 60)
      assert.is_true(#patterns > 0)
      assert.matches("lua " .. path, command, 1, true)
      assert.matches("^%-%- Shows ", head)
    end)
  end
end)
