local options = require "cprof.options"
local support = require "spec.support"

local function check(given)
  return options.check(options.START, given, "cprof.start")
end

local function message_of(given)
  local ok, message = pcall(check, given)
  assert.is_false(ok)
  return message
end


describe("cprof.options", function()
  it("fills in the defaults", function()
    local cpu = check({ cpu = true }).cpu
    assert.same({ hz = 100, depth_max = 128, mode = "l", engine = "auto" },
      cpu)
  end)

  it("keeps what is given", function()
    local cpu = check({ cpu = { hz = 250, mode = "f" } }).cpu
    assert.equal(250, cpu.hz)
    assert.equal("f", cpu.mode)
  end)

  it("leaves a group out when it is false or absent", function()
    assert.is_false(check({ cpu = false }).cpu)
    assert.is_nil(check({}).cpu)
  end)

  it("answers nil and range for a number out of range", function()
    for _, hz in ipairs({ 0, 10001, 1.5, -1, 1 / 0, 0 / 0 }) do
      local values, message, code = check({ cpu = { hz = hz } })
      assert.is_nil(values)
      assert.equal("range", code)
      assert.matches("cpu%.hz must be an integer from 1 to 10000", message)
    end
  end)

  it("accepts the ends of a range", function()
    assert.equal(1, check({ cpu = { hz = 1 } }).cpu.hz)
    assert.equal(10000, check({ cpu = { hz = 10000 } }).cpu.hz)
  end)

  it("raises for an unknown option and lists the known ones", function()
    local message = message_of({ heat = true })
    assert.matches("unknown option 'heat'", message, 1, true)
    assert.matches("known options: cpu, labels, native", message, 1, true)
  end)

  it("raises for an unknown option of a group", function()
    local message = message_of({ cpu = { herz = 1 } })
    assert.matches("unknown option 'cpu.herz'", message, 1, true)
    assert.matches("hz, depth_max, mode, engine", message, 1, true)
  end)

  it("raises for a wrong type and says what came", function()
    assert.matches('cpu%.hz: integer expected, got "x"',
      message_of({ cpu = { hz = "x" } }))
    assert.matches("cpu: true or a table expected, got number",
      message_of({ cpu = 5 }))
    assert.matches("table expected, got nil", message_of(nil))
  end)

  it("raises for a choice that there is not", function()
    assert.matches('mode: "l" or "f" expected, got "x"',
      message_of({ cpu = { mode = "x" } }))
  end)

  it("says that native frames come later", function()
    assert.matches("later version", message_of({ native = "leaf" }))
    assert.equal("none", check({}).native)
  end)

  it("raises for labels that are no strings or numbers by name", function()
    assert.matches("labels.a: string or number expected, got boolean",
      message_of({ labels = { a = true } }), 1, true)
    assert.matches("non-empty string as a name expected, got number",
      message_of({ labels = { "a" } }), 1, true)
  end)

  it("raises for the label that is cprof's own", function()
    assert.equal("cprof.start: labels: the name \"vmstate\" is cprof's own: "
      .. "what the VM did", message_of({ labels = { vmstate = "x" } }))
  end)

  it("raises for a zero byte in a label", function()
    for _, labels in ipairs({ { ["a\0b"] = "x" }, { a = "x\0" } }) do
      assert.equal("cprof.start: labels: labels hold no zero byte",
        message_of({ labels = labels }))
    end
  end)

  it("answers nil and range for a number that no label keeps", function()
    for _, value in ipairs({ 1.5, 0 / 0, 1 / 0, -1 / 0, 1e300, -2 ^ 54,
      rawget(math, "mininteger") }) do
      local values, message, code = check({ labels = { n = value } })
      assert.is_nil(values)
      assert.equal("cprof.start: labels.n must be an integer of at most 2^53 "
        .. "in size, got " .. tostring(value), message)
      assert.equal("range", code)
    end
  end)

  it("accepts the largest numbers of labels", function()
    local labels = { a = 2 ^ 53, b = -2 ^ 53, c = 0 }
    assert.same(labels, check({ labels = labels }).labels)
  end)

  it("copies labels", function()
    local labels = { a = "b", n = 3 }
    local checked = check({ labels = labels }).labels
    assert.same(labels, checked)
    assert.not_equal(labels, checked)
  end)

  it("answers nil and range for too many labels", function()
    local labels = {}
    for i = 1, 17 do
      labels["k" .. i] = "v"
    end
    local values, _, code = check({ labels = labels })
    assert.is_nil(values)
    assert.equal("range", code)
  end)

  local REPORT = {
    { name = "part", type = "real", min = 0, max = 1, message = "a part" },
    { name = "text", type = "text", message = "a text" },
    { name = "on", type = "boolean", default = true, message = "a switch" },
    { name = "focus", type = "pattern", message = "an expression" },
    { name = "base", type = "profile", message = "a profile" },
  }

  it("takes what reports take", function()
    local methods = { rows = print, info = print }
    local given = { part = 0.5, text = "ms", on = false, focus = print,
      base = setmetatable({}, { __index = methods }) }
    assert.same(given, options.check(REPORT, given, "report"))
    assert.equal("a.*b", options.check(REPORT, { focus = "a.*b" }, "r").focus)
    assert.is_true(options.check(REPORT, {}, "report").on)
  end)

  it("raises for what reports do not take", function()
    for name, expected in pairs({ part = "number", text = "string",
      on = "true or false", focus = "string or function", base = "profile" })
    do
      local ok, message = pcall(options.check, REPORT, { [name] = {} }, "r")
      assert.is_false(ok)
      assert.matches(("r: %s: %s expected, got table"):format(name, expected),
        message, 1, true)
    end
    assert.is_false(pcall(options.check, REPORT, { base = "x" }, "r"))
    assert.is_false(pcall(options.check, REPORT, { base = io.stdout }, "r"))
    for _, index in ipairs({ { rows = true, info = true }, { rows = print },
      { info = print }, setmetatable({}, { __index = error }), error }) do
      local base = setmetatable({}, { __index = index })
      assert.is_false(pcall(options.check, REPORT, { base = base }, "r"))
    end
    assert.is_false(pcall(options.check, REPORT, {
      base = setmetatable({}, { __metatable = "mine" }),
    }, "r"))
  end)

  it("answers nil and range for a part out of range", function()
    for _, part in ipairs({ -1, 2, 0 / 0 }) do
      local values, message, code = options.check(REPORT, { part = part }, "r")
      assert.is_nil(values)
      assert.matches("r: part must be from 0 to 1, got", message, 1, true)
      assert.equal("range", code)
    end
  end)

  it("raises for a required option that is missing", function()
    local fields = { { name = "x", type = "text", required = "a text",
      message = "said" } }
    local _, message = pcall(options.check, fields, {}, "r")
    assert.matches("r: x: a text expected, got nil (said)", message, 1, true)
  end)

  it("raises at the line of the level asked for", function()
    local function api()
      options.check(options.START, { x = 1 }, "api", 2)
    end
    support.assert_raises(function() api() end, "api: unknown")
  end)
end)
