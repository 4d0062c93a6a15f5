local parse = require("cprof.definition").parse

-- line = name; "" where there is none.
local function check(cases)
  for line, name in pairs(cases) do
    assert.equal(name, parse(line) or "", line)
  end
end


describe("cprof.definition", function()
  it("reads function statements", function()
    check({
      ["local function f(a)"] = "f",
      ["function M.f (x)"] = "M.f",
      ["  function M.part:f()"] = "M.part:f",
    })
  end)

  it("reads assignments", function()
    check({
      ["f = function()"] = "f",
      ["local f <const> = function()"] = "f",
      ["M.f = function(a)"] = "M.f",
      ['M["f"] = function(a)'] = "M.f",
      ["M.f = M.f or function()"] = "M.f",
      ["f().x = function()"] = "x",
      ["t[i] = function()"] = "t[i]",
      ["local x = --[[ hm ]] function()"] = "x",
    })
  end)

  it("reads fields of tables", function()
    check({
      ["x = function() return 1 end,"] = "x",
      ['  ["x"] = function() end,'] = "x",
      ["local t = { a = 1, b = function()"] = "b",
      ['["/users/:id"] = function(r)'] = '["/users/:id"]',
    })
  end)

  it("gives no name to a function that has none", function()
    check({
      ["return function(x)"] = "",
      ["map(list, function(x)"] = "",
      ["r = call(o or function()"] = "",
      ["[1] = function()"] = "",
      ["if f == function() end then"] = "",
      ["local functions = 1"] = "",
      [""] = "",
    })
  end)

  it("ignores strings and comments", function()
    check({
      ["-- function foo()"] = "",
      ["--[[ function foo() ]] function bar()"] = "bar",
      ['local s = "function a()" function b() end'] = "b",
      ["local s = [==[function a()]==] function b() end"] = "b",
      ["local s = 'it\\'s' function b() end"] = "b",
    })
  end)

  it("gives no name where several are defined on one line", function()
    for _, line in ipairs({
      "local M = { add = function() end, mul = function() end }",
      "function a() end function b() end",
      "local function f() return function() end end",
    }) do
      local name, is_shared = parse(line)
      assert.is_nil(name, line)
      assert.is_true(is_shared, line)
    end
    assert.is_nil((parse("  function() end, function() end", "x =")))
  end)

  it("counts no function within a string or comment", function()
    check({
      ['f = function() return "function" end -- function'] = "f",
      ["functions = function(function_x) end"] = "functions",
    })
  end)

  it("looks at the line before when an assignment began there", function()
    assert.equal("y", parse("  function(x)", "local y = -- why"))
    assert.equal("M.y", parse("  function(x)", "M.y = M.y or"))
    assert.is_nil(parse("  function(x)", "f(function() end)"))
    assert.is_nil(parse("  function(x)", "return"))
  end)

  it("does not take a name that is cut off", function()
    assert.is_nil(parse("local function lon"))
    assert.is_nil(parse("function " .. ("x"):rep(201) .. "()"))
  end)

  it("answers nil without a line", function()
    assert.is_nil(parse(nil))
  end)
end)
