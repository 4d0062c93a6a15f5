// merge: by hand where pprof's rules bite, and against a naive recount of
// random profiles: parts make the whole, a - a is nothing, order is no matter.
#include "canonical_profile.h"
#include "merge.h"
#include "random_profile.h"
#include "tap.h"

#include <math.h> // NAN, INFINITY

#define ROUNDS 60

// ---- merging in one go ----

struct part {
  const struct cprof_profile *profile;
  double ratio;
  bool is_base;
};

// The first one's head; NULL when it fails.
static struct cprof_profile *merge_parts(const struct part *parts,
                                         uint32_t count) {
  struct cprof_merge_head head;
  struct cprof_merge *merge;
  struct cprof_profile *result = NULL;
  cprof_merge_head_of(parts[0].profile, &head);
  enum cprof_result ok = cprof_merge_new(&head, &merge);
  for (uint32_t i = 0; ok == CPROF_OK && i < count; i++) {
    struct cprof_merge_source source;
    cprof_merge_source_of(parts[i].profile, &source);
    for (uint32_t j = 0; j < CPROF_TYPES_MAX; j++)
      source.ratios[j] = parts[i].ratio;
    source.is_base = parts[i].is_base;
    ok = cprof_merge_begin(merge, &source);
    if (ok == CPROF_OK)
      ok = cprof_merge_samples(merge);
  }
  if (ok == CPROF_OK)
    ok = cprof_merge_finish(merge, &result);
  cprof_merge_free(merge);
  return ok == CPROF_OK ? result : NULL;
}

static struct cprof_profile *merge_one(const struct cprof_profile *profile,
                                       double ratio) {
  return merge_parts(&(struct part){profile, ratio, false}, 1);
}

static struct cprof_profile *merge_two(const struct cprof_profile *a,
                                       const struct cprof_profile *b) {
  return merge_parts((struct part[]){{a, 1, false}, {b, 1, false}}, 2);
}

// ---- profiles by hand ----

static uint32_t string(struct cprof_profile *profile, const char *text) {
  uint32_t id = 0;
  cprof_profile_add_string(profile, text, strlen(text), &id);
  return id;
}

static struct cprof_profile *new_profile(void) {
  struct cprof_profile *profile = cprof_profile_new();
  cprof_profile_add_type(profile, "cpu", "nanoseconds");
  return profile;
}

static void add_mapping(struct cprof_profile *profile, uint64_t start,
                        uint64_t size, const char *file, const char *build_id) {
  struct cprof_mapping mapping = {
      .memory_start = start,
      .memory_limit = start + size,
      .filename = string(profile, file),
      .build_id = string(profile, build_id),
  };
  cprof_profile_add_mapping(profile, &mapping, NULL);
}

static void add_address(struct cprof_profile *profile, uint32_t mapping,
                        uint64_t address) {
  struct cprof_location location = {.mapping = mapping, .address = address};
  cprof_profile_add_location(profile, &location, NULL, 0, NULL);
}

static void add_sample(struct cprof_profile *profile, uint32_t location,
                       int64_t value, const struct cprof_label *labels,
                       uint32_t label_count) {
  struct cprof_sample_parts parts = {&location, 1, labels, label_count, &value};
  cprof_profile_add_sample(profile, &parts);
}

// One address, in a mapping at `start`.
static struct cprof_profile *placed(uint64_t start, uint64_t size,
                                    const char *file, const char *build_id) {
  struct cprof_profile *profile = new_profile();
  add_mapping(profile, start, size, file, build_id);
  add_address(profile, 1, start + 0x10);
  add_sample(profile, 1, 5, NULL, 0);
  return profile;
}

// ---- mappings and locations ----

static void free_three(struct cprof_profile *a, struct cprof_profile *b,
                       struct cprof_profile *c) {
  cprof_profile_free(a);
  cprof_profile_free(b);
  cprof_profile_free(c);
}

