local files = require "spec.cli.files"
local support = require "spec.support"


describe("cprof convert", function()
  local folder

  setup(function()
    folder = files.new({ ["a.pb.gz"] = files.STACKS })
  end)

  teardown(function()
    support.remove_folder(folder)
  end)

  before_each(function()
    support.need_core(pending)
  end)

  local function prints(line)
    return files.prints(folder, line)
  end

  it("writes pprof's format that says the same", function()
    assert.equal(prints("info a.pb.gz"),
      prints("convert --to pprof a.pb.gz | cprof info -"))
    assert.equal(prints("traces a.pb.gz"),
      prints("convert -o b.pb.gz a.pb.gz && cprof traces b.pb.gz"))
  end)

  it("writes each format", function()
    assert.equal(prints("folded a.pb.gz"),
      prints("convert --to folded a.pb.gz"))
    assert.matches("speedscope.app", prints("convert --to speedscope a.pb.gz"),
      1, true)
    assert.matches("^version: 1\ncreator: cprof\n",
      prints("convert --to callgrind a.pb.gz"))
    assert.is_table(require("cjson").decode(
      prints("convert --to json a.pb.gz")))
  end)

  it("filters", function()
    assert.equal("main;emit 10000000\n",
      prints("convert --to folded --focus emit a.pb.gz"))
  end)

  it("keeps all types in pprof's format", function()
    local code, _, err = files.run(folder, "convert --sample cpu a.pb.gz")
    assert.equal(2, code)
    assert.equal("cprof: --sample does not go with --to pprof, which keeps all "
      .. "types\n", err)
  end)
end)
