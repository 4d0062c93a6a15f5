// rows: a profile with known sums, and random ones against the plainest
// possible counting, at every granularity.
#include "frame_keys.h"
#include "known_profile.h"
#include "random_profile.h"
#include "rows.h"
#include "tap.h"

#define STRINGS_MAX 1000 // of a random profile

// ---- a known profile ----

// The row with this name and start line, NULL if there is none.
static const struct cprof_row *find_row(const struct cprof_nodes *nodes,
                                        const struct cprof_rows *rows,
                                        const char *name, int64_t start_line) {
  const struct cprof_strings *strings = &nodes->profile->strings;
  for (uint32_t i = 0; i < nodes->count; i++) {
    const struct cprof_node *node = &nodes->nodes[i];
    if (strcmp(cprof_strings_get(strings, node->name, NULL), name) == 0 &&
        node->start_line == start_line)
      return &rows->rows[i];
  }
  return NULL;
}

static void has_row(const struct cprof_nodes *nodes,
                    const struct cprof_rows *rows, const char *name,
                    const int64_t want[3]) {
  const struct cprof_row *row = find_row(nodes, rows, name, want[0]);
  if (!ok(row != NULL, "a row %s:%d", name[0] ? name : "-", (int)want[0]))
    return;
  is_int(row->flat, want[1], "its flat");
  is_int(row->cum, want[2], "its cum");
}

static void test_rows(void) {
  struct cprof_profile *profile = known_profile();
  struct cprof_nodes nodes;
  struct cprof_rows rows;
  cprof_nodes_init(&nodes, profile, CPROF_BY_DEFINITION);
  is_int(cprof_rows_count(&nodes, 1, false, &rows), CPROF_OK, "rows");
  is_int(cprof_rows_total(profile, 1), 10 + 20 + 40 + 80 + 160 + 320 + 1 + 640,
         "total");
  is_int(rows.count, 6, "one for each definition and object");
  has_row(&nodes, &rows, "main", (int64_t[]){0, 0, 311});
  has_row(&nodes, &rows, "work", (int64_t[]){10, 20, 71});
  has_row(&nodes, &rows, "work", (int64_t[]){30, 160, 160}); // elsewhere
  has_row(&nodes, &rows, "le;af\n", (int64_t[]){20, 51, 51});
  has_row(&nodes, &rows, "", (int64_t[]){0, 80, 80}); // [x.so]
  has_row(&nodes, &rows, "", (int64_t[]){40, 320, 320});
  cprof_rows_done(&rows);
  cprof_rows_done(&rows);
  is_int(cprof_rows_count(&nodes, 2, false, &rows), CPROF_ERANGE,
         "no third value");
  cprof_nodes_done(&nodes);
  cprof_profile_free(profile);
}

// Sums wrap, as Go's do; UBSan would tell of one that is undefined.
static void test_large_values(void) {
  struct cprof_profile *profile = known_profile();
  for (uint32_t i = 0; i < 4; i++) {
    STACK(profile, i % 2 ? INT64_MIN : INT64_MAX, IN_LEAF, IN_MAIN);
    STACK(profile, INT64_MIN, IN_WORK, IN_WORK);
  }
  struct cprof_nodes nodes;
  struct cprof_rows rows;
  cprof_nodes_init(&nodes, profile, CPROF_BY_DEFINITION);
  is_int(cprof_rows_count(&nodes, 1, true, &rows), CPROF_OK,
         "any values sum up");
  // 2 * (max + min) is -2; 4 * min is 0
  has_row(&nodes, &rows, "le;af\n", (int64_t[]){20, 51 - 2, 51 - 2});
  has_row(&nodes, &rows, "work", (int64_t[]){10, 20, 71});
  is_int(cprof_rows_total(profile, 1), 1271 - 2, "so does the total");
  cprof_rows_done(&rows);
  cprof_nodes_done(&nodes);
  cprof_profile_free(profile);
}