static void test_moved_mapping(void) {
  struct cprof_profile *a = placed(0x400000, 0x2000, "/bin/x", "");
  struct cprof_profile *b = placed(0x700000, 0x1f00, "/bin/x", "");
  struct cprof_profile *m = merge_two(a, b);
  is_int(m->mapping_count, 1, "as many pages of one file are one mapping");
  is_int((int64_t)m->mappings[0].memory_start, 0x400000, "the first one's");
  is_int(m->location_count, 1, "an address follows its mapping");
  is_int((int64_t)m->locations[0].address, 0x400010, "to where it lies now");
  is_int(m->sample_count, 1, "so that stacks are equal");
  is_int(m->values[0], 10, "and add up");
  free_three(a, b, m);
}

static void test_build_id(void) {
  struct cprof_profile *a = placed(0x400000, 0x2000, "/bin/x", "id1");
  struct cprof_profile *b = placed(0x400000, 0x2000, "/opt/x", "id1");
  struct cprof_profile *m = merge_two(a, b);
  is_int(m->mapping_count, 1, "a build id counts, not the file beside it");
  cprof_profile_free(b);
  cprof_profile_free(m);
  b = placed(0x400000, 0x2000, "/bin/x", "id2");
  m = merge_two(a, b);
  is_int(m->mapping_count, 2, "another build id is another mapping");
  is_int(m->location_count, 2, "whose addresses are others");
  free_three(a, b, m);
}

static void test_main_mapping(void) {
  struct cprof_profile *a = new_profile();
  add_mapping(a, 0x1000, 0x1000, "/bin/main", "");
  add_mapping(a, 0x9000, 0x1000, "/lib/y", "");
  add_address(a, 2, 0x9001);
  add_sample(a, 1, 1, NULL, 0);
  struct cprof_profile *m = merge_one(a, 1);
  is_int(m->mapping_count, 2, "the first mapping stays without a sample");
  is_int(m->locations[0].mapping, 2, "and stays the first");
  free_three(a, m, NULL);
}

static void add_line(struct cprof_profile *profile, int64_t line,
                     int64_t column) {
  struct cprof_line at = {1, line, column};
  struct cprof_location location = {.mapping = 0};
  cprof_profile_add_location(profile, &location, &at, 1, NULL);
}

static void test_lines(void) {
  struct cprof_profile *a = new_profile();
  struct cprof_function function = {.name = string(a, "f")};
  cprof_profile_add_function(a, &function, NULL);
  add_line(a, 1, 0);
  add_line(a, 2, 0);
  add_line(a, 2, 7);
  add_line(a, 2, 7);
  for (uint32_t i = 1; i <= 4; i++)
    add_sample(a, i, 1, NULL, 0);
  struct cprof_profile *m = merge_one(a, 1);
  is_int(m->location_count, 3, "line and column tell locations apart");
  is_int(m->values[2], 2, "what is equal in one source adds up, too");
  free_three(a, m, NULL);
}

// ---- labels ----

// A profile with one sample that has these labels.
static struct cprof_profile *labelled(const char *first, const char *second) {
  struct cprof_profile *profile = new_profile();
  struct cprof_label labels[3] = {
      {.key = string(profile, first), .str = string(profile, "1")},
      {.key = string(profile, second), .num = 3},
      {.key = string(profile, "none")},
  };
  add_address(profile, 0, 1);
  add_sample(profile, 1, 1, labels, 3);
  return profile;
}

static void test_labels(void) {
  struct cprof_profile *a = labelled("a", "b");
  struct cprof_profile *b = new_profile();
  string(b, "b");
  struct cprof_label labels[2] = {
      {.key = string(b, "b"), .num = 3},
      {.key = string(b, "a"), .str = string(b, "1"), .num_unit = 1},
  };
  add_address(b, 0, 1);
  add_sample(b, 1, 1, labels, 2);
  struct cprof_profile *m = merge_two(a, b);
  is_int(m->sample_count, 1, "the order of labels is no matter");
  is_int(m->samples[0].label_count, 2, "those that say nothing go");
  cprof_profile_free(b);
  cprof_profile_free(m);
  b = labelled("a", "c");
  m = merge_two(a, b);
  is_int(m->sample_count, 2, "other keys are other samples");
  free_three(a, b, m);
}

