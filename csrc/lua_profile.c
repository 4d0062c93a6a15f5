// Profiles as Lua sees them. Entry points run on the Lua thread; memory that
// is live across a call that may raise hangs on userdata. See lua_profile.h.
#include "lua_profile.h"

#include "file.h"
#include "gzip.h"
#include "lua_edge.h"
#include "pprof.h"
#include "report.h"
#include <inttypes.h>
#include <stdio.h> // snprintf
#include <string.h>

#define ROWS_TYPE "cprof.rows"
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

static int profile_gc(lua_State *L) {
  struct cprof_profile **slot = lua_touserdata(L, SELF);
  cprof_profile_free(*slot);
  *slot = NULL;
  return 0;
}

static int rows_gc(lua_State *L) {
  cprof_rows_done(lua_touserdata(L, SELF));
  return 0;
}

// ---- pushing ----

static void push_id(lua_State *L, const struct cprof_profile *profile,
                    uint32_t string) {
  size_t size;
  const char *bytes = cprof_strings_get(&profile->strings, string, &size);
  lua_pushlstring(L, bytes, size);
}

// table[key] = string; the table is on top.
static void set_string(lua_State *L, const struct cprof_profile *profile,
                       const char *key, uint32_t string) {
  push_id(L, profile, string);
  lua_setfield(L, -2, key);
}

// table[key] = integer; the table is on top.
static void set_integer(lua_State *L, const char *key, int64_t value) {
  lua_pushinteger(L, (lua_Integer)value);
  lua_setfield(L, -2, key);
}

static void set_address(lua_State *L, const char *key, uint64_t address) {
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

// ---- indices and limits ----

// The value index in argument `position`, the default when absent. False when
// out of range.
static bool get_index(lua_State *L, const struct cprof_profile *profile,
                      int position, uint32_t *index) {
  *index = cprof_profile_default_index(profile);
  if (!lua_isnoneornil(L, position)) {
    lua_Integer wanted = luaL_checkinteger(L, position);
    if (wanted < 1 || wanted > (lua_Integer)profile->type_count)
      return false;
    *index = (uint32_t)(wanted - 1);
  }
  return *index < profile->type_count;
}

static int fail_index(lua_State *L) {
  return cprof_lua_fail(L, CPROF_ERANGE, "sample type index");
}

// The largest size in argument `position`; 0 when out of range.
static size_t get_size_max(lua_State *L, int position) {
  lua_Number size = luaL_optnumber(L, position, SIZE_MAX_DEFAULT);
  return size >= 1 && size <= SIZE_MAX_LARGEST ? (size_t)size : 0;
}

// ---- reading ----

// Decompresses and reads; *why says what is wrong if the result does not.
static enum cprof_result decode(const void *bytes, size_t size, size_t size_max,
                                struct cprof_profile **profile,
                                struct cprof_why *why) {
  struct cprof_buffer raw = {.size_max = size_max};
  enum cprof_result result = cprof_gunzip(bytes, size, &raw);
  if (result == CPROF_EFORMAT)
    cprof_why_set(why, "damaged gzip data");
  if (result == CPROF_OK && raw.size == 0) {
    cprof_why_set(why, "it is empty; was its writer interrupted?");
    result = CPROF_EFORMAT;
  }
  if (result == CPROF_OK)
    result = cprof_pprof_read(raw.bytes, raw.size, profile, why);
  cprof_buffer_done(&raw);
  return result;
}

static int fail_why(lua_State *L, enum cprof_result result, const char *what,
                    const struct cprof_why *why) {
  return cprof_lua_fail_ex(L, result, what, why->text[0] ? why->text : NULL);
}

// core.read(bytes[, size_max]) -> profile | nil, message, code
static int core_read(lua_State *L) {
  enum { BYTES = 1, MAX };
  size_t size;
  const char *bytes = luaL_checklstring(L, BYTES, &size);
  size_t size_max = get_size_max(L, MAX);
  if (size_max == 0)
    return cprof_lua_fail(L, CPROF_ERANGE, "size_max");
  struct cprof_profile **slot = cprof_lua_profile_new(L);
  struct cprof_why why = {""};
  enum cprof_result result = decode(bytes, size, size_max, slot, &why);
  return result == CPROF_OK ? 1 : fail_why(L, result, "profile", &why);
}

// core.read_file(path[, size_max]) -> profile | nil, message, code
static int core_read_file(lua_State *L) {
  enum { PATH = 1, MAX };
  const char *path = luaL_checkstring(L, PATH);
  size_t size_max = get_size_max(L, MAX);
  if (size_max == 0)
    return cprof_lua_fail(L, CPROF_ERANGE, "size_max");
  struct cprof_profile **slot = cprof_lua_profile_new(L);
  struct cprof_buffer file = {.size_max = size_max};
  struct cprof_why why = {""};
  enum cprof_result result = cprof_file_read(path, &file);
  if (result == CPROF_OK)
    result = decode(file.bytes, file.size, size_max, slot, &why);
  cprof_buffer_done(&file); // free keeps errno
  return result == CPROF_OK ? 1 : fail_why(L, result, path, &why);
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
    return cprof_lua_fail(L, CPROF_ERANGE, "level");
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
    push_id(L, profile, profile->comments[i]);
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
    set_address(L, "memory_start", mapping->memory_start);
    lua_pushboolean(L, mapping->has_functions);
    lua_setfield(L, -2, "has_functions");
    lua_rawseti(L, -2, (int)i + 1);
  }
}

