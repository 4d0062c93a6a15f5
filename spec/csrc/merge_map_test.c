// merge_map: each string, mapping and location is found or added once, and a
// new source forgets what the one before had.
#include "merge_map.h"
#include "tap.h"

#include <string.h>

static uint32_t string(struct cprof_profile *profile, const char *text) {
  uint32_t id = 0;
  cprof_profile_add_string(profile, text, strlen(text), &id);
  return id;
}

// A location with one line of `name`, in a mapping at `start`.
static struct cprof_profile *source(const char *name, uint64_t start) {
  struct cprof_profile *profile = cprof_profile_new();
  struct cprof_mapping mapping = {
      .memory_start = start,
      .memory_limit = start + 0x1000,
      .filename = string(profile, "/bin/x"),
  };
  struct cprof_function function = {.name = string(profile, name)};
  struct cprof_line line = {1, 3, 0};
  struct cprof_location location = {.mapping = 1, .address = start + 4};
  cprof_profile_add_mapping(profile, &mapping, NULL);
  cprof_profile_add_function(profile, &function, NULL);
  cprof_profile_add_location(profile, &location, &line, 1, NULL);
  return profile;
}

// The id that the only location of `from` has in the result.
static uint32_t map_location(struct cprof_merge_map *map,
                             const struct cprof_profile *from) {
  uint32_t one = 1, id = 0;
  cprof_merge_map_begin(map, from);
  cprof_merge_map_stack(map, &one, 1, &id);
  return id;
}

static void test_strings(void) {
  struct cprof_profile *to = cprof_profile_new(), *from = cprof_profile_new();
  struct cprof_merge_map map = {.to = to};
  uint32_t id = 9, other = string(to, "other"), a = string(from, "a");
  cprof_merge_map_begin(&map, from);
  cprof_merge_map_string(&map, 0, &id);
  is_int(id, 0, "no string is no string");
  cprof_merge_map_string(&map, a, &id);
  is_int(id, other + 1, "a string is added");
  cprof_merge_map_string(&map, a, &id);
  is_int(id, other + 1, "once");
  cprof_merge_map_done(&map);
  cprof_merge_map_done(&map);
  cprof_profile_free(to);
  cprof_profile_free(from);
}

static void test_sources(void) {
  struct cprof_profile *to = cprof_profile_new();
  struct cprof_profile *a = source("f", 0x1000), *b = source("f", 0x8000);
  struct cprof_profile *c = source("g", 0x1000);
  struct cprof_merge_map map = {.to = to};
  uint32_t mapping = 9;
  is_int(map_location(&map, a), 1, "a location is added");
  is_int(map_location(&map, b), 1, "one that moved with its mapping is found");
  is_int(map_location(&map, c), 2, "another function is another location");
  is_int(map_location(&map, a), 1, "the first is found again");
  cprof_merge_map_mapping(&map, 0, &mapping);
  is_int(mapping, 0, "no mapping is no mapping");
  is_int(to->mapping_count, 1, "one mapping");
  is_int(to->function_count, 2, "two functions");
  cprof_merge_map_done(&map);
  cprof_profile_free(to);
  cprof_profile_free(a);
  cprof_profile_free(b);
  cprof_profile_free(c);
}

// Equal but for the fold: another location, in the same source and in a later.
static void test_folded(void) {
  struct cprof_profile *to = cprof_profile_new(), *from = source("f", 0x1000);
  struct cprof_profile *plain = source("f", 0x1000);
  struct cprof_merge_map map = {.to = to};
  from->locations[0].is_folded = true;
  is_int(map_location(&map, from), 1, "a folded location is added");
  is_int(map_location(&map, plain), 2, "it is no plain one");
  is_int(map_location(&map, from), 1, "it is found again");
  ok(to->locations[0].is_folded && !to->locations[1].is_folded, "each as is");
  cprof_merge_map_done(&map);
  cprof_profile_free(to);
  cprof_profile_free(from);
  cprof_profile_free(plain);
}

int main(void) {
  test_strings();
  test_sources();
  test_folded();
  return tap_done();
}