// Labels of one key keep their order, which tells samples apart.
static void test_repeated_labels(void) {
  struct cprof_profile *a = new_profile();
  uint32_t k = string(a, "k"), x = string(a, "x"), y = string(a, "y");
  struct cprof_label xy[2] = {{.key = k, .str = x}, {.key = k, .str = y}};
  struct cprof_label yx[2] = {{.key = k, .str = y}, {.key = k, .str = x}};
  add_address(a, 0, 1);
  add_sample(a, 1, 1, xy, 2);
  add_sample(a, 1, 1, yx, 2);
  struct cprof_profile *m = merge_one(a, 1);
  is_int(m->sample_count, 2, "values of one key keep their order");
  free_three(a, m, NULL);
}

static void test_many_labels(void) {
  enum { COUNT = 1001 };
  struct cprof_profile *a = new_profile();
  struct cprof_label labels[COUNT];
  for (uint32_t i = 0; i < COUNT; i++) {
    char key[20];
    snprintf(key, sizeof key, "%u", (i * 7919u) % 101);
    labels[i] = (struct cprof_label){.key = string(a, key), .num = i + 1};
    if (tap_below(2))
      labels[i].str = string(a, key);
  }
  add_address(a, 0, 1);
  add_sample(a, 1, 1, labels, COUNT);
  struct cprof_profile *m = merge_one(a, 1);
  const int one = 1;
  ok(canonical_is(m, (const struct cprof_profile *const *)&a, &one, 1),
     "a thousand labels are sorted and kept in order");
  free_three(a, m, NULL);
}

static void test_base(void) {
  struct cprof_profile *a = labelled("a", "pprof::base");
  struct cprof_profile *b = labelled("pprof::base", "b");
  struct cprof_profile *m =
      merge_parts((struct part[]){{a, 1, false}, {b, -1, true}}, 2);
  is_int(m->sample_count, 2, "the base stays apart");
  const struct cprof_psample *base = &m->samples[1];
  is_int(base->label_count, 2, "its label takes the place of one before");
  const struct cprof_label *label = &m->labels[base->first_label];
  label += label->str == 0;
  is_int(label->str, string(m, "true"), "and is true");
  is_int(m->values[1], -1, "it is subtracted");
  free_three(a, b, m);
}

// ---- values ----

static int64_t scaled(int64_t value, double ratio) {
  struct cprof_profile *a = new_profile();
  add_address(a, 0, 1);
  add_sample(a, 1, value, NULL, 0);
  struct cprof_profile *m = merge_one(a, ratio);
  int64_t result = m->sample_count > 0 ? m->values[0] : 0;
  free_three(a, m, NULL);
  return result;
}

static void test_scaling(void) {
  is_int(scaled(INT64_MAX - 1, 1), INT64_MAX - 1, "ratio 1 is exact");
  is_int(scaled(INT64_MAX - 1, -1), 1 - INT64_MAX, "ratio -1 is exact");
  is_int(scaled(INT64_MIN, -1), INT64_MIN, "and wraps");
  is_int(scaled(5, 0.5), 3, "half rounds up");
  is_int(scaled(-5, 0.5), -3, "half rounds down below zero");
  is_int(scaled(7, 1 / 3.0), 2, "less than half rounds towards zero");
  is_int(scaled(1, 0.49999999999999994), 0, "just below half is 0");
  is_int(scaled(INT64_MAX, 2), INT64_MAX, "too large is the largest");
  is_int(scaled(INT64_MAX, -INFINITY), INT64_MIN, "too small the smallest");
  is_int(scaled(1, NAN), 0, "no number is 0");
}

static void test_columns(void) {
  struct cprof_profile *a = cprof_profile_new();
  cprof_profile_add_type(a, "x", "count");
  cprof_profile_add_type(a, "y", "count");
  cprof_profile_add_type(a, "z", "count");
  a->default_sample_type = a->types[0].type;
  int64_t values[3] = {1, 2, 3};
  cprof_profile_add_sample(a, &(struct cprof_sample_parts){.values = values});
  struct cprof_merge_head head = {
      .types = {{{"z", 1}, {"count", 5}}, {{"y", 1}, {"kilo", 4}}},
      .type_count = 2,
      .period_type = {{"", 0}, {"", 0}},
  };
  struct cprof_merge_source source;
  struct cprof_merge *merge;
  struct cprof_profile *m = NULL;
  cprof_merge_source_of(a, &source);
  source.columns[0] = 2;
  source.ratios[1] = 1000;
  cprof_merge_new(&head, &merge);
  cprof_merge_begin(merge, &source);
  cprof_merge_samples(merge);
  cprof_merge_finish(merge, &m);
  cprof_merge_free(merge);
  is_int(m->type_count, 2, "the head's types");
  is_int(m->values[0], 3, "a column moves");
  is_int(m->values[1], 2000, "another is scaled");
  is_int(m->default_sample_type, m->types[0].type,
         "a default that is gone is the first type");
  free_three(a, m, NULL);
}

