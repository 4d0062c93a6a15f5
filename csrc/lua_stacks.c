// Stacks as tables. Runs on the Lua thread; nothing that owns memory is live.
// Each string, frame and list of frames is made once a call. See lua_stacks.h.
#include "lua_stacks.h"

#include <string.h>

#include "lua_profile.h"
#include "lua_reports.h"

enum { SELF = 1, ARG }; // positions of arguments

// ---- frames ----

// What pushing stacks needs: the profile and the positions of tables.
struct stacks {
  const struct cprof_profile *profile;
  uint32_t index; // of the value
  int strings;
  int frames; // made once and then shared: by line + 1, by -id of a location
              // without lines
  int first;  // by the hash of its locations: the first sample of that hash + 1
  int list;   // of stacks: the result
};

static void push_id(lua_State *L, const struct stacks *stacks, uint32_t id) {
  cprof_lua_push_string(L, &stacks->profile->strings, stacks->strings, id);
}

static void set_id(lua_State *L, const struct stacks *stacks, const char *key,
                   uint32_t id) {
  push_id(L, stacks, id);
  lua_setfield(L, -2, key);
}

// Adds what a frame has of its location: address= and object=, if any.
static void set_place(lua_State *L, const struct stacks *stacks,
                      const struct cprof_location *location) {
  const struct cprof_mapping *mappings = stacks->profile->mappings;
  uint32_t object =
      location->mapping ? mappings[location->mapping - 1].filename : 0;
  if (location->address != 0)
    cprof_lua_set_address(L, "address", location->address);
  if (object != 0)
    set_id(L, stacks, "object", object);
}

static void push_line(lua_State *L, const struct stacks *stacks,
                      const struct cprof_line *line) {
  const struct cprof_function *function =
      &stacks->profile->functions[line->function - 1];
  lua_createtable(L, 0, 7);
  set_id(L, stacks, "name", function->name);
  set_id(L, stacks, "filename", function->filename);
  cprof_lua_set_integer(L, "start_line", function->start_line);
  cprof_lua_set_integer(L, "line", line->line);
}

// A frame of which only the address is known.
static void push_address(lua_State *L, const struct stacks *stacks,
                         const struct cprof_location *location) {
  lua_createtable(L, 0, 6);
  cprof_lua_set_address(L, "name", location->address);
  cprof_lua_set_address(L, "address", location->address);
  set_id(L, stacks, "filename", 0);
  cprof_lua_set_integer(L, "start_line", 0);
  cprof_lua_set_integer(L, "line", 0);
}

// Pushes frame `index` of a location.
static void push_frame(lua_State *L, const struct stacks *stacks, uint32_t id,
                       uint32_t index) {
  const struct cprof_location *location = &stacks->profile->locations[id - 1];
  bool is_address = location->line_count == 0;
  uint32_t line = location->first_line + index;
  int key = is_address ? -(int)id : (int)line + 1;
  lua_rawgeti(L, stacks->frames, key);
  if (!lua_isnil(L, -1))
    return;
  lua_pop(L, 1);
  if (is_address)
    push_address(L, stacks, location);
  else
    push_line(L, stacks, &stacks->profile->lines[line]);
  if (index + 1 < location->line_count) {
    lua_pushboolean(L, true);
    lua_setfield(L, -2, "is_inline");
  }
  set_place(L, stacks, location);
  lua_pushvalue(L, -1);
  lua_rawseti(L, stacks->frames, key);
}

// Appends the frames of a location, innermost first, to the table on top,
// which has `count`; returns how many it has then.
static int append_frames(lua_State *L, const struct stacks *stacks, uint32_t id,
                         int count) {
  uint32_t lines = stacks->profile->locations[id - 1].line_count;
  for (uint32_t i = 0; i < (lines > 0 ? lines : 1); i++) {
    push_frame(L, stacks, id, i);
    lua_rawseti(L, -2, ++count);
  }
  return count;
}

// A number that every VM holds: 53 bits of FNV-1a, by words.
static lua_Number hash_ids(const uint32_t *ids, uint32_t count) {
  uint64_t hash = 14695981039346656037u;
  for (uint32_t i = 0; i < count; i++)
    hash = (hash ^ ids[i]) * 1099511628211u;
  return (lua_Number)(hash >> 11);
}

// Pushes the frames of a sample that came before and has the same locations;
// false when none is known. One of another stack may hide it: then there are
// two lists of the same frames, and no harm.
static bool push_known(lua_State *L, const struct stacks *stacks,
                       uint32_t index) {
  const struct cprof_profile *profile = stacks->profile;
  const struct cprof_psample *sample = &profile->samples[index];
  const uint32_t *ids = profile->location_ids + sample->first_location;
  lua_Number hash = hash_ids(ids, sample->location_count);
  lua_pushnumber(L, hash);
  lua_rawget(L, stacks->first);
  uint32_t first = (uint32_t)lua_tonumber(L, -1); // of nil: 0
  lua_pop(L, 1);
  if (first == 0) {
    lua_pushnumber(L, hash);
    lua_pushnumber(L, (lua_Number)index + 1);
    lua_rawset(L, stacks->first);
    return false;
  }
  const struct cprof_psample *known = &profile->samples[first - 1];
  if (known->location_count != sample->location_count ||
      memcmp(profile->location_ids + known->first_location, ids,
             sample->location_count * sizeof *ids) != 0)
    return false;
  lua_rawgeti(L, stacks->list, (int)first);
  lua_getfield(L, -1, "frames");
  lua_remove(L, -2);
  return true;
}

