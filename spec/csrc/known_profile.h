// A profile whose sums are known, for the tests of nodes, rows, graph and
// folded: recursion, an inlined frame, two functions of one name, one without
// a name, an address without a function, and a sample without a stack.
#ifndef CPROF_KNOWN_PROFILE_H
#define CPROF_KNOWN_PROFILE_H

#include "profile.h"

#include <string.h>

enum { MAIN = 1, WORK, LEAF, OTHER_WORK, UNNAMED }; // functions
enum { IN_MAIN = 1, IN_WORK, IN_LEAF, INLINED, BARE, IN_OTHER, IN_UNNAMED };

static void add_function(struct cprof_profile *profile, const char *name,
                         const char *filename, int64_t start_line) {
  struct cprof_function function = {.start_line = start_line};
  cprof_profile_add_string(profile, name, strlen(name), &function.name);
  cprof_profile_add_string(profile, filename, strlen(filename),
                           &function.filename);
  cprof_profile_add_function(profile, &function, NULL);
}

static void add_place(struct cprof_profile *profile, uint32_t inner,
                      uint32_t outer, uint64_t address) {
  struct cprof_location location = {.mapping = 1, .address = address};
  struct cprof_line lines[2] = {{inner, 1, 0}, {outer, 2, 0}};
  uint32_t count = inner == 0 ? 0 : outer == 0 ? 1 : 2;
  cprof_profile_add_location(profile, &location, lines, count, NULL);
}

static void add_stack(struct cprof_profile *profile, int64_t value,
                      uint32_t count, const uint32_t *ids) {
  int64_t values[2] = {1, value};
  struct cprof_sample_parts parts = {ids, count, NULL, 0, values};
  cprof_profile_add_sample(profile, &parts);
}

#define STACK(profile, value, ...)                                             \
  add_stack(profile, value, sizeof((uint32_t[]){__VA_ARGS__}) / 4,             \
            (uint32_t[]){__VA_ARGS__})

static inline struct cprof_profile *known_profile(void) {
  struct cprof_profile *profile = cprof_profile_new();
  struct cprof_mapping mapping = {0};
  cprof_profile_add_string(profile, "/lib/x.so", 9, &mapping.filename);
  cprof_profile_add_mapping(profile, &mapping, NULL);
  cprof_profile_add_type(profile, "samples", "count");
  cprof_profile_add_type(profile, "cpu", "nanoseconds");
  add_function(profile, "main", "a.lua", 0);
  add_function(profile, "work", "a.lua", 10);
  add_function(profile, "le;af\n", "a.lua", 20);
  add_function(profile, "work", "/p/x/init.lua", 30); // the same name elsewhere
  add_function(profile, "", "@c.lua", 40);
  add_place(profile, MAIN, 0, 0);
  add_place(profile, WORK, 0, 0);
  add_place(profile, LEAF, 0, 0);
  add_place(profile, LEAF, WORK, 0); // leaf inlined in work
  add_place(profile, 0, 0, 0xabc);
  add_place(profile, OTHER_WORK, 0, 0);
  add_place(profile, UNNAMED, 0, 0);
  STACK(profile, 10, IN_LEAF, IN_WORK, IN_MAIN);
  STACK(profile, 20, IN_WORK, IN_WORK, IN_MAIN); // recursion
  STACK(profile, 40, INLINED, IN_MAIN);
  STACK(profile, 80, BARE, IN_MAIN);
  STACK(profile, 160, IN_OTHER, IN_MAIN);
  STACK(profile, 320, IN_UNNAMED);
  STACK(profile, 1, IN_LEAF, IN_WORK, IN_MAIN); // the first one again
  add_stack(profile, 640, 0, NULL);             // no stack
  return profile;
}

#endif
