// report: a profile with known sums, and random ones against the plainest
// possible counting.
#include "random_profile.h"
#include "report.h"
#include "tap.h"

#include <string.h>

// ---- a known profile ----

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
  struct cprof_location location = {.address = address};
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

static struct cprof_profile *known_profile(void) {
  struct cprof_profile *profile = cprof_profile_new();
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

// The row with this name (or address), NULL if there is none.
static const struct cprof_row *find_row(const struct cprof_profile *profile,
                                        const struct cprof_rows *rows,
                                        const char *name, int64_t start_line) {
  for (uint32_t i = 0; i < rows->count; i++) {
    const struct cprof_row *row = &rows->rows[i];
    if (strcmp(cprof_strings_get(&profile->strings, row->name, NULL), name) ==
            0 &&
        row->start_line == start_line)
      return row;
  }
  return NULL;
}

static void has_row(const struct cprof_profile *profile,
                    const struct cprof_rows *rows, const char *name,
                    const int64_t want[3]) {
  const struct cprof_row *row = find_row(profile, rows, name, want[0]);
  if (!ok(row != NULL, "a row %s:%d", name[0] ? name : "-", (int)want[0]))
    return;
  is_int(row->flat, want[1], "its flat");
  is_int(row->cum, want[2], "its cum");
}

static void test_rows(void) {
  struct cprof_profile *profile = known_profile();
  struct cprof_rows rows;
  is_int(cprof_report_rows(profile, 1, &rows), CPROF_OK, "rows");
  is_int(rows.total, 10 + 20 + 40 + 80 + 160 + 320 + 1 + 640, "total");
  is_int(rows.count, 6, "one for each function and address");
  has_row(profile, &rows, "main", (int64_t[]){0, 0, 311});
  has_row(profile, &rows, "work", (int64_t[]){10, 20, 71});
  has_row(profile, &rows, "work", (int64_t[]){30, 160, 160}); // elsewhere
  has_row(profile, &rows, "le;af\n", (int64_t[]){20, 51, 51});
  has_row(profile, &rows, "", (int64_t[]){0xabc, 80, 80});
  has_row(profile, &rows, "", (int64_t[]){40, 320, 320});
  cprof_rows_done(&rows);
  cprof_rows_done(&rows);
  is_int(cprof_report_rows(profile, 2, &rows), CPROF_ERANGE, "no third value");
  cprof_profile_free(profile);
}

static void test_folded(void) {
  static const char want[] = "main;work (a.lua:10);le:af  51\n"
                             "main;work (a.lua:10);work (a.lua:10) 20\n"
                             "main;0xabc 80\n"
                             "main;work (x/init.lua:30) 160\n"
                             "@c.lua:40 320\n"
                             "[no stack] 640\n";
  struct cprof_profile *profile = known_profile();
  struct cprof_buffer out = {0};
  is_int(cprof_report_folded(profile, 1, cprof_buffer_sink(&out)), CPROF_OK,
         "folds");
  ok(out.size == strlen(want) && memcmp(out.bytes, want, out.size) == 0,
     "to the text spelled by hand");
  is_int(cprof_report_folded(profile, 2, cprof_buffer_sink(&out)), CPROF_ERANGE,
         "no third value");
  struct cprof_buffer small = {.size_max = 20};
  is_int(cprof_report_folded(profile, 1, cprof_buffer_sink(&small)),
         CPROF_ELIMIT, "a sink that refuses is heard");
  cprof_buffer_done(&small);
  cprof_buffer_done(&out);
  cprof_profile_free(profile);
}

// Sums wrap, as Go's do; UBSan would tell of one that is undefined.
static void test_large_values(void) {
  struct cprof_profile *profile = known_profile();
  for (uint32_t i = 0; i < 4; i++) {
    STACK(profile, i % 2 ? INT64_MIN : INT64_MAX, IN_LEAF, IN_MAIN);
    STACK(profile, INT64_MIN, IN_WORK, IN_WORK);
  }
  struct cprof_rows rows;
  struct cprof_buffer out = {0};
  is_int(cprof_report_rows(profile, 1, &rows), CPROF_OK, "any values sum up");
  // 2 * (max + min) is -2; 4 * min is 0
  has_row(profile, &rows, "le;af\n", (int64_t[]){20, 51 - 2, 51 - 2});
  has_row(profile, &rows, "work", (int64_t[]){10, 20, 71});
  is_int(rows.total, 1271 - 2, "so does the total");
  cprof_report_folded(profile, 1, cprof_buffer_sink(&out));
  cprof_buffer_append(&out, "", 1);
  ok(strstr((char *)out.bytes, "\nmain;le:af  -2\n") != NULL,
     "and the lines of folded stacks");
  cprof_buffer_done(&out);
  cprof_rows_done(&rows);
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
  add_place(profile, 1, 0, 0);
  add_place(profile, 2, 0, 0);
  for (uint32_t i = 0; i < 10000; i++) {
    uint32_t ids[14];
    for (uint32_t j = 0; j < 14; j++)
      ids[j] = 1 + (i >> j & 1);
    add_stack(profile, 1, 14, ids);
  }
  is_int(cprof_report_folded(profile, 1, cprof_buffer_sink(&out)), CPROF_ELIMIT,
         "folded text has an end");
  ok(out.size < (64u << 20) + 10000 * 14 * 256, "in time: %zu bytes", out.size);
  cprof_buffer_done(&name);
  cprof_buffer_done(&out);
  cprof_profile_free(profile);
}

// ---- random ones ----

// Does this row stand for the frame `line` of the location (-1: the address)?
static bool is_frame(const struct cprof_profile *profile,
                     const struct cprof_row *row,
                     const struct cprof_location *location, int64_t line) {
  if (line < 0)
    return row->name == 0 && row->filename == 0 &&
           (uint64_t)row->start_line == location->address;
  const struct cprof_function *function =
      &profile->functions[profile->lines[location->first_line + line].function -
                          1];
  return row->name == function->name && row->filename == function->filename &&
         row->start_line == function->start_line;
}

// Where the row occurs in a sample: bit 0 at the leaf, bit 1 anywhere.
static unsigned occurs(const struct cprof_profile *profile,
                       const struct cprof_row *row,
                       const struct cprof_psample *sample) {
  unsigned found = 0;
  for (uint32_t i = 0; i < sample->location_count; i++) {
    const struct cprof_location *location =
        &profile
             ->locations[profile->location_ids[sample->first_location + i] - 1];
    int64_t first = location->line_count > 0 ? 0 : -1;
    for (int64_t j = first; j < (int64_t)location->line_count; j++)
      if (is_frame(profile, row, location, j))
        found |= i == 0 && j == first ? 3 : 2;
  }
  return found;
}

static bool is_counted(const struct cprof_profile *profile,
                       const struct cprof_row *row) {
  uint64_t flat = 0, cum = 0;
  for (uint32_t i = 0; i < profile->sample_count; i++) {
    unsigned found = occurs(profile, row, &profile->samples[i]);
    uint64_t value = (uint64_t)profile->values[i * profile->type_count];
    flat += found & 1 ? value : 0;
    cum += found & 2 ? value : 0;
  }
  return flat == (uint64_t)row->flat && cum == (uint64_t)row->cum;
}

static void test_random(void) {
  uint32_t wrong = 0, count = 0;
  for (uint32_t i = 0; i < 100; i++) {
    struct cprof_profile *profile = random_profile(25);
    struct cprof_rows rows;
    cprof_report_rows(profile, 0, &rows);
    for (uint32_t j = 0; j < rows.count; j++, count++)
      wrong += !is_counted(profile, &rows.rows[j]);
    struct cprof_buffer out = {0};
    wrong +=
        cprof_report_folded(profile, 0, cprof_buffer_sink(&out)) != CPROF_OK;
    cprof_buffer_done(&out);
    cprof_rows_done(&rows);
    cprof_profile_free(profile);
  }
  is_int(wrong, 0, "rows of random profiles are as counted by hand");
  ok(count > 500, "%u rows of them", count);
}

int main(void) {
  test_rows();
  test_folded();
  test_large_values();
  test_long_names();
  test_random();
  cprof_hash_seed(tap_random()); // the key stays
  test_folded();                 // in the same order
  return tap_done();
}
