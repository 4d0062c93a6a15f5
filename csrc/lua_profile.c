// Profiles as Lua sees them. Entry points run on the Lua thread; memory that
// is live across a call that may raise hangs on userdata. See lua_profile.h.
#include "lua_profile.h"

#include "file.h"
#include "gzip.h"
#include "lua_edge.h"
#include "lua_reports.h"
#include "lua_stacks.h"
#include "pprof.h"
#include <inttypes.h>
#include <limits.h> // INT_MAX
#include <stdio.h>  // snprintf
#include <string.h>

#define LEVEL_DEFAULT 1
#define LEVEL_MAX 9
#define SIZE_MAX_DEFAULT ((lua_Number)(1 << 30)) // 1 GiB
#define SIZE_MAX_LARGEST 9007199254740992.0      // exact as a double
#define ADDRESS_BYTES 19                         // "0x" + 16 digits + NUL

enum { SELF = 1, ARG, ARG_2, ARG_3 }; // positions of arguments

// ---- the userdata ----

struct cprof_profile **cprof_lua_profile_new(lua_State *L) {
  struct cprof_profile **slot = lua_newuserdatauv(L, sizeof *slot, 0);
  *slot = NULL;
  luaL_getmetatable(L, CPROF_LUA_PROFILE);
  lua_setmetatable(L, -2);
  return slot;
}

struct cprof_profile *cprof_lua_profile_check(lua_State *L, int index) {
  struct cprof_profile **slot = luaL_checkudata(L, index, CPROF_LUA_PROFILE);
  luaL_argcheck(L, *slot != NULL, index, "profile is not filled");
  return *slot;
}

void cprof_lua_profile_weigh(lua_State *L,
                             const struct cprof_profile *profile) {
  size_t kilobytes = cprof_profile_bytes(profile) / 1024;
  if (lua_gc(L, LUA_GCISRUNNING, 0))
    lua_gc(L, LUA_GCSTEP, kilobytes < INT_MAX ? (int)kilobytes : INT_MAX);
}

static int profile_gc(lua_State *L) {
  struct cprof_profile **slot = lua_touserdata(L, SELF);
  cprof_profile_free(*slot);
  *slot = NULL;
  return 0;
}

// ---- pushing ----

void cprof_lua_push_id(lua_State *L, const struct cprof_profile *profile,
                       uint32_t string) {
  size_t size;
  const char *bytes = cprof_strings_get(&profile->strings, string, &size);
  lua_pushlstring(L, bytes, size);
}

// table[key] = string; the table is on top.
static void set_string(lua_State *L, const struct cprof_profile *profile,
                       const char *key, uint32_t string) {
  cprof_lua_push_id(L, profile, string);
  lua_setfield(L, -2, key);
}

void cprof_lua_set_integer(lua_State *L, const char *key, int64_t value) {
  lua_pushinteger(L, (lua_Integer)value);
  lua_setfield(L, -2, key);
}

void cprof_lua_set_address(lua_State *L, const char *key, uint64_t address) {
  char text[ADDRESS_BYTES];
  snprintf(text, sizeof text, "0x%" PRIx64, address);
  lua_pushstring(L, text);
  lua_setfield(L, -2, key);
}

static void push_type(lua_State *L, const struct cprof_profile *profile,
                      const struct cprof_value_type *type) {
  lua_createtable(L, 0, 2);
  set_string(L, profile, "type", type->type);
  set_string(L, profile, "unit", type->unit);
}

// ---- limits ----

// The largest size in argument `position`; 0 when out of range.
static size_t get_size_max(lua_State *L, int position) {
  lua_Number size = luaL_optnumber(L, position, SIZE_MAX_DEFAULT);
  return size >= 1 && size <= SIZE_MAX_LARGEST ? (size_t)size : 0;
}

// ---- reading ----

#define HEAD_BYTES 4096 // of what is no profile

// Why a source is no profile, and how it begins, unpacked.
struct refusal {
  struct cprof_why why;
  char head[HEAD_BYTES];
  size_t head_size;
};

static void keep_head(struct refusal *refusal, const void *bytes, size_t size) {
  refusal->head_size = size < HEAD_BYTES ? size : HEAD_BYTES;
  if (size > 0)
    memcpy(refusal->head, bytes, refusal->head_size);
}

