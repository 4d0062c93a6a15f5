// Filters as Lua sees them: asks Lua which strings match, hands masks to the
// core. Entry points run on the Lua thread. What a predicate raises goes
// through to the caller: all memory hangs on userdata. See lua_filter.h.
#include "lua_filter.h"

#include "filter.h"
#include "lua_edge.h"
#include "lua_profile.h"
#include "utf8.h"
#include <string.h>

enum { PROFILE = 1, ARG, ARG_2 }; // positions of arguments

// ---- strings ----

// Which strings the predicate in argument ARG matches.
struct matcher {
  lua_State *L;
  const struct cprof_profile *profile;
  bool is_simplified;
  uint32_t count;        // strings when it began
  uint8_t *mask, *known; // of string i: matches; was asked for
};

// Asks once for each string. A predicate that renames functions meanwhile
// brings strings that have no place in the mask; one that frees the profile
// makes this raise.
static void match_string(struct matcher *matcher, uint32_t string) {
  lua_State *L = matcher->L;
  if (string >= matcher->count || matcher->known[string])
    return;
  matcher->known[string] = 1;
  size_t size;
  const char *bytes =
      cprof_strings_get(&matcher->profile->strings, string, &size);
  if (matcher->is_simplified)
    bytes = cprof_filter_simplify(bytes, &size);
  lua_pushvalue(L, ARG);
  lua_pushlstring(L, bytes, size);
  lua_call(L, 1, 1);
  cprof_lua_profile_check(L, PROFILE);
  matcher->mask[string] = (uint8_t)lua_toboolean(L, -1);
  lua_pop(L, 1);
}

static void match_frames(struct matcher *matcher) {
  const struct cprof_profile *profile = matcher->profile;
  for (uint32_t i = 0; i < profile->function_count; i++) {
    match_string(matcher, profile->functions[i].name);
    match_string(matcher, profile->functions[i].filename);
  }
  for (uint32_t i = 0; i < profile->mapping_count; i++)
    match_string(matcher, profile->mappings[i].filename);
}

static void match_functions(struct matcher *matcher) {
  const struct cprof_profile *profile = matcher->profile;
  matcher->is_simplified = true;
  for (uint32_t i = 0; i < profile->function_count; i++)
    if (profile->functions[i].name != 0)
      match_string(matcher, profile->functions[i].name);
}

static void match_keys(struct matcher *matcher) {
  const struct cprof_profile *profile = matcher->profile;
  for (uint32_t i = 0; i < profile->label_count; i++)
    match_string(matcher, profile->labels[i].key);
}

// core.match(profile, predicate, role) -> mask: a string, one byte for each
// string of the profile: \1 where predicate(text) is true, asked once for each
// that is used in the role: "frames" (names and files of functions, files of
// mappings), "functions" (names of functions, simplified as pprof does; those
// that are "" match nothing), "keys" (of labels)
static int core_match(lua_State *L) {
  static const char *const roles[] = {"frames", "functions", "keys", NULL};
  static void (*const match[])(struct matcher *) = {
      match_frames, match_functions, match_keys};
  struct matcher matcher = {.L = L};
  matcher.profile = cprof_lua_profile_check(L, PROFILE);
  luaL_checkany(L, ARG);
  int role = luaL_checkoption(L, ARG_2, NULL, roles);
  matcher.count = matcher.profile->strings.count;
  matcher.mask = cprof_lua_bytes_new(L, matcher.count);
  matcher.known = cprof_lua_bytes_new(L, matcher.count);
  match[role](&matcher);
  lua_pushlstring(L, (const char *)matcher.mask, matcher.count);
  return 1;
}

// ---- the filter ----

// Pushes the mask of this name from the table in argument ARG, where it stays;
// NULL when there is none. It has size_min to `count` bytes; what it lacks, it
// does not match.
static const uint8_t *push_mask(lua_State *L, const char *name,
                                uint32_t size_min, uint32_t count) {
  lua_getfield(L, ARG, name);
  if (lua_isnil(L, -1))
    return NULL;
  size_t size = 0;
  const char *bytes =
      lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &size) : NULL;
  if (!bytes || size < size_min || size > count) {
    luaL_error(L, "core.filter: %s is not a mask of this profile", name);
    return NULL; // never
  }
  if (size == count)
    return (const uint8_t *)bytes;
  uint8_t *mask = cprof_lua_bytes_new(L, count);
  memcpy(mask, bytes, size);
  return mask;
}