// ---- head ----

static void set_head(struct cprof_profile *profile, int64_t time,
                     int64_t duration, int64_t period) {
  profile->time_nanos = time;
  profile->duration_nanos = duration;
  profile->period = period;
}

static void test_head(void) {
  struct cprof_profile *a = new_profile(), *b = new_profile();
  set_head(a, 0, 5, 10);
  set_head(b, 90, 7, 20);
  a->drop_frames = string(a, "drop");
  b->drop_frames = string(b, "other");
  b->keep_frames = string(b, "keep");
  b->doc_url = string(b, "url");
  b->default_sample_type = string(b, "cpu");
  cprof_profile_add_comment(a, "one");
  cprof_profile_add_comment(a, "one");
  cprof_profile_add_comment(b, "two");
  cprof_profile_add_comment(b, "one");
  struct cprof_profile *m = merge_two(a, b);
  is_int(m->time_nanos, 90, "the time is the earliest there is");
  is_int(m->duration_nanos, 12, "durations add up");
  is_int(m->period, 20, "the period is the greatest");
  is_int(m->drop_frames, string(m, "drop"), "drop_frames are the first's");
  is_int(m->keep_frames, 0, "and keep_frames");
  is_int(m->doc_url, string(m, "url"), "doc_url is the first there is");
  is_int(m->default_sample_type, m->types[0].type, "and the default type");
  is_int(m->comment_count, 2, "each comment is there once");
  is_int(m->comments[1], string(m, "two"), "in order");
  free_three(a, b, m);
}

// ---- properties ----

typedef const struct cprof_profile *const *profiles;

static const int PLUS[] = {1, 1, 1, 1, 1, 1}, MINUS[] = {1, -1};

// A profile of every `step`-th sample of the whole, beginning with `first`.
static struct cprof_profile *part_of(const struct cprof_profile *whole,
                                     uint32_t first, uint32_t step) {
  struct cprof_merge_head head;
  struct cprof_merge_source source;
  struct cprof_merge *merge;
  struct cprof_profile *part = NULL;
  cprof_merge_head_of(whole, &head);
  cprof_merge_source_of(whole, &source);
  cprof_merge_new(&head, &merge);
  cprof_merge_begin(merge, &source);
  for (uint32_t i = first; i < whole->sample_count; i += step) {
    const struct cprof_psample *sample = &whole->samples[i];
    struct cprof_sample_parts parts = {
        whole->location_ids + sample->first_location,  sample->location_count,
        whole->labels + sample->first_label,           sample->label_count,
        whole->values + (size_t)i * whole->type_count,
    };
    cprof_merge_sample(merge, &parts);
  }
  cprof_merge_finish(merge, &part);
  cprof_merge_free(merge);
  return part;
}

// A random one with so many types.
static struct cprof_profile *random_of(uint32_t type_count) {
  struct cprof_profile *profile = random_profile(20);
  while (profile->type_count != type_count) {
    cprof_profile_free(profile);
    profile = random_profile(20);
  }
  return profile;
}

static bool is_valid(const struct cprof_profile *profile) {
  return cprof_profile_check(profile, NULL) == CPROF_OK;
}

static bool parts_make_whole(void) {
  enum { PARTS_MAX = 5 };
  struct cprof_profile *whole = random_profile(60);
  struct part parts[PARTS_MAX];
  uint32_t count = 1 + tap_below(PARTS_MAX);
  for (uint32_t i = 0; i < count; i++)
    parts[i] = (struct part){part_of(whole, i, count), 1, false};
  struct cprof_profile *m = merge_parts(parts, count);
  bool is_whole = is_valid(m) && canonical_is(m, (profiles)&whole, PLUS, 1);
  for (uint32_t i = 0; i < count; i++)
    cprof_profile_free((struct cprof_profile *)parts[i].profile);
  free_three(whole, m, NULL);
  return is_whole;
}

