// Labels of samples as Lua sees them: what asks about labels asks once for each
// set of them. Entry points run on the Lua thread. What a function raises goes
// through to the caller: all memory hangs on userdata. See lua_labels.h.
#include "lua_labels.h"

#include "label_sets.h"
#include "lua_edge.h"
#include "lua_profile.h"
#include "lua_reports.h"
#include "tag_frames.h"
#include <string.h>

#define SETS_TYPE "cprof.label_sets"
#define NAMES_TYPE "cprof.names"

enum { PROFILE = 1, ARG, ARG_2, ARG_3 }; // positions of arguments

// ---- memory that Lua frees ----

static int sets_gc(lua_State *L) {
  cprof_label_sets_done(lua_touserdata(L, 1));
  return 0;
}

static int names_gc(lua_State *L) {
  cprof_strings_done(lua_touserdata(L, 1));
  return 0;
}

// Pushes `size` zero bytes that `gc` releases what hangs on.
static void *push_owner(lua_State *L, size_t size, const char *type,
                        lua_CFunction gc) {
  void *owner = lua_newuserdatauv(L, size, 0);
  memset(owner, 0, size);
  if (luaL_newmetatable(L, type)) {
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return owner;
}

// ---- labels ----

static void push_label(lua_State *L, const struct cprof_profile *profile,
                       const struct cprof_label *label) {
  lua_createtable(L, 0, 3);
  cprof_lua_push_id(L, profile, label->key);
  lua_setfield(L, -2, "key");
  if (label->str != 0) {
    cprof_lua_push_id(L, profile, label->str);
    lua_setfield(L, -2, "str");
    return;
  }
  lua_pushinteger(L, (lua_Integer)label->num);
  lua_setfield(L, -2, "num");
  cprof_lua_push_id(L, profile, label->num_unit);
  lua_setfield(L, -2, "unit");
}

// Pushes {{key=, str=} or {key=, num=, unit=}, ...} of a sample.
static void push_labels(lua_State *L, const struct cprof_profile *profile,
                        uint32_t index) {
  const struct cprof_psample *sample = &profile->samples[index];
  int count = 0;
  lua_createtable(L, (int)sample->label_count, 0);
  for (uint32_t i = 0; i < sample->label_count; i++) {
    const struct cprof_label *label = &profile->labels[sample->first_label + i];
    if (cprof_label_is_void(label))
      continue;
    push_label(L, profile, label);
    lua_rawseti(L, -2, ++count);
  }
}

// core.match_samples(profile, predicate) -> mask: a string, one byte for each
// sample, \1 where predicate(labels) is true | nil, message, code. Labels are
// {{key=, str=} or {key=, num=, unit=}, ...}; it is asked once for each set of
// labels, in order of first appearance.
static int core_match_samples(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, PROFILE);
  luaL_checkany(L, ARG);
  struct cprof_label_sets *sets =
      push_owner(L, sizeof *sets, SETS_TYPE, sets_gc);
  enum cprof_result result = cprof_label_sets_init(sets, profile);
  if (result != CPROF_OK)
    return cprof_lua_fail(L, result, "labels");
  uint8_t *of_set = cprof_lua_bytes_new(L, sets->count);
  uint8_t *mask = cprof_lua_bytes_new(L, profile->sample_count);
  for (uint32_t i = 0; i < sets->count; i++) {
    lua_pushvalue(L, ARG);
    push_labels(L, profile, sets->first_of[i]);
    lua_call(L, 1, 1);
    cprof_lua_profile_check(L, PROFILE);
    of_set[i] = (uint8_t)lua_toboolean(L, -1);
    lua_pop(L, 1);
  }
  for (uint32_t i = 0; i < profile->sample_count; i++)
    mask[i] = of_set[sets->set_of[i]];
  cprof_label_sets_done(sets);
  lua_pushlstring(L, (const char *)mask, profile->sample_count);
  return 1;
}

// ---- sums ----

// Pushes the sum of each set's values of one sample type; wraps.
static const uint64_t *push_sums(lua_State *L,
                                 const struct cprof_profile *profile,
                                 const struct cprof_label_sets *sets,
                                 uint32_t index) {
  uint64_t *sums =
      (uint64_t *)(void *)cprof_lua_bytes_new(L, sets->count * sizeof *sums);
  const int64_t *values = profile->values + index;
  for (uint32_t i = 0; i < profile->sample_count; i++)
    sums[sets->set_of[i]] += (uint64_t)values[(size_t)i * profile->type_count];
  return sums;
}