static void set_counts(lua_State *L, const struct cprof_profile *profile) {
  set_integer(L, "period", profile->period);
  set_integer(L, "time_ns", profile->time_nanos);
  set_integer(L, "duration_ns", profile->duration_nanos);
  set_integer(L, "samples", profile->sample_count);
  set_integer(L, "locations", profile->location_count);
  set_integer(L, "functions", profile->function_count);
  if (profile->type_count > 0)
    set_integer(L, "default_index", cprof_profile_default_index(profile) + 1);
}

// p:info() -> { sample_types = {{type=, unit=}, ...}, period_type = {type=,
// unit=}, period=, time_ns=, duration_ns=, comments = {...},
// default_sample_type=, doc_url=, samples=, locations=, functions=,
// mappings = {{filename=, build_id=, memory_start=, has_functions=}, ...},
// default_index= }
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
  set_string(L, profile, "doc_url", profile->doc_url);
  return 1;
}

// ---- reports ----

// Pushes an empty userdata that owns rows.
static struct cprof_rows *push_rows(lua_State *L) {
  struct cprof_rows *rows = lua_newuserdatauv(L, sizeof *rows, 0);
  *rows = (struct cprof_rows){0};
  if (luaL_newmetatable(L, ROWS_TYPE)) {
    lua_pushcfunction(L, rows_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return rows;
}

static void push_row(lua_State *L, const struct cprof_profile *profile,
                     const struct cprof_row *row) {
  lua_createtable(L, 0, 5);
  bool is_address = row->name == 0 && row->filename == 0;
  if (is_address)
    set_address(L, "name", (uint64_t)row->start_line);
  else
    set_string(L, profile, "name", row->name);
  set_string(L, profile, "filename", row->filename);
  set_integer(L, "start_line", is_address ? 0 : row->start_line);
  set_integer(L, "flat", row->flat);
  set_integer(L, "cum", row->cum);
}

// p:rows([index]) -> {{name=, filename=, start_line=, flat=, cum=}, ...},
// total | nil, message, code
static int profile_rows(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, SELF);
  uint32_t index;
  if (!get_index(L, profile, ARG, &index))
    return fail_index(L);
  struct cprof_rows *rows = push_rows(L);
  enum cprof_result result = cprof_report_rows(profile, index, rows);
  if (result != CPROF_OK)
    return cprof_lua_fail(L, result, "rows");
  lua_createtable(L, (int)rows->count, 0);
  for (uint32_t i = 0; i < rows->count; i++) {
    push_row(L, profile, &rows->rows[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
  lua_pushinteger(L, (lua_Integer)rows->total);
  cprof_rows_done(rows);
  return 2;
}

// p:folded([index]) -> string | nil, message, code
static int profile_folded(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, SELF);
  uint32_t index;
  if (!get_index(L, profile, ARG, &index))
    return fail_index(L);
  struct cprof_buffer *out = cprof_lua_buffer_new(L);
  enum cprof_result result =
      cprof_report_folded(profile, index, cprof_buffer_sink(out));
  if (result != CPROF_OK)
    return cprof_lua_fail(L, result, "folded");
  lua_pushlstring(L, out->size > 0 ? (const char *)out->bytes : "", out->size);
  cprof_buffer_done(out);
  return 1;
}

// ---- stacks ----

static void push_line(lua_State *L, const struct cprof_profile *profile,
                      const struct cprof_line *line) {
  const struct cprof_function *function =
      &profile->functions[line->function - 1];
  lua_createtable(L, 0, 4);
  set_string(L, profile, "name", function->name);
  set_string(L, profile, "filename", function->filename);
  set_integer(L, "start_line", function->start_line);
  set_integer(L, "line", line->line);
}

static void push_address(lua_State *L, uint64_t address) {
  lua_createtable(L, 0, 4);
  set_address(L, "name", address);
  lua_pushliteral(L, "");
  lua_setfield(L, -2, "filename");
  set_integer(L, "start_line", 0);
  set_integer(L, "line", 0);
}

// Pushes frame `index` of a location; made once and then shared: `cache` is
// the position of a table that keeps it by line + 1, or by -id when the
// location has no lines.
static void push_frame(lua_State *L, const struct cprof_profile *profile,
                       int cache, uint32_t id, uint32_t index) {
  const struct cprof_location *location = &profile->locations[id - 1];
  bool is_address = location->line_count == 0;
  uint32_t line = location->first_line + index;
  int key = is_address ? -(int)id : (int)line + 1;
  lua_rawgeti(L, cache, key);
  if (!lua_isnil(L, -1))
    return;
  lua_pop(L, 1);
  if (is_address)
    push_address(L, location->address);
  else
    push_line(L, profile, &profile->lines[line]);
  lua_pushvalue(L, -1);
  lua_rawseti(L, cache, key);
}

// Appends the frames of a location, innermost first, to the table on top,
// which has `count`; returns how many it has then.
static int append_frames(lua_State *L, const struct cprof_profile *profile,
                         int cache, uint32_t id, int count) {
  uint32_t lines = profile->locations[id - 1].line_count;
  for (uint32_t i = 0; i < (lines > 0 ? lines : 1); i++) {
    push_frame(L, profile, cache, id, i);
    lua_rawseti(L, -2, ++count);
  }
  return count;
}

static void push_frames(lua_State *L, const struct cprof_profile *profile,
                        int cache, const struct cprof_psample *sample) {
  lua_createtable(L, (int)sample->location_count, 0);
  int count = 0;
  for (uint32_t i = 0; i < sample->location_count; i++)
    count =
        append_frames(L, profile, cache,
                      profile->location_ids[sample->first_location + i], count);
}

// Text labels as strings, the others as numbers.
static void push_labels(lua_State *L, const struct cprof_profile *profile,
                        const struct cprof_psample *sample) {
  lua_createtable(L, 0, (int)sample->label_count);
  for (uint32_t i = 0; i < sample->label_count; i++) {
    const struct cprof_label *label = &profile->labels[sample->first_label + i];
    push_id(L, profile, label->key);
    if (label->str != 0)
      push_id(L, profile, label->str);
    else
      lua_pushinteger(L, (lua_Integer)label->num);
    lua_rawset(L, -3);
  }
}

// The units of labels that are numbers; nothing when there are none.
static void set_units(lua_State *L, const struct cprof_profile *profile,
                      const struct cprof_psample *sample) {
  lua_newtable(L);
  bool is_any = false;
  for (uint32_t i = 0; i < sample->label_count; i++) {
    const struct cprof_label *label = &profile->labels[sample->first_label + i];
    if (label->str != 0 || label->num_unit == 0)
      continue;
    push_id(L, profile, label->key);
    push_id(L, profile, label->num_unit);
    lua_rawset(L, -3);
    is_any = true;
  }
  if (is_any)
    lua_setfield(L, -2, "units");
  else
    lua_pop(L, 1);
}

static void push_values(lua_State *L, const struct cprof_profile *profile,
                        const int64_t *values) {
  lua_createtable(L, (int)profile->type_count, 0);
  for (uint32_t i = 0; i < profile->type_count; i++) {
    lua_pushinteger(L, (lua_Integer)values[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

static void push_stack(lua_State *L, const struct cprof_profile *profile,
                       int cache, uint32_t sample, uint32_t index) {
  const struct cprof_psample *from = &profile->samples[sample];
  const int64_t *values =
      profile->values + (size_t)sample * profile->type_count;
  lua_createtable(L, 0, 4);
  set_integer(L, "value", values[index]);
  push_values(L, profile, values);
  lua_setfield(L, -2, "values");
  push_frames(L, profile, cache, from);
  lua_setfield(L, -2, "frames");
  push_labels(L, profile, from);
  lua_setfield(L, -2, "labels");
  set_units(L, profile, from);
}

// p:stacks([index]) -> {{value=, values = {...}, frames = {{name=, filename=,
// line=, start_line=}, ... leaf first}, labels = {key = value}, units = {key =
// unit} | nil}, ...} | nil, message, code; value is values[index]
static int profile_stacks(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, SELF);
  uint32_t index;
  if (!get_index(L, profile, ARG, &index))
    return fail_index(L);
  luaL_checkstack(L, LUA_MINSTACK, "stacks");
  lua_newtable(L);
  int cache = lua_gettop(L);
  lua_createtable(L, (int)profile->sample_count, 0);
  for (uint32_t i = 0; i < profile->sample_count; i++) {
    push_stack(L, profile, cache, i, index);
    lua_rawseti(L, -2, (int)i + 1);
  }
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
    set_integer(L, "id", i + 1ll);
    set_string(L, profile, "source", function->filename);
    set_integer(L, "line", function->start_line);
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

// p:check() -> true | nil, why, "format"
static int profile_check(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, SELF);
  struct cprof_why why = {""};
  enum cprof_result result = cprof_profile_check(profile, &why);
  if (result != CPROF_OK)
    return fail_why(L, result, NULL, &why);
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
    push_id(L, profile, type->type);
    lua_pushliteral(L, "/");
    push_id(L, profile, type->unit);
    lua_pushliteral(L, ", ");
  }
  lua_pushfstring(L, "%d stack%s", (int)profile->sample_count,
                  profile->sample_count == 1 ? "" : "s");
  lua_concat(L, lua_gettop(L) - SELF);
  return 1;
}

// ---- public ----

static const luaL_Reg methods[] = {
    {"encode", profile_encode},   {"write", profile_write},
    {"info", profile_info},       {"rows", profile_rows},
    {"folded", profile_folded},   {"stacks", profile_stacks},
    {"unnamed", profile_unnamed}, {"rename", profile_rename},
    {"check", profile_check},     {NULL, NULL},
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
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__index");
  lua_setfield(L, -3, "profile_methods");
  lua_pop(L, 1);
}