// Each sample has one signal, so its variance is its value squared.
static void test_variances(void) {
  struct cprof_profile *profile = known_profile();
  struct cprof_nodes nodes;
  struct cprof_rows rows;
  cprof_nodes_init(&nodes, profile, CPROF_BY_DEFINITION);
  cprof_rows_count(&nodes, 1, true, &rows);
  is_int(rows.noise, CPROF_NOISE_SIGNALS, "signals are counted");
  const struct cprof_row *work = find_row(&nodes, &rows, "work", 10);
  ok(work->flat_variance == 20 * 20, "of flat");
  ok(work->cum_variance == 10 * 10 + 20 * 20 + 40 * 40 + 1, "of cum, once");
  cprof_rows_done(&rows);
  cprof_rows_count(&nodes, 1, false, &rows);
  is_int(rows.noise, CPROF_NOISE_NONE, "not without asking");
  ok(find_row(&nodes, &rows, "work", 10)->cum_variance == 0, "then 0");
  cprof_rows_done(&rows);
  cprof_nodes_done(&nodes);
  cprof_profile_free(profile);
}

// ---- total ----

static void add_labelled(struct cprof_profile *profile, int64_t value,
                         const char *key, const char *str) {
  struct cprof_label label = {0};
  cprof_profile_add_string(profile, key, strlen(key), &label.key);
  cprof_profile_add_string(profile, str, strlen(str), &label.str);
  int64_t values[2] = {1, value};
  struct cprof_sample_parts parts = {NULL, 0, &label, 1, values};
  cprof_profile_add_sample(profile, &parts);
}

static void test_total(void) {
  struct cprof_profile *profile = cprof_profile_new();
  cprof_profile_add_type(profile, "samples", "count");
  cprof_profile_add_type(profile, "cpu", "nanoseconds");
  is_int(cprof_rows_total(profile, 1), 0, "of nothing");
  add_labelled(profile, 5, "pprof::base", "false");
  add_labelled(profile, -7, "true", "pprof::base");
  is_int(cprof_rows_total(profile, 1), 12, "of all, without signs");
  add_labelled(profile, 0, "pprof::base", "true");
  is_int(cprof_rows_total(profile, 1), 12, "a base of 0 is none");
  add_labelled(profile, -3, "pprof::base", "true");
  is_int(cprof_rows_total(profile, 1), 3, "of the base, where there is one");
  cprof_profile_free(profile);
}

// ---- random ones ----

// Flat and cum of a key, counted by hand.
static void count_key(const struct cprof_profile *profile,
                      enum cprof_granularity by, const char *key,
                      uint64_t sums[2]) {
  struct frame frames[STACK_MAX];
  char text[KEY_BYTES];
  sums[0] = sums[1] = 0;
  for (uint32_t i = 0; i < profile->sample_count; i++) {
    uint32_t count = list_frames(profile, &profile->samples[i], frames);
    uint64_t value = (uint64_t)profile->values[i * profile->type_count];
    bool is_in = false;
    for (uint32_t j = 0; j < count; j++) {
      frame_key(profile, &frames[j], by, text);
      bool is_it = strcmp(text, key) == 0;
      sums[0] += is_it && j == 0 ? value : 0;
      is_in |= is_it;
    }
    sums[1] += is_in ? value : 0;
  }
}

static uint32_t count_wrong(const struct cprof_profile *profile,
                            enum cprof_granularity by, uint32_t *count) {
  struct cprof_nodes nodes;
  struct cprof_rows rows;
  uint32_t string_of[STRINGS_MAX], wrong = 0;
  cprof_nodes_init(&nodes, profile, by);
  cprof_rows_count(&nodes, 0, true, &rows);
  find_strings(&nodes, string_of);
  for (uint32_t i = 0; i < rows.count; i++, ++*count) {
    char key[KEY_BYTES];
    uint64_t sums[2];
    node_key(&nodes, i, string_of, key);
    count_key(profile, by, key, sums);
    wrong += sums[0] != (uint64_t)rows.rows[i].flat ||
             sums[1] != (uint64_t)rows.rows[i].cum;
  }
  cprof_rows_done(&rows);
  cprof_nodes_done(&nodes);
  return wrong;
}

static void test_random(void) {
  uint32_t wrong = 0, count = 0;
  for (uint32_t i = 0; i < 90; i++) {
    struct cprof_profile *profile = random_profile(25);
    wrong += count_wrong(profile, i % 6, &count);
    cprof_profile_free(profile);
  }
  is_int(wrong, 0, "rows of random profiles are as counted by hand");
  ok(count > 500, "%u rows of them", count);
}

int main(void) {
  test_rows();
  test_large_values();
  test_variances();
  test_total();
  test_random();
  return tap_done();
}
