// core.merge and core.sums. The merge under way hangs on a userdata, so that
// what raises while a source is read leaves nothing behind. See lua_merge.h.
#include "lua_merge.h"

#include "lua_edge.h"
#include "lua_profile.h"
#include "merge.h"

#define MERGE_TYPE "cprof.merge"
#define TEXTS_MAX (2 * CPROF_TYPES_MAX + 2) // of a head, all on the stack

enum { HEAD = 1, SOURCES }; // positions of arguments

// ---- the userdata ----

static int merge_gc(lua_State *L) {
  struct cprof_merge **slot = lua_touserdata(L, 1);
  cprof_merge_free(*slot);
  *slot = NULL;
  return 0;
}

// Pushes a userdata that holds no merge yet.
static struct cprof_merge **push_merge(lua_State *L) {
  struct cprof_merge **slot = lua_newuserdatauv(L, sizeof *slot, 0);
  *slot = NULL;
  if (luaL_newmetatable(L, MERGE_TYPE)) {
    lua_pushcfunction(L, merge_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return slot;
}

// ---- reading the head ----

// Pushes the table's string field, where it stays: the text points to it.
static struct cprof_merge_text push_text(lua_State *L, int table,
                                         const char *field) {
  lua_getfield(L, table, field);
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "core.merge: %s of a type: string expected, got %s", field,
               luaL_typename(L, -1));
  struct cprof_merge_text text;
  text.bytes = lua_tolstring(L, -1, &text.size);
  return text;
}

// Reads the type that is on top, and puts its two strings in its place.
static struct cprof_merge_type read_type(lua_State *L) {
  int table = lua_gettop(L);
  luaL_checktype(L, table, LUA_TTABLE);
  struct cprof_merge_type type;
  type.type = push_text(L, table, "type");
  type.unit = push_text(L, table, "unit");
  lua_remove(L, table);
  return type;
}

// Leaves the head's strings and its comments, a table or nil, on the stack.
static void read_head(lua_State *L, struct cprof_merge_head *head) {
  luaL_checkstack(L, TEXTS_MAX + LUA_MINSTACK, "types");
  lua_getfield(L, HEAD, "types");
  int types = lua_gettop(L);
  luaL_checktype(L, types, LUA_TTABLE);
  size_t count = lua_rawlen(L, types);
  luaL_argcheck(L, count <= CPROF_TYPES_MAX, HEAD, "too many types");
  head->type_count = (uint32_t)count;
  for (uint32_t i = 0; i < head->type_count; i++) {
    lua_rawgeti(L, types, (int)i + 1);
    head->types[i] = read_type(L);
  }
  lua_getfield(L, HEAD, "period_type");
  head->period_type = read_type(L);
  lua_getfield(L, HEAD, "comments");
  head->has_comments = !lua_isnil(L, -1);
  if (head->has_comments)
    luaL_checktype(L, -1, LUA_TTABLE);
}

// Adds the comments of the table on top, if it is one.
static enum cprof_result add_comments(lua_State *L, struct cprof_merge *merge) {
  if (lua_isnil(L, -1))
    return CPROF_OK;
  enum cprof_result result = CPROF_OK;
  int count = (int)lua_rawlen(L, -1);
  for (int i = 1; result == CPROF_OK && i <= count; i++) {
    lua_rawgeti(L, -1, i);
    struct cprof_merge_text text;
    text.bytes = luaL_checklstring(L, -1, &text.size);
    result = cprof_merge_comment(merge, &text);
    lua_pop(L, 1);
  }
  return result;
}

// ---- reading a source ----

// Each looks into the source's table at `table` and leaves the stack as it was.

static void read_columns(lua_State *L, int table, uint32_t count,
                         struct cprof_merge_source *source) {
  lua_getfield(L, table, "columns");
  luaL_checktype(L, -1, LUA_TTABLE);
  for (uint32_t i = 0; i < count; i++) {
    lua_rawgeti(L, -1, (int)i + 1);
    lua_Number column = lua_tonumber(L, -1);
    if (!(column >= 1 && column <= source->profile->type_count))
      luaL_error(L, "core.merge: no column for type %d", (int)i + 1);
    source->columns[i] = (uint32_t)column - 1;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

static void read_ratios(lua_State *L, int table, uint32_t count,
                        struct cprof_merge_source *source) {
  lua_getfield(L, table, "ratios");
  if (!lua_isnil(L, -1)) {
    luaL_checktype(L, -1, LUA_TTABLE);
    for (uint32_t i = 0; i < count; i++) {
      lua_rawgeti(L, -1, (int)i + 1);
      source->ratios[i] = luaL_checknumber(L, -1);
      lua_pop(L, 1);
    }
  }
  lua_getfield(L, table, "period_ratio");
  source->period_ratio = luaL_optnumber(L, -1, 1);
  lua_getfield(L, table, "is_base");
  source->is_base = lua_toboolean(L, -1);
  lua_pop(L, 3);
}

// Reads the source on top, and leaves its profile there.
static void read_source(lua_State *L, uint32_t type_count,
                        struct cprof_merge_source *source) {
  int table = lua_gettop(L);
  luaL_checktype(L, table, LUA_TTABLE);
  lua_getfield(L, table, "profile");
  cprof_merge_source_of(cprof_lua_profile_check(L, -1), source);
  read_columns(L, table, type_count, source);
  read_ratios(L, table, type_count, source);
}

// ---- entry points ----

static enum cprof_result merge_source(struct cprof_merge *merge,
                                      const struct cprof_merge_source *source) {
  enum cprof_result result = cprof_merge_begin(merge, source);
  return result == CPROF_OK ? cprof_merge_samples(merge) : result;
}

// Adds all sources; raises when one is not what it should be.
static enum cprof_result merge_sources(lua_State *L, struct cprof_merge *merge,
                                       uint32_t type_count) {
  enum cprof_result result = CPROF_OK;
  int count = (int)lua_rawlen(L, SOURCES), top = lua_gettop(L);
  for (int i = 1; result == CPROF_OK && i <= count; i++) {
    struct cprof_merge_source source;
    lua_rawgeti(L, SOURCES, i);
    read_source(L, type_count, &source);
    result = merge_source(merge, &source);
    lua_settop(L, top);
  }
  return result;
}

// core.merge({types = {{type=, unit=}, ...}, period_type = {type=, unit=},
// comments = {string, ...} | nil: instead of those of the sources},
// {{profile=, columns = {1-based, one for each type}, ratios = {...}|nil,
// period_ratio = 1|nil, is_base = false|nil}, ...}) -> profile | nil, message,
// code
static int core_merge(lua_State *L) {
  luaL_checktype(L, HEAD, LUA_TTABLE);
  luaL_checktype(L, SOURCES, LUA_TTABLE);
  lua_settop(L, SOURCES);
  struct cprof_merge_head head;
  struct cprof_merge **merge = push_merge(L);
  struct cprof_profile **slot = cprof_lua_profile_new(L);
  int made = lua_gettop(L);
  read_head(L, &head);
  enum cprof_result result = cprof_merge_new(&head, merge);
  if (result == CPROF_OK)
    result = add_comments(L, *merge);
  if (result == CPROF_OK)
    result = merge_sources(L, *merge, head.type_count);
  if (result == CPROF_OK)
    result = cprof_merge_finish(*merge, slot);
  cprof_merge_free(*merge);
  *merge = NULL;
  if (result != CPROF_OK)
    return cprof_lua_fail(L, result, "merge");
  cprof_lua_profile_weigh(L, *slot);
  lua_settop(L, made);
  return 1;
}

// core.sums(profile) -> {number for each type}: of all values, signs and all;
// wraps
static int core_sums(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, 1);
  uint64_t sums[CPROF_TYPES_MAX] = {0};
  const int64_t *values = profile->values;
  for (uint32_t i = 0; i < profile->sample_count; i++)
    for (uint32_t j = 0; j < profile->type_count; j++)
      sums[j] += (uint64_t)*values++;
  lua_createtable(L, (int)profile->type_count, 0);
  for (uint32_t j = 0; j < profile->type_count; j++) {
    lua_pushnumber(L, (lua_Number)(int64_t)sums[j]);
    lua_rawseti(L, -2, (int)j + 1);
  }
  return 1;
}

// ---- public ----

void cprof_lua_merge_open(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"merge", core_merge},
      {"sums", core_sums},
      {NULL, NULL},
  };
  luaL_setfuncs(L, functions, 0);
}