// Strings only become more: one that renames functions may have been asked
// after the mask was made.
static const uint8_t *push_string_mask(lua_State *L, const char *name,
                                       uint32_t count) {
  return push_mask(L, name, 1, count);
}

static void push_masks(lua_State *L, const struct cprof_profile *profile,
                       struct cprof_filter *filter) {
  uint32_t strings = profile->strings.count, samples = profile->sample_count;
  luaL_checkstack(L, 2 * LUA_MINSTACK, "masks");
  filter->focus = push_string_mask(L, "focus", strings);
  filter->ignore = push_string_mask(L, "ignore", strings);
  filter->hide = push_string_mask(L, "hide", strings);
  filter->show = push_string_mask(L, "show", strings);
  filter->show_from = push_string_mask(L, "show_from", strings);
  filter->tag_focus = push_mask(L, "tagfocus", samples, samples);
  filter->tag_ignore = push_mask(L, "tagignore", samples, samples);
  filter->tag_show = push_string_mask(L, "tagshow", strings);
  filter->tag_hide = push_string_mask(L, "taghide", strings);
  filter->prune_from = push_string_mask(L, "prune_from", strings);
  filter->drop_frames = push_string_mask(L, "drop_frames", strings);
  filter->keep_frames = push_string_mask(L, "keep_frames", strings);
}

static void set_found(lua_State *L, const char *name, bool found) {
  lua_pushboolean(L, found);
  lua_setfield(L, -2, name);
}

static void push_found(lua_State *L, const struct cprof_filter_found *found) {
  lua_createtable(L, 0, 9);
  set_found(L, "focus", found->focus);
  set_found(L, "ignore", found->ignore);
  set_found(L, "hide", found->hide);
  set_found(L, "show", found->show);
  set_found(L, "show_from", found->show_from);
  set_found(L, "tagfocus", found->tag_focus);
  set_found(L, "tagignore", found->tag_ignore);
  set_found(L, "tagshow", found->tag_show);
  set_found(L, "taghide", found->tag_hide);
}

// core.filter(profile, {focus = mask, ...}) -> profile, {focus = found, ...} |
// nil, message, code. Masks of core.match: focus, ignore, hide, show, show_from
// by "frames", prune_from, drop_frames, keep_frames by "functions", tagshow,
// taghide by "keys"; of core.match_samples: tagfocus, tagignore. What was not
// asked for counts as found or not as pprof has it.
static int core_filter(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, PROFILE);
  luaL_checktype(L, ARG, LUA_TTABLE);
  lua_settop(L, ARG);
  struct cprof_profile **slot = cprof_lua_profile_new(L);
  int made = lua_gettop(L);
  struct cprof_filter filter;
  struct cprof_filter_found found;
  push_masks(L, profile, &filter);
  enum cprof_result result = cprof_filter_run(profile, &filter, &found, slot);
  if (result != CPROF_OK)
    return cprof_lua_fail(L, result, "filter");
  cprof_lua_profile_weigh(L, *slot);
  lua_settop(L, made);
  push_found(L, &found);
  return 2;
}

// ---- texts ----

// core.frame_patterns(profile) -> drop_frames, keep_frames: the file's own
static int core_frame_patterns(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, PROFILE);
  cprof_lua_push_id(L, profile, profile->drop_frames);
  cprof_lua_push_id(L, profile, profile->keep_frames);
  return 2;
}

// core.mend(text) -> text: with U+FFFD for each byte that is not UTF-8
static int core_mend(lua_State *L) {
  size_t size;
  const char *text = luaL_checklstring(L, 1, &size);
  uint8_t *to = cprof_lua_bytes_new(L, CPROF_UTF8_GROWTH * size);
  size = cprof_utf8_sanitise(to, (const uint8_t *)text, size);
  lua_pushlstring(L, (const char *)to, size);
  return 1;
}

// ---- public ----

void cprof_lua_filter_open(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"match", core_match},
      {"filter", core_filter},
      {"frame_patterns", core_frame_patterns},
      {"mend", core_mend},
      {NULL, NULL},
  };
  luaL_setfuncs(L, functions, 0);
}
