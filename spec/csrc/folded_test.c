// folded: texts spelled by hand, sums that wrap, and names so long that the
// text has to end.
#include "folded.h"
#include "known_profile.h"
#include "random_profile.h"
#include "tap.h"

static enum cprof_result fold(const struct cprof_profile *profile,
                              enum cprof_granularity by, uint32_t value,
                              struct cprof_buffer *out) {
  struct cprof_nodes nodes;
  cprof_nodes_init(&nodes, profile, by);
  enum cprof_result result =
      cprof_folded_write(&nodes, value, cprof_buffer_sink(out));
  cprof_nodes_done(&nodes);
  return result;
}

static void folds_to(const struct cprof_profile *profile,
                     enum cprof_granularity by, const char *want,
                     const char *what) {
  struct cprof_buffer out = {0};
  is_int(fold(profile, by, 1, &out), CPROF_OK, what);
  ok(out.size == strlen(want) && memcmp(out.bytes, want, out.size) == 0,
     "to the text spelled by hand");
  cprof_buffer_done(&out);
}

static void test_folded(void) {
  struct cprof_profile *profile = known_profile();
  folds_to(profile, CPROF_BY_DEFINITION,
           "main;work (a.lua:10);le:af  51\n"
           "main;work (a.lua:10);work (a.lua:10) 20\n"
           "main;[x.so] 80\n"
           "main;work (x/init.lua:30) 160\n"
           "@c.lua:40 320\n"
           "[no stack] 640\n",
           "definitions");
  folds_to(profile, CPROF_BY_FUNCTION,
           "main;work;le:af  51\n"
           "main;work;work 20\n"
           "main;[x.so] 80\n"
           "main;work 160\n"
           "[x.so] 320\n"
           "[no stack] 640\n",
           "functions");
  folds_to(profile, CPROF_BY_FILE,
           "a.lua;a.lua;a.lua 71\n"
           "a.lua;[x.so] 80\n"
           "a.lua;/p/x/init.lua 160\n"
           "@c.lua 320\n"
           "[no stack] 640\n",
           "files");
  folds_to(profile, CPROF_BY_LINE,
           "main a.lua:1;work a.lua:1;le:af  a.lua:1 11\n"
           "main a.lua:1;work a.lua:1;work a.lua:1 20\n"
           "main a.lua:1;work a.lua:2;le:af  a.lua:1 40\n"
           "main a.lua:1;[x.so] 80\n"
           "main a.lua:1;work /p/x/init.lua:1 160\n"
           "@c.lua:1 320\n"
           "[no stack] 640\n",
           "lines");
  cprof_profile_free(profile);
}

static void test_addresses(void) {
  static const char want[] =
      "0000000000000abc [x.so] 1\n0000000000000def f a.lua:1:7 2\n"
      "<unknown> 3\n";
  struct cprof_profile *profile = known_profile();
  profile->sample_count = profile->value_count = 0;
  add_function(profile, "f", "a.lua", 1);
  struct cprof_location place = {.mapping = 1, .address = 0xdef};
  struct cprof_line line = {profile->function_count, 1, 7};
  uint32_t id;
  STACK(profile, 1, BARE);
  cprof_profile_add_location(profile, &place, &line, 1, &id);
  STACK(profile, 2, id);
  place = (struct cprof_location){0};
  cprof_profile_add_location(profile, &place, NULL, 0, &id);
  STACK(profile, 3, id);
  folds_to(profile, CPROF_BY_ADDRESS, want, "addresses");
  cprof_profile_free(profile);
}

static void test_refusals(void) {
  struct cprof_profile *profile = known_profile();
  struct cprof_buffer small = {.size_max = 20};
  is_int(fold(profile, CPROF_BY_DEFINITION, 2, &small), CPROF_ERANGE,
         "no third value");
  is_int(fold(profile, CPROF_BY_DEFINITION, 1, &small), CPROF_ELIMIT,
         "a sink that refuses is heard");
  cprof_buffer_done(&small);
  cprof_profile_free(profile);
}

// Sums wrap, as Go's do; UBSan would tell of one that is undefined.
static void test_large_values(void) {
  struct cprof_profile *profile = known_profile();
  for (uint32_t i = 0; i < 4; i++)
    STACK(profile, i % 2 ? INT64_MIN : INT64_MAX, IN_LEAF, IN_MAIN);
  struct cprof_buffer out = {0};
  fold(profile, CPROF_BY_DEFINITION, 1, &out);
  cprof_buffer_append(&out, "", 1);
  ok(strstr((char *)out.bytes, "\nmain;le:af  -2\n") != NULL, "sums wrap");
  cprof_buffer_done(&out);
  cprof_profile_free(profile);
}

