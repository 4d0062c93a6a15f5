-- What every Lua here may use is what Lua 5.1 to 5.4 and LuaJIT share.
std = "min"
max_line_length = 80
max_cyclomatic_complexity = 12
include_files = {
  "lua/**/*.lua", "spec/**/*.lua", "examples/**/*.lua", "bin/*",
  "*.rockspec", ".busted", ".luacheckrc",
}
exclude_files = { "spec/fixtures", "build" }

-- Asked for before they are used, never assumed.
read_globals = { "jit" }

files["spec"] = { std = "+busted" }
files["spec/**/*_spec.lua"] = { std = "+busted" }
-- The only file that may name ngx.
files["lua/resty/cprof.lua"] = { std = "ngx_lua" }
files["*.rockspec"] = { std = "rockspec" }
files[".luacheckrc"] = { std = "luacheckrc" }