// Decompresses and reads; *refusal tells of what does not.
static enum cprof_result decode(const void *bytes, size_t size, size_t size_max,
                                struct cprof_profile **profile,
                                struct refusal *refusal) {
  struct cprof_buffer raw = {.size_max = size_max};
  enum cprof_result result = cprof_gunzip(bytes, size, &raw);
  if (result == CPROF_EFORMAT)
    cprof_why_set(&refusal->why, "damaged gzip data");
  if (result == CPROF_OK && raw.size == 0) {
    cprof_why_set(&refusal->why, "it is empty; was its writer interrupted?");
    result = CPROF_EFORMAT;
  }
  if (result == CPROF_OK)
    result = cprof_pprof_read(raw.bytes, raw.size, profile, &refusal->why);
  if (result != CPROF_OK)
    keep_head(refusal, raw.bytes, raw.size);
  cprof_buffer_done(&raw);
  return result;
}

// Pushes the profile's answer; 4 values for what is none.
static int answer(lua_State *L, enum cprof_result result, const char *what,
                  struct cprof_profile *const *slot,
                  const struct refusal *refusal) {
  if (result == CPROF_OK) {
    cprof_lua_profile_weigh(L, *slot);
    return 1;
  }
  const char *text = refusal->why.text;
  cprof_lua_fail_ex(L, result, what, text[0] ? text : NULL);
  lua_pushlstring(L, refusal->head, refusal->head_size);
  return 4;
}

// core.read(bytes[, size_max]) -> profile | nil, message, code, head: how what
// is no profile begins
static int core_read(lua_State *L) {
  enum { BYTES = 1, MAX };
  size_t size;
  const char *bytes = luaL_checklstring(L, BYTES, &size);
  size_t size_max = get_size_max(L, MAX);
  if (size_max == 0)
    return cprof_lua_fail(L, CPROF_ERANGE, "size_max");
  struct cprof_profile **slot = cprof_lua_profile_new(L);
  struct refusal refusal = {.head_size = 0};
  enum cprof_result result = decode(bytes, size, size_max, slot, &refusal);
  return answer(L, result, "profile", slot, &refusal);
}

// core.read_file(path[, size_max]) -> profile | nil, message, code, head
static int core_read_file(lua_State *L) {
  enum { PATH = 1, MAX };
  const char *path = luaL_checkstring(L, PATH);
  size_t size_max = get_size_max(L, MAX);
  if (size_max == 0)
    return cprof_lua_fail(L, CPROF_ERANGE, "size_max");
  struct cprof_profile **slot = cprof_lua_profile_new(L);
  struct cprof_buffer file = {.size_max = size_max};
  struct refusal refusal = {.head_size = 0};
  enum cprof_result result = cprof_file_read(path, &file);
  if (result == CPROF_OK)
    result = decode(file.bytes, file.size, size_max, slot, &refusal);
  cprof_buffer_done(&file); // free keeps errno
  return answer(L, result, path, slot, &refusal);
}

// ---- writing ----

// Writes the profile to the sink: raw at level 0, else gzipped.
static enum cprof_result encode(const struct cprof_profile *profile, int level,
                                struct cprof_sink sink) {
  if (level == 0)
    return cprof_pprof_write(profile, sink);
  struct cprof_gzip *gzip;
  enum cprof_result result = cprof_gzip_open(&gzip, sink, level);
  if (result != CPROF_OK)
    return result;
  result = cprof_pprof_write(profile, cprof_gzip_sink(gzip));
  enum cprof_result closed = cprof_gzip_close(gzip, result == CPROF_OK);
  return result == CPROF_OK ? closed : result;
}

// p:encode([level]) -> string | nil, message, code; level 0 is not gzipped
static int profile_encode(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, SELF);
  lua_Integer level = luaL_optinteger(L, ARG, LEVEL_DEFAULT);
  if (level < 0 || level > LEVEL_MAX)
    return cprof_lua_fail_ex(L, CPROF_ERANGE, "level",
                             "0 (not gzipped) to 9 expected");
  struct cprof_buffer *out = cprof_lua_buffer_new(L);
  enum cprof_result result =
      encode(profile, (int)level, cprof_buffer_sink(out));
  if (result != CPROF_OK)
    return cprof_lua_fail(L, result, "encode");
  lua_pushlstring(L, (const char *)out->bytes, out->size);
  cprof_buffer_done(out);
  return 1;
}