// p:label_sets([index]) -> {{labels = as match_samples has them, value = sum of
// the samples that have them}, ...} | nil, message, code
static int profile_label_sets(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, PROFILE);
  uint32_t index;
  if (!cprof_lua_get_index(L, profile, ARG, &index))
    return cprof_lua_fail_index(L);
  struct cprof_label_sets *sets =
      push_owner(L, sizeof *sets, SETS_TYPE, sets_gc);
  enum cprof_result result = cprof_label_sets_init(sets, profile);
  if (result != CPROF_OK)
    return cprof_lua_fail(L, result, "labels");
  const uint64_t *sums = push_sums(L, profile, sets, index);
  lua_createtable(L, (int)sets->count, 0);
  for (uint32_t i = 0; i < sets->count; i++) {
    lua_createtable(L, 0, 2);
    push_labels(L, profile, sets->first_of[i]);
    lua_setfield(L, -2, "labels");
    cprof_lua_set_integer(L, "value", (int64_t)sums[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
  cprof_label_sets_done(sets);
  return 1;
}

// ---- frames of labels ----

// The string on top as one of `names`; pops it. Raises when it is none.
static enum cprof_result take_name(lua_State *L, struct cprof_strings *names,
                                   const char *what, uint32_t *id) {
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "core.tag_frames: %s: string expected, got %s", what,
               luaL_typename(L, -1));
  size_t size;
  const char *bytes = lua_tolstring(L, -1, &size);
  enum cprof_result result = cprof_strings_put(names, bytes, size, id);
  lua_pop(L, 1);
  return result;
}

// `count` strings of the table on top, which it pops.
static enum cprof_result take_names(lua_State *L, struct cprof_strings *names,
                                    const char *what, uint32_t *ids,
                                    uint32_t count) {
  if (!lua_istable(L, -1))
    luaL_error(L, "core.tag_frames: %s: table expected, got %s", what,
               luaL_typename(L, -1));
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = 0; i < count && result == CPROF_OK; i++) {
    lua_rawgeti(L, -1, (int)i + 1);
    result = take_name(L, names, what, &ids[i]);
  }
  lua_pop(L, 1);
  return result;
}

// Asks the function in argument ARG_3 for the texts of every set of labels.
static enum cprof_result take_texts(lua_State *L,
                                    const struct cprof_profile *profile,
                                    const struct cprof_label_sets *sets,
                                    struct cprof_strings *names,
                                    uint32_t *texts, uint32_t count) {
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = 0; i < sets->count && result == CPROF_OK; i++) {
    lua_pushvalue(L, ARG_3);
    push_labels(L, profile, sets->first_of[i]);
    lua_call(L, 1, 1);
    cprof_lua_profile_check(L, PROFILE);
    result = take_names(L, names, "texts", texts + (size_t)i * count, count);
  }
  return result;
}

// Pushes room for `count` numbers.
static uint32_t *push_ids(lua_State *L, size_t count) {
  return (uint32_t *)(void *)cprof_lua_bytes_new(L, count * sizeof(uint32_t));
}

// core.tag_frames(profile, {key, ...}, root_count, texts) -> profile | nil,
// message, code. Every stack gets one frame for each key, whose file is the key
// and whose name is texts(labels)[i], asked once for each set of labels. The
// first root_count go to the root, the first outermost, the others to the leaf,
// the last innermost.
static int core_tag_frames(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, PROFILE);
  luaL_checktype(L, ARG, LUA_TTABLE);
  lua_Integer root_count = luaL_checkinteger(L, ARG_2);
  luaL_checktype(L, ARG_3, LUA_TFUNCTION);
  lua_settop(L, ARG_3);
  uint32_t count = (uint32_t)lua_rawlen(L, ARG);
  luaL_argcheck(L, root_count >= 0 && root_count <= (lua_Integer)count, ARG_2,
                "more than there are keys");
  struct cprof_profile **slot = cprof_lua_profile_new(L);
  int made = lua_gettop(L);
  struct cprof_label_sets *sets =
      push_owner(L, sizeof *sets, SETS_TYPE, sets_gc);
  struct cprof_strings *names =
      push_owner(L, sizeof *names, NAMES_TYPE, names_gc);
  uint32_t *keys = push_ids(L, count);
  enum cprof_result result = cprof_strings_init(names);
  if (result == CPROF_OK)
    result = cprof_label_sets_init(sets, profile);
  if (result != CPROF_OK)
    return cprof_lua_fail(L, result, "labels");
  uint32_t *texts = push_ids(L, (size_t)sets->count * count);
  lua_pushvalue(L, ARG);
  result = take_names(L, names, "keys", keys, count);
  if (result == CPROF_OK)
    result = take_texts(L, profile, sets, names, texts, count);
  if (result == CPROF_OK)
    result = cprof_tag_frames_add(
        profile,
        &(struct cprof_tag_frames){.sets = sets,
                                   .names = names,
                                   .texts = texts,
                                   .keys = keys,
                                   .count = count,
                                   .root_count = (uint32_t)root_count},
        slot);
  cprof_strings_done(names);
  cprof_label_sets_done(sets);
  if (result != CPROF_OK)
    return cprof_lua_fail(L, result, "tag frames");
  cprof_lua_profile_weigh(L, *slot);
  lua_settop(L, made);
  return 1;
}

// ---- public ----

void cprof_lua_labels_open(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"match_samples", core_match_samples},
      {"tag_frames", core_tag_frames},
      {NULL, NULL},
  };
  luaL_setfuncs(L, functions, 0);
  lua_getfield(L, -1, "profile_methods");
  lua_pushcfunction(L, profile_label_sets);
  lua_setfield(L, -2, "label_sets");
  lua_pop(L, 1);
}
