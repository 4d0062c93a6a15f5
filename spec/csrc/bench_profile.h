// A large profile as programs make them: 27 frames a stack, 2000 locations,
// stacks that share their outer frames. For encode_bench and read_bench.
#ifndef CPROF_BENCH_PROFILE_H
#define CPROF_BENCH_PROFILE_H

#include "profile.h"
#include "tap.h"

#define FRAMES 27u
#define SHARED 12u // outer frames that come from a few hundred callers
#define LOCATIONS 2000u

static void add_locations(struct cprof_profile *profile) {
  for (uint32_t i = 0; i < LOCATIONS; i++) {
    char name[40], file[40];
    int name_size = snprintf(name, sizeof name, "handlers.function_%u", i / 4);
    int file_size = snprintf(file, sizeof file, "/srv/app/lib_%u.lua", i / 64);
    struct cprof_function function = {.start_line = i / 4};
    cprof_profile_add_string(profile, name, (size_t)name_size, &function.name);
    cprof_profile_add_string(profile, file, (size_t)file_size,
                             &function.filename);
    struct cprof_line line = {.line = i};
    cprof_profile_add_function(profile, &function, &line.function);
    struct cprof_location location = {0};
    cprof_profile_add_location(profile, &location, &line, 1, NULL);
  }
}

static struct cprof_profile *make_profile(uint32_t stacks) {
  struct cprof_profile *profile = cprof_profile_new();
  cprof_profile_add_type(profile, "samples", "count");
  cprof_profile_add_type(profile, "cpu", "nanoseconds");
  add_locations(profile);
  for (uint32_t i = 0; i < stacks; i++) {
    uint32_t ids[FRAMES], caller = tap_below(300);
    for (uint32_t j = 0; j < FRAMES; j++)
      ids[j] = 1 + (j < FRAMES - SHARED ? tap_below(LOCATIONS)
                                        : (caller * 31 + j * 7) % LOCATIONS);
    int64_t count = 1 + tap_below(5), values[2] = {count, count * 10000000};
    struct cprof_sample_parts parts = {ids, FRAMES, NULL, 0, values};
    cprof_profile_add_sample(profile, &parts);
  }
  return profile;
}

#endif