static void push_frames(lua_State *L, const struct stacks *stacks,
                        uint32_t index) {
  const struct cprof_psample *sample = &stacks->profile->samples[index];
  if (sample->location_count > 0 && push_known(L, stacks, index))
    return;
  const uint32_t *ids = stacks->profile->location_ids + sample->first_location;
  lua_createtable(L, (int)sample->location_count, 0);
  int count = 0;
  for (uint32_t i = 0; i < sample->location_count; i++)
    count = append_frames(L, stacks, ids[i], count);
}

// ---- labels and values ----

static void push_label(lua_State *L, const struct stacks *stacks,
                       const struct cprof_label *label) {
  if (label->str != 0)
    push_id(L, stacks, label->str);
  else
    lua_pushinteger(L, (lua_Integer)label->num);
}

// Text labels as strings, the others as numbers. False when a key comes twice,
// and only its last value is there.
static bool push_labels(lua_State *L, const struct stacks *stacks,
                        const struct cprof_psample *sample) {
  const struct cprof_label *labels =
      stacks->profile->labels + sample->first_label;
  bool is_all = true;
  lua_createtable(L, 0, (int)sample->label_count);
  for (uint32_t i = 0; i < sample->label_count; i++) {
    push_id(L, stacks, labels[i].key);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    is_all &= lua_isnil(L, -1);
    lua_pop(L, 1);
    push_label(L, stacks, &labels[i]);
    lua_rawset(L, -3);
  }
  return is_all;
}

// label_list = {{key=, value=, unit= | nil}, ...}, all of them.
static void set_label_list(lua_State *L, const struct stacks *stacks,
                           const struct cprof_psample *sample) {
  const struct cprof_label *labels =
      stacks->profile->labels + sample->first_label;
  lua_createtable(L, (int)sample->label_count, 0);
  for (uint32_t i = 0; i < sample->label_count; i++) {
    lua_createtable(L, 0, 3);
    set_id(L, stacks, "key", labels[i].key);
    push_label(L, stacks, &labels[i]);
    lua_setfield(L, -2, "value");
    if (labels[i].str == 0 && labels[i].num_unit != 0)
      set_id(L, stacks, "unit", labels[i].num_unit);
    lua_rawseti(L, -2, (int)i + 1);
  }
  lua_setfield(L, -2, "label_list");
}

// The units of labels that are numbers; nothing when there are none.
static void set_units(lua_State *L, const struct stacks *stacks,
                      const struct cprof_psample *sample) {
  const struct cprof_label *labels =
      stacks->profile->labels + sample->first_label;
  bool is_any = false;
  for (uint32_t i = 0; i < sample->label_count; i++) {
    if (labels[i].str != 0 || labels[i].num_unit == 0)
      continue;
    if (!is_any)
      lua_newtable(L);
    push_id(L, stacks, labels[i].key);
    push_id(L, stacks, labels[i].num_unit);
    lua_rawset(L, -3);
    is_any = true;
  }
  if (is_any)
    lua_setfield(L, -2, "units");
}

static void push_values(lua_State *L, uint32_t count, const int64_t *values) {
  lua_createtable(L, (int)count, 0);
  for (uint32_t i = 0; i < count; i++) {
    lua_pushinteger(L, (lua_Integer)values[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

// ---- public ----

static void push_stack(lua_State *L, const struct stacks *stacks,
                       uint32_t sample) {
  const struct cprof_profile *profile = stacks->profile;
  const struct cprof_psample *from = &profile->samples[sample];
  const int64_t *values =
      profile->values + (size_t)sample * profile->type_count;
  lua_createtable(L, 0, 4);
  cprof_lua_set_integer(L, "value", values[stacks->index]);
  push_values(L, profile->type_count, values);
  lua_setfield(L, -2, "values");
  push_frames(L, stacks, sample);
  lua_setfield(L, -2, "frames");
  bool is_all = push_labels(L, stacks, from);
  lua_setfield(L, -2, "labels");
  if (!is_all)
    set_label_list(L, stacks, from);
  set_units(L, stacks, from);
}

// p:stacks([index]) -> {{value=, values = {...}, frames = {{name=, filename=,
// line=, start_line=, address= | nil, object= | nil, is_inline = true | nil},
// ... leaf first}, labels = {key = value}, units = {key = unit} | nil,
// label_list = {{key=, value=, unit= | nil}, ...} | nil}, ...} | nil, message,
// code; value is values[index]. A frame of which only the address is known has
// it as its name. label_list is there where a key has several values. Frames
// are shared, and so are the lists of stacks with the same locations.
static int profile_stacks(lua_State *L) {
  struct stacks stacks = {.profile = cprof_lua_profile_check(L, SELF)};
  if (!cprof_lua_get_index(L, stacks.profile, ARG, &stacks.index))
    return cprof_lua_fail_index(L);
  luaL_checkstack(L, LUA_MINSTACK, "stacks");
  lua_newtable(L);
  stacks.strings = lua_gettop(L);
  lua_newtable(L);
  stacks.frames = lua_gettop(L);
  lua_newtable(L);
  stacks.first = lua_gettop(L);
  lua_createtable(L, (int)stacks.profile->sample_count, 0);
  stacks.list = lua_gettop(L);
  for (uint32_t i = 0; i < stacks.profile->sample_count; i++) {
    push_stack(L, &stacks, i);
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

void cprof_lua_stacks_open(lua_State *L) {
  lua_pushcfunction(L, profile_stacks);
  lua_setfield(L, -2, "stacks");
}