// p:write(path) -> true | nil, message, code
static int profile_write(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, SELF);
  const char *path = luaL_checkstring(L, ARG);
  if (path[0] == '\0')
    return cprof_lua_fail_ex(L, CPROF_EIO, NULL,
                             "the path is empty; a file is expected");
  struct cprof_file file;
  enum cprof_result result = cprof_file_open(&file, path);
  if (result == CPROF_OK)
    result = encode(profile, LEVEL_DEFAULT, cprof_file_sink(&file));
  if (result == CPROF_OK)
    result = cprof_file_commit(&file);
  cprof_file_done(&file); // keeps errno
  if (result != CPROF_OK)
    return cprof_lua_fail(L, result, path);
  lua_pushboolean(L, true);
  return 1;
}

// ---- info ----

static void push_types(lua_State *L, const struct cprof_profile *profile) {
  lua_createtable(L, (int)profile->type_count, 0);
  for (uint32_t i = 0; i < profile->type_count; i++) {
    push_type(L, profile, &profile->types[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

static void push_comments(lua_State *L, const struct cprof_profile *profile) {
  lua_createtable(L, (int)profile->comment_count, 0);
  for (uint32_t i = 0; i < profile->comment_count; i++) {
    cprof_lua_push_id(L, profile, profile->comments[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

static void push_mappings(lua_State *L, const struct cprof_profile *profile) {
  lua_createtable(L, (int)profile->mapping_count, 0);
  for (uint32_t i = 0; i < profile->mapping_count; i++) {
    const struct cprof_mapping *mapping = &profile->mappings[i];
    lua_createtable(L, 0, 4);
    set_string(L, profile, "filename", mapping->filename);
    set_string(L, profile, "build_id", mapping->build_id);
    cprof_lua_set_address(L, "memory_start", mapping->memory_start);
    lua_pushboolean(L, mapping->has_functions);
    lua_setfield(L, -2, "has_functions");
    lua_rawseti(L, -2, (int)i + 1);
  }
}

static uint32_t count_inlined(const struct cprof_profile *profile) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < profile->location_count; i++)
    count += profile->locations[i].line_count > 1;
  return count;
}

static void set_counts(lua_State *L, const struct cprof_profile *profile) {
  cprof_lua_set_integer(L, "period", profile->period);
  cprof_lua_set_integer(L, "time_ns", profile->time_nanos);
  cprof_lua_set_integer(L, "duration_ns", profile->duration_nanos);
  cprof_lua_set_integer(L, "samples", profile->sample_count);
  cprof_lua_set_integer(L, "locations", profile->location_count);
  cprof_lua_set_integer(L, "inlined", count_inlined(profile));
  cprof_lua_set_integer(L, "functions", profile->function_count);
  if (profile->type_count > 0)
    cprof_lua_set_integer(L, "default_index",
                          cprof_profile_default_index(profile) + 1);
}

// p:info() -> { sample_types = {{type=, unit=}, ...}, period_type = {type=,
// unit=}, period=, time_ns=, duration_ns=, comments = {...},
// default_sample_type=, drop_frames=, keep_frames=, doc_url=, samples=,
// locations=, inlined=, functions=, mappings = {{filename=, build_id=,
// memory_start=, has_functions=}, ...}, default_index= }; inlined: of the
// locations, those that stand for several frames
static int profile_info(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, SELF);
  lua_newtable(L);
  set_counts(L, profile);
  push_types(L, profile);
  lua_setfield(L, -2, "sample_types");
  push_type(L, profile, &profile->period_type);
  lua_setfield(L, -2, "period_type");
  push_comments(L, profile);
  lua_setfield(L, -2, "comments");
  push_mappings(L, profile);
  lua_setfield(L, -2, "mappings");
  set_string(L, profile, "default_sample_type", profile->default_sample_type);
  set_string(L, profile, "drop_frames", profile->drop_frames);
  set_string(L, profile, "keep_frames", profile->keep_frames);
  set_string(L, profile, "doc_url", profile->doc_url);
  return 1;
}

// ---- names and checks ----

// p:unnamed() -> {{id=, source=, line=}, ...}: functions that still have no
// name; source is Lua's, "@/path.lua", "=stdin" or the text of the chunk
static int profile_unnamed(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, SELF);
  lua_newtable(L);
  int count = 0;
  for (uint32_t i = 0; i < profile->function_count; i++) {
    const struct cprof_function *function = &profile->functions[i];
    if (function->name != 0)
      continue;
    lua_createtable(L, 0, 3);
    cprof_lua_set_integer(L, "id", i + 1ll);
    set_string(L, profile, "source", function->filename);
    cprof_lua_set_integer(L, "line", function->start_line);
    lua_rawseti(L, -2, ++count);
  }
  return 1;
}

// p:rename(id, name, filename) -> true | nil, message, code
static int profile_rename(lua_State *L) {
  struct cprof_profile *profile = cprof_lua_profile_check(L, SELF);
  lua_Integer id = luaL_checkinteger(L, ARG);
  size_t name_size, filename_size;
  const char *name = luaL_checklstring(L, ARG_2, &name_size);
  const char *filename = luaL_checklstring(L, ARG_3, &filename_size);
  if (id < 1 || id > (lua_Integer)profile->function_count)
    return cprof_lua_fail(L, CPROF_ERANGE, "function id");
  uint32_t name_id, filename_id;
  enum cprof_result result =
      cprof_profile_add_string(profile, name, name_size, &name_id);
  if (result == CPROF_OK)
    result = cprof_profile_add_string(profile, filename, filename_size,
                                      &filename_id);
  if (result != CPROF_OK)
    return cprof_lua_fail(L, result, "rename");
  profile->functions[id - 1].name = name_id;
  profile->functions[id - 1].filename = filename_id;
  lua_pushboolean(L, true);
  return 1;
}

// p:add_comment(text) -> true | nil, message, code
static int profile_add_comment(lua_State *L) {
  struct cprof_profile *profile = cprof_lua_profile_check(L, SELF);
  enum cprof_result result =
      cprof_profile_add_comment(profile, luaL_checkstring(L, ARG));
  if (result != CPROF_OK)
    return cprof_lua_fail(L, result, "comment");
  lua_pushboolean(L, true);
  return 1;
}

// p:check() -> true | nil, why, "format"
static int profile_check(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, SELF);
  struct cprof_why why = {""};
  enum cprof_result result = cprof_profile_check(profile, &why);
  if (result != CPROF_OK)
    return cprof_lua_fail_ex(L, result, NULL, why.text);
  lua_pushboolean(L, true);
  return 1;
}

// tostring(p) -> "cprof.profile: cpu/nanoseconds, 123 stacks", by default type
static int profile_tostring(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, SELF);
  lua_settop(L, SELF);
  lua_pushliteral(L, CPROF_LUA_PROFILE ": ");
  if (profile->type_count > 0) {
    const struct cprof_value_type *type =
        &profile->types[cprof_profile_default_index(profile)];
    cprof_lua_push_id(L, profile, type->type);
    lua_pushliteral(L, "/");
    cprof_lua_push_id(L, profile, type->unit);
    lua_pushliteral(L, ", ");
  }
  lua_pushfstring(L, "%d stack%s", (int)profile->sample_count,
                  profile->sample_count == 1 ? "" : "s");
  lua_concat(L, lua_gettop(L) - SELF);
  return 1;
}

// ---- public ----

static const luaL_Reg methods[] = {
    {"encode", profile_encode}, {"write", profile_write},
    {"info", profile_info},     {"unnamed", profile_unnamed},
    {"rename", profile_rename}, {"add_comment", profile_add_comment},
    {"check", profile_check},   {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"read", core_read},
    {"read_file", core_read_file},
    {NULL, NULL},
};

void cprof_lua_profile_open(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  luaL_newmetatable(L, CPROF_LUA_PROFILE);
  lua_pushliteral(L, CPROF_LUA_PROFILE); // LuaJIT does not set it
  lua_setfield(L, -2, "__name");
  lua_pushcfunction(L, profile_gc);
  lua_setfield(L, -2, "__gc");
  lua_pushcfunction(L, profile_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  cprof_lua_reports_open(L);
  cprof_lua_stacks_open(L);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__index");
  lua_createtable(L, 0, 1); // what Lua may see of the metatable: no __gc
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "__index");
  lua_setfield(L, -3, "__metatable");
  lua_setfield(L, -3, "profile_methods");
  lua_pop(L, 1);
}