// Half a million bytes in a name and ten thousand different stacks: the text
// would take 100 GB.
static void test_long_names(void) {
  struct cprof_profile *profile = cprof_profile_new();
  struct cprof_buffer name = {0}, out = {0};
  cprof_profile_add_type(profile, "samples", "count");
  cprof_profile_add_type(profile, "cpu", "nanoseconds");
  for (uint32_t i = 0; i < 500000; i++)
    cprof_buffer_append(&name, "x", 1);
  cprof_buffer_append(&name, "", 1);
  add_function(profile, (char *)name.bytes, "", 0);
  add_function(profile, "f", "", 0);
  for (uint32_t i = 1; i <= 2; i++) {
    struct cprof_location location = {0};
    cprof_profile_add_location(profile, &location,
                               &(struct cprof_line){i, 0, 0}, 1, NULL);
  }
  for (uint32_t i = 0; i < 10000; i++) {
    uint32_t ids[14];
    for (uint32_t j = 0; j < 14; j++)
      ids[j] = 1 + (i >> j & 1);
    add_stack(profile, 1, 14, ids);
  }
  is_int(fold(profile, CPROF_BY_DEFINITION, 1, &out), CPROF_ELIMIT,
         "folded text has an end");
  ok(out.size < (64u << 20) + 10000 * 14 * 256, "in time: %zu bytes", out.size);
  cprof_buffer_done(&name);
  cprof_buffer_done(&out);
  cprof_profile_free(profile);
}

// Many definitions of one long name: the frames alone would take 2 GB.
static void test_long_frames(void) {
  struct cprof_profile *profile = cprof_profile_new();
  struct cprof_buffer name = {0}, out = {0};
  cprof_profile_add_type(profile, "samples", "count");
  cprof_profile_add_type(profile, "cpu", "nanoseconds");
  for (uint32_t i = 0; i < 1u << 20; i++)
    cprof_buffer_append(&name, "x", 1);
  cprof_buffer_append(&name, "", 1);
  for (uint32_t i = 1; i <= 2000; i++) {
    struct cprof_location location = {0};
    add_function(profile, (char *)name.bytes, "a.lua", i);
    cprof_profile_add_location(profile, &location,
                               &(struct cprof_line){i, 0, 0}, 1, NULL);
    add_stack(profile, 1, 1, &i);
  }
  is_int(fold(profile, CPROF_BY_DEFINITION, 1, &out), CPROF_ELIMIT,
         "texts of frames have an end");
  is_int((int64_t)out.size, 0, "before any is written");
  is_int(fold(profile, CPROF_BY_FUNCTION, 1, &out), CPROF_OK,
         "which one name does not reach");
  cprof_buffer_done(&name);
  cprof_buffer_done(&out);
  cprof_profile_free(profile);
}

static void test_random(void) {
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < 100; i++) {
    struct cprof_profile *profile = random_profile(25);
    struct cprof_buffer out = {0};
    wrong += fold(profile, i % 6, 0, &out) != CPROF_OK;
    cprof_buffer_done(&out);
    cprof_profile_free(profile);
  }
  is_int(wrong, 0, "random profiles fold");
}

// The kept frames and the first line take all that text may be, to the byte:
// what is left then, 0, is no limit of a buffer.
static void test_exact_limit(void) {
  // The name is kept once and written once; kept, too: "", "f", and NULs.
  enum { FRAMES = 3, MARKS = sizeof ";f 77\n" - 1, KEPT = 4 };
  size_t size = (((size_t)64 << 20) + FRAMES * 256 - MARKS - KEPT) / 2;
  for (size_t less = 0; less <= 1; less++) {
    struct cprof_profile *profile = cprof_profile_new();
    struct cprof_buffer name = {0}, out = {0};
    char *bytes = malloc(size - less);
    memset(bytes, 'x', size - less);
    cprof_buffer_append(&name, bytes, size - less);
    cprof_buffer_append(&name, "", 1);
    free(bytes);
    cprof_profile_add_type(profile, "samples", "count");
    cprof_profile_add_type(profile, "cpu", "nanoseconds");
    add_function(profile, (char *)name.bytes, "", 0);
    add_function(profile, "f", "", 0);
    for (uint32_t i = 1; i <= 2; i++)
      cprof_profile_add_location(profile, &(struct cprof_location){0},
                                 &(struct cprof_line){i, 0, 0}, 1, NULL);
    STACK(profile, 77, 2, 1);
    STACK(profile, 7, 2);
    is_int(fold(profile, CPROF_BY_DEFINITION, 1, &out), CPROF_ELIMIT,
           "the second line has no room");
    is_int((intmax_t)out.size, less ? (intmax_t)(size - less + MARKS) : 0,
           "a line that takes all is refused, too");
    cprof_buffer_done(&name);
    cprof_buffer_done(&out);
    cprof_profile_free(profile);
  }
}

int main(void) {
  test_exact_limit();
  test_folded();
  test_addresses();
  test_refusals();
  test_large_values();
  test_long_names();
  test_long_frames();
  test_random();
  cprof_hash_seed(tap_random()); // the key stays
  test_folded();                 // in the same order
  return tap_done();
}