static bool nothing_is_left(void) {
  struct cprof_profile *a = random_profile(60);
  struct cprof_profile *m =
      merge_parts((struct part[]){{a, 1, false}, {a, -1, false}}, 2);
  bool is_empty = is_valid(m) && m->sample_count == 0 &&
                  m->location_count == 0 && m->function_count == 0 &&
                  m->label_count == 0 && m->mapping_count <= 1;
  free_three(a, m, NULL);
  return is_empty;
}

// b shares stacks with a: half of a's samples are in it.
static bool sums_and_differences(void) {
  struct cprof_profile *a = random_profile(60), *half = part_of(a, 0, 2);
  struct cprof_profile *c = random_of(a->type_count);
  struct cprof_profile *b = merge_two(half, c);
  struct cprof_profile *ab = merge_two(a, b), *ba = merge_two(b, a);
  struct cprof_profile *d =
      merge_parts((struct part[]){{a, 1, false}, {b, -1, false}}, 2);
  const struct cprof_profile *both[] = {a, b};
  bool is_fine =
      is_valid(ab) && is_valid(d) && canonical_is(ab, both, PLUS, 2) &&
      canonical_is(ba, both, PLUS, 2) && canonical_is(d, both, MINUS, 2);
  free_three(a, half, c);
  free_three(b, ab, ba);
  cprof_profile_free(d);
  return is_fine;
}

static bool is_associative(void) {
  struct cprof_profile *a = random_profile(30);
  struct cprof_profile *b = random_of(a->type_count);
  struct cprof_profile *c = part_of(a, 1, 3);
  struct cprof_profile *ab = merge_two(a, b), *bc = merge_two(b, c);
  struct cprof_profile *x = merge_two(ab, c), *y = merge_two(a, bc);
  bool is_same = canonical_is(x, (profiles)&y, PLUS, 1);
  free_three(a, b, c);
  free_three(ab, bc, x);
  cprof_profile_free(y);
  return is_same;
}

static bool is_identity(void) {
  struct cprof_profile *a = random_profile(60);
  struct cprof_profile *once = merge_one(a, 1), *twice = merge_one(once, 1);
  bool is_same = canonical_is(once, (profiles)&a, PLUS, 1) &&
                 canonical_is(twice, (profiles)&a, PLUS, 1) &&
                 same_head(once, twice) &&
                 once->strings.count == twice->strings.count &&
                 once->location_count == twice->location_count &&
                 once->function_count == twice->function_count;
  free_three(a, once, twice);
  return is_same;
}

static void test_property(bool (*holds)(void), const char *name) {
  uint32_t failed = 0;
  for (uint32_t i = 0; i < ROUNDS; i++)
    failed += !holds();
  is_int(failed, 0, name);
}

// ---- life ----

static void test_midway(void) {
  struct cprof_profile *a = random_of(2);
  struct cprof_merge_head head;
  struct cprof_merge_source source;
  struct cprof_merge *merge;
  cprof_merge_head_of(a, &head);
  cprof_merge_source_of(a, &source);
  is_int(cprof_merge_new(&head, &merge), CPROF_OK, "a merge begins");
  cprof_merge_free(merge);
  cprof_merge_new(&head, &merge);
  cprof_merge_begin(merge, &source);
  cprof_merge_samples(merge);
  cprof_merge_free(merge);
  cprof_merge_free(NULL);
  ok(true, "and may end before it is finished");
  cprof_profile_free(a);
}

int main(void) {
  test_moved_mapping();
  test_build_id();
  test_main_mapping();
  test_lines();
  test_labels();
  test_repeated_labels();
  test_many_labels();
  test_base();
  test_scaling();
  test_columns();
  test_head();
  test_property(parts_make_whole, "parts of a profile make the whole");
  test_property(nothing_is_left, "a profile less itself is empty");
  test_property(sums_and_differences, "sums and differences, in any order");
  test_property(is_associative, "merging is associative");
  test_property(is_identity, "ratio 1 changes nothing");
  test_midway();
  return tap_done();
}
