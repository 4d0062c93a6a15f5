-- Formats that are not pprof's, each as its producer writes it; the legacy ones
-- after pprof's own reader (profile/legacy_profile.go).

local legacy = require "cprof.legacy"
local support = require "spec.support"

local REST = "1: 8 [1: 8] @ 0x1 0x2\n"
local HOSTILE_BYTES = 65536
local HOSTILE_SECONDS = 1


-- Words of a legacy CPU profile.
local function words(size, is_big, values)
  local out = {}
  for i, value in ipairs(values) do
    local low = string.char(value % 256, math.floor(value / 256))
      .. ("\0"):rep(size - 2)
    out[i] = is_big and low:reverse() or low
  end
  return table.concat(out)
end


local KNOWN = {
  -- text of pprof's past
  ["heap profile: 1: 8 [1: 8] @ heapprofile\n" .. REST] =
    "a legacy heap profile; convert it: go tool pprof -proto PROGRAM FILE",
  ["heap profile:   1:  8 [ 1: 8 ] @ heap_v2/524288\n" .. REST] =
    "a legacy heap profile; convert it",
  ["heap profile: 1: 8 [1: 8] @ heap/1048576\n" .. REST] =
    "Go's heap profile as text; ask for the binary form",
  ["heap profile: 1: 8 [1: 8] @ growthz\n" .. REST] =
    "a legacy growth profile; convert it",
  ["heap profile: 1: 8 [1: 8] @ fragmentationz\n" .. REST] =
    "a legacy fragmentation profile; convert it",
  ["goroutine profile: total 4\n1 @ 0x1 0x2\n"] =
    "Go's goroutine profile as text; ask for the binary form",
  ["# a comment\n\n  \nthreadcreate profile: total 4\r\n1 @ 0x1\n"] =
    "Go's threadcreate profile as text",
  ["goroutine 1 [running]:\nmain.main()\n"] = "Go's stack dump",
  ["--- contention:\ncycles/second=1\n"] = "Go's block profile as text",
  ["--- mutex:\ncycles/second=1\n"] = "Go's mutex profile as text",
  ["--- contentionz 1 ---\nformat = java\n"] =
    "a legacy contention profile; convert it",
  ["--- heapz 1 ---\nformat = java\n"] = "a legacy Java heap profile; convert",
  ["--- cpu profile\n"] = "a legacy Java CPU profile",
  ["--- threadz 1 ---\n\n--- Thread 7f (name: a/1) stack: ---\n"] =
    "a legacy threads profile",
  ["--- Thread 7f794ab90940 (name: main/14748) stack: ---\n"] =
    "a legacy threads profile",
  ["--- symbol\nbinary=/bin/x\n"] = "a profile that brings its symbols along",
  ["MAPPED_LIBRARIES:\n00400000-00fcb000 r-xp\n"] = "a memory map",
  -- others
  ["PERFILE2" .. ("\0"):rep(90)] =
    "a perf.data file; convert it with perf_to_profile",
  ["main;a;b 12\nmain;a 3\n"] =
    "collapsed stacks; convert it with pprofutils folded",
  ["thread 1;a b;c (x.c:1) 3\r\n[no stack] 5\r\n"] = "collapsed stacks",
  ['{"$schema":"https://www.speedscope.app/file-format-schema.json"}'] =
    "speedscope's JSON; speedscope opens it",
  ['{"nodes":[{"id":1}],"startTime":1}'] = "a V8 CPU profile",
  ['{"head": {"callFrame":{}}}'] = "a V8 heap profile",
  ['\239\187\191{ "traceEvents": [] }'] = "a Chrome trace",
  ['[1, 2]'] = "JSON text",
  ["\127ELF\2\1\1" .. ("\0"):rep(50)] = "a program or library (ELF)",
  ["  <!DOCTYPE html>\n<html>"] = "an HTML page; the address",
  ["<html><body>404"] = "an HTML page",
  ["<?xml version='1.0'?>"] = "XML or SVG",
  ["404 page not found\n"] = "an error page",
  ["HTTP/1.1 200 OK\r\n\r\n"] = "an HTTP answer with its header",
  ["go 1.22 trace\0\0\0"] = "Go's execution trace; go tool trace reads it",
  ["# callgrind format\nversion: 1\n"] = "a callgrind profile",
  ["\40\181\47\253abc"] = "compressed by zstd; unpack it",
  [""] = "empty",
}


describe("cprof.legacy", function()
  it("says what a file is and what converts it", function()
    for bytes, expected in pairs(KNOWN) do
      local message = legacy.message(bytes)
      assert.is_string(message, bytes)
      assert.matches("this is " .. expected, message, 1, true)
    end
  end)

  it("knows the binary CPU format in each word size and order", function()
    for _, size in ipairs({ 4, 8 }) do
      for _, is_big in ipairs({ false, true }) do
        for _, java in ipairs({ 0, 1 }) do
          assert.matches("a legacy CPU profile; convert it", legacy.message(
            words(size, is_big, { 0, 3, java, 10000, 0, 1, 2 })), 1, true)
        end
        for _, other in ipairs({ { 1, 3, 0, 9, 0 }, { 0, 2, 0, 9, 0 },
          { 0, 3, 2, 9, 0 }, { 0, 3, 0, 0, 0 }, { 0, 3, 0, 9, 1 },
          { 0, 3, 0, 9 } }) do
          assert.is_nil(legacy.message(words(size, is_big, other)))
        end
      end
    end
  end)

  it("knows the files that real programs wrote", function()
    assert.matches("a legacy CPU profile", legacy.message(support.read(
      "spec/fixtures/legacy-cpu.prof")), 1, true)
    assert.matches("a legacy heap profile", legacy.message(support.read(
      "spec/fixtures/legacy-heap.txt")), 1, true)
  end)

  it("knows nothing of profiles and of other texts", function()
    for _, path in ipairs({ "README.md", "csrc/pprof.c", "Makefile",
      "spec/fixtures/members.pb.gz", "spec/fixtures/go119-cpu.pb.gz" }) do
      assert.is_nil(legacy.message(support.read(path)), path)
    end
    assert.is_nil(legacy.message("\n\3\8\1\16\2"))
    assert.is_nil(legacy.message("words and 12\n"))
  end)

  it("takes little time, whatever the bytes are", function()
    local start = os.clock()
    for _, part in ipairs({ " ", "\n", "a", "1 ", "a 1;", "\0", "{", "\n#",
      '{"nodes" ', "heap profile: 1", "<", "- ", "total " }) do
      local long = part:rep(math.floor(HOSTILE_BYTES / #part))
      legacy.message(long)
      legacy.message("a;b" .. long .. "x\n")
    end
    assert.is_true(os.clock() - start < HOSTILE_SECONDS)
  end)
end)
