-- What the core's own methods of a profile give Lua: rows, graph, fold, total
-- and stacks. Sums are those of a profile small enough to count by hand.

local made = require "spec.made"
local support = require "spec.support"

-- leaf is inlined in work; a location of lib.so has no function
local PROFILE = {
  { "main@a.lua:1;work@a.lua:2;leaf@a.lua:3", 10 },
  { "main@a.lua:1;leaf@a.lua:4|work@a.lua:4", 20 },
  { "main@a.lua:1;work@./a.lua:5;work@a.lua:2", 40 },
  { "main@a.lua:1;#/lib/lib.so", 80 },
  { "other@b.lua:6", -5 },
}


local function by_name(rows)
  local map = {}
  for _, row in ipairs(rows) do
    map[row.name .. row.object] = row
  end
  return map
end


local function failure(call, ...)
  local ok, message = pcall(call, ...)
  assert.is_false(ok)
  return message
end


describe("the core's rows", function()
  before_each(function()
    support.need_core(pending)
  end)

  it("are what was counted by hand", function()
    local rows, total, noise = made.profile(PROFILE):rows()
    local map = by_name(rows)
    assert.equal(155, total)
    assert.is_nil(noise)
    assert.equal(5, #rows)
    assert.same({ 0, 150 }, { map.main.flat, map.main.cum })
    assert.same({ 40, 70 }, { map.work.flat, map.work.cum })
    assert.same({ 30, 30 }, { map.leaf.flat, map.leaf.cum })
    assert.same({ -5, -5 }, { map.other.flat, map.other.cum })
    assert.same({ 80, 80 }, { map["/lib/lib.so"].flat,
      map["/lib/lib.so"].cum })
  end)

  it("say what each of them is", function()
    local work = by_name(made.profile(PROFILE):rows()).work
    work.node = nil
    assert.same({ name = "work", filename = "a.lua", start_line = 0, line = 0,
      object = "", flat = 40, cum = 70 }, work)
  end)

  it("are made at every granularity", function()
    local p = made.profile(PROFILE)
    for granularity, count in pairs({ definitions = 5, functions = 5,
      filefunctions = 5, files = 3, lines = 8, addresses = 8 }) do
      assert.equal(count, #p:rows({ granularity = granularity }), granularity)
    end
    local row = by_name(p:rows({ granularity = "addresses" }))["/lib/lib.so"]
    assert.matches("^0x%x+$", row.address)
  end)

  it("leave out what adds up to nothing", function()
    assert.equal(0, #made.profile({ { "a", 5 }, { "a", -5 } }):rows())
  end)

  it("say that the noise of time without a count is not known", function()
    local rows, _, noise = made.profile(PROFILE):rows({ noise = true })
    assert.equal("none", noise)
    assert.equal(0, rows[1].flat_variance)
    assert.equal(0, rows[1].cum_variance)
  end)

  it("refuse what they do not know", function()
    local p = made.profile(PROFILE)
    assert.matches("invalid option 'feet'", failure(p.rows, p,
      { granularity = "feet" }), 1, true)
    assert.same({ nil, 'no sample type "2" (types: cpu)', "range" },
      { p:rows({ sample = 2 }) })
  end)

  it("have the whole total, or that of a labelled base", function()
    assert.equal(155, made.profile(PROFILE):total())
    assert.equal(3, made.profile({ { "a", 5 },
      { "a", -3, { ["pprof::base"] = "true" } } }):total())
  end)
end)


describe("the core's graph", function()
  before_each(function()
    support.need_core(pending)
  end)

  -- "from>to" -> edge
  local function edges_of(graph)
    local map = {}
    for _, edge in ipairs(graph.edges) do
      local from, to = graph.nodes[edge.from], graph.nodes[edge.to]
      map[from.name .. ">" .. to.name .. to.object] = edge
    end
    return map
  end

  it("has an edge for every pair, each once a sample", function()
    local graph, total = made.profile(PROFILE):graph()
    local edges = edges_of(graph)
    assert.equal(155, total)
    assert.equal(3, #graph.edges)
    assert.equal(70, edges["main>work"].value)
    assert.equal(30, edges["work>leaf"].value)
    assert.equal(80, edges["main>/lib/lib.so"].value)
    assert.is_false(edges["work>leaf"].is_inline)
  end)

  it("says what is inlined", function()
    local graph = made.profile({ PROFILE[2] }):graph()
    assert.is_true(edges_of(graph)["work>leaf"].is_inline)
    assert.equal("inline", by_name(graph.nodes).leaf.inline)
    assert.is_nil(by_name(graph.nodes).work.inline)
    graph = made.profile({ PROFILE[2],
      { "main@a.lua;leaf@a.lua", 1 } }):graph()
    assert.equal("partial-inline", by_name(graph.nodes).leaf.inline)
  end)

  it("leads over nodes that are left out", function()
    local p = made.profile(PROFILE)
    local map = by_name(p:rows())
    local graph = p:graph({ keep = { map.main.node, map.leaf.node } })
    assert.equal(2, #graph.nodes)
    assert.equal(1, #graph.edges)
    assert.equal(30, graph.edges[1].value)
    assert.is_true(graph.edges[1].is_residual)
  end)

  it("has nodes with their neighbours, and no other edges", function()
    local p = made.profile(PROFILE)
    local map, whole = by_name(p:rows()), edges_of(p:graph())
    local graph = p:graph({ around = { map.leaf.node } })
    local edges = edges_of(graph)
    assert.equal(1, #graph.edges)
    assert.equal(2, #graph.nodes)
    assert.equal(whole["work>leaf"].value, edges["work>leaf"].value)
    assert.is_false(edges["work>leaf"].is_residual)
    graph = p:graph({ around = { map.other.node } })
    assert.same({ 1, 0 }, { #graph.nodes, #graph.edges })
    assert.same({}, p:graph({ around = {} }).nodes)
  end)

  it("tells of neighbours how all edges call them", function()
    local p = made.profile({ PROFILE[2], { "other@a.lua;leaf@a.lua", 1 } })
    local map = by_name(p:rows())
    local graph = p:graph({ around = { map.other.node } })
    assert.equal(1, #graph.edges)
    assert.equal("partial-inline", by_name(graph.nodes).leaf.inline)
  end)

  it("comes without edges, too", function()
    local graph = made.profile(PROFILE):graph({ edges = false })
    assert.is_nil(graph.edges)
    assert.equal(5, #graph.nodes)
  end)

  it("refuses nodes that there are not", function()
    local p = made.profile(PROFILE)
    for _, node in ipairs({ 0, -1, 6, 0 / 0, "x" }) do
      assert.same({ nil, "graph: value out of range", "range" },
        { p:graph({ keep = { node } }) })
      assert.same({ nil, "graph: value out of range", "range" },
        { p:graph({ around = { node } }) })
    end
    assert.matches("table expected, got number", failure(p.graph, p,
      { keep = 5 }), 1, true)
  end)
end)


describe("the core's folded stacks", function()
  it("are named at the granularity asked for", function()
    support.need_core(pending)
    local p = made.profile({ PROFILE[3], PROFILE[4] })
    assert.equal("main;work;work 40\nmain;[lib.so] 80\n", p:fold(1))
    assert.equal("a.lua;a.lua;a.lua 40\na.lua;[lib.so] 80\n",
      p:fold(1, "files"))
    assert.equal("range", select(3, p:fold(2)))
  end)
end)


describe("the core's stacks", function()
  before_each(function()
    support.need_core(pending)
  end)

  it("give frames leaf first, inlined ones before what they are in", function()
    local frames = made.profile({ PROFILE[2] }):stacks()[1].frames
    assert.same({ "leaf", "work", "main" },
      { frames[1].name, frames[2].name, frames[3].name })
    assert.equal("a.lua", frames[1].filename)
    assert.is_nil(frames[1].object)
  end)

  it("give address and object of a frame without a function", function()
    local frame = made.profile({ PROFILE[4] }):stacks()[1].frames[1]
    assert.matches("^0x%x+$", frame.name)
    assert.equal(frame.name, frame.address)
    assert.equal("/lib/lib.so", frame.object)
  end)

  it("give labels by key, and all of them where a key has several", function()
    local stacks = made.profile({
      { "a", 1, { k = "v", n = { 7, "bytes" } } },
      { "b", 1, { { "k", "v" }, { "k", "w" }, { "n", 7, "bytes" } } },
    }):stacks()
    assert.same({ k = "v", n = 7 }, stacks[1].labels)
    assert.same({ n = "bytes" }, stacks[1].units)
    assert.is_nil(stacks[1].label_list)
    assert.same({ { key = "k", value = "v" }, { key = "k", value = "w" },
      { key = "n", value = 7, unit = "bytes" } }, stacks[2].label_list)
  end)

  it("share the lists of frames of equal stacks", function()
    local stacks = made.profile({ { "main;a", 1, { k = "v" } },
      { "main;b", 2 }, { "main;a", 3 }, { "a;main", 5 } }):stacks()
    assert.equal(stacks[1].frames, stacks[3].frames)
    assert.equal("b", stacks[2].frames[1].name)
    assert.equal("main", stacks[4].frames[1].name)
    assert.equal("a", stacks[3].frames[1].name)
  end)

  it("share the tables of equal frames", function()
    local stacks = made.profile({ { "main;a", 1 }, { "main;b", 1 } }):stacks()
    assert.equal(stacks[1].frames[2], stacks[2].frames[2])
  end)
end)
