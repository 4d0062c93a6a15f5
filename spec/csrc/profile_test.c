// profile: building, references, and every way in which one can be wrong.
#include "profile.h"
#include "random_profile.h"
#include "tap.h"

#include <string.h>

// One of everything.
static struct cprof_profile *small_profile(void) {
  struct cprof_profile *profile = cprof_profile_new();
  cprof_profile_add_type(profile, "samples", "count");
  cprof_profile_add_type(profile, "cpu", "nanoseconds");
  cprof_profile_add_comment(profile, "engine=perf");
  struct cprof_mapping mapping = {.memory_start = 1};
  struct cprof_function function = {.start_line = 3};
  struct cprof_location location = {.mapping = 1};
  struct cprof_line line = {1, 5, 0};
  struct cprof_label label = {0};
  uint32_t ids[2] = {1, 1};
  int64_t values[2] = {1, 10};
  cprof_profile_add_string(profile, "f", 1, &function.name);
  cprof_profile_add_string(profile, "k", 1, &label.key);
  cprof_profile_add_mapping(profile, &mapping, NULL);
  cprof_profile_add_function(profile, &function, NULL);
  cprof_profile_add_location(profile, &location, &line, 1, NULL);
  struct cprof_sample_parts parts = {ids, 2, &label, 1, values};
  cprof_profile_add_sample(profile, &parts);
  return profile;
}

static void test_building(void) {
  struct cprof_profile *profile = small_profile();
  is_int(cprof_profile_check(profile, NULL), CPROF_OK, "is valid");
  uint32_t id;
  struct cprof_function function = {0};
  cprof_profile_add_function(profile, &function, &id);
  is_int(id, 2, "ids count from 1");
  cprof_profile_add_string(profile, "cpu", 3, &id);
  is_int(id, profile->types[1].type, "equal strings are one");
  is_int(cprof_profile_add_type(profile, "late", "count"), CPROF_ESTATE,
         "types come before samples");
  is_int(profile->value_count, 2, "a value for each type");
  is_int(profile->samples[0].location_count, 2, "the stack is there");
  cprof_profile_free(profile);
  cprof_profile_free(NULL);
}

static void test_types_max(void) {
  struct cprof_profile *profile = cprof_profile_new();
  for (uint32_t i = 0; i < CPROF_TYPES_MAX; i++)
    cprof_profile_add_type(profile, "t", "count");
  is_int(cprof_profile_add_type(profile, "t", "count"), CPROF_ELIMIT,
         "one type too many");
  is_int(profile->type_count, CPROF_TYPES_MAX, "is not added");
  cprof_profile_free(profile);
}

static void test_default_index(void) {
  struct cprof_profile *profile = small_profile();
  is_int(cprof_profile_default_index(profile), 1, "the last without a name");
  profile->default_sample_type = profile->types[0].type;
  is_int(cprof_profile_default_index(profile), 0, "the named one");
  profile->default_sample_type = profile->comments[0];
  is_int(cprof_profile_default_index(profile), 1, "the last for a wrong name");
  cprof_profile_free(profile);
  profile = cprof_profile_new();
  is_int(cprof_profile_default_index(profile), 0, "0 where there is none");
  is_int(cprof_profile_check(profile, NULL), CPROF_OK, "empty is valid");
  cprof_profile_free(profile);
}

// A field that holds `bad` makes the profile invalid.
static void breaks_at(struct cprof_profile *profile, uint32_t *field,
                      uint32_t bad, const char *name) {
  uint32_t good = *field;
  *field = bad;
  struct cprof_why why = {"unnoticed"};
  enum cprof_result result = cprof_profile_check(profile, &why);
  ok(result == CPROF_EFORMAT && strcmp(why.text, "unnoticed") != 0, "%s: %s",
     name, why.text);
  *field = good;
}

#define BREAKS(field, bad) breaks_at(p, &p->field, bad, #field)

static void test_wrong_strings(struct cprof_profile *p) {
  uint32_t none = p->strings.count;
  BREAKS(types[1].type, none);
  BREAKS(types[0].unit, none);
  BREAKS(period_type.type, none);
  BREAKS(period_type.unit, none);
  BREAKS(drop_frames, none);
  BREAKS(keep_frames, none);
  BREAKS(default_sample_type, none);
  BREAKS(doc_url, none);
  BREAKS(comments[0], none);
  BREAKS(mappings[0].filename, none);
  BREAKS(mappings[0].build_id, none);
  BREAKS(functions[0].name, none);
  BREAKS(functions[0].system_name, none);
  BREAKS(functions[0].filename, UINT32_MAX);
  BREAKS(labels[0].key, none);
  BREAKS(labels[0].str, none);
  BREAKS(labels[0].num_unit, none);
}

static void test_wrong_ids(struct cprof_profile *p) {
  BREAKS(locations[0].mapping, 2);
  BREAKS(locations[0].first_line, 1);
  BREAKS(locations[0].line_count, UINT32_MAX);
  BREAKS(lines[0].function, 0);
  BREAKS(lines[0].function, 2);
  BREAKS(samples[0].location_count, 3);
  BREAKS(samples[0].first_location, UINT32_MAX);
  BREAKS(samples[0].label_count, 2);
  BREAKS(samples[0].first_label, 2);
  BREAKS(location_ids[1], 0);
  BREAKS(location_ids[1], 2);
  BREAKS(value_count, 1);
  BREAKS(type_count, 1);
  BREAKS(type_count, 0);
  BREAKS(type_count, CPROF_TYPES_MAX + 1);
  BREAKS(strings.lengths[0], 1);
}

// The entry is told, counted from 1.
static void test_which(struct cprof_profile *p) {
  struct cprof_why why;
  int64_t values[2] = {0, 0};
  struct cprof_sample_parts parts = {(uint32_t[]){9}, 1, NULL, 0, values};
  cprof_profile_add_sample(p, &parts);
  cprof_profile_check(p, &why);
  ok(strcmp(why.text, "sample 2 names an unknown location") == 0, "%s",
     why.text);
}

static void test_random(void) {
  bool all_valid = true;
  for (uint32_t i = 0; i < 300; i++) {
    struct cprof_profile *profile = random_profile(30);
    all_valid &= cprof_profile_check(profile, NULL) == CPROF_OK;
    all_valid &= same_profile(profile, profile);
    cprof_profile_free(profile);
  }
  ok(all_valid, "300 random profiles are valid");
}

int main(void) {
  test_building();
  test_types_max();
  test_default_index();
  struct cprof_profile *profile = small_profile();
  test_wrong_strings(profile);
  test_wrong_ids(profile);
  is_int(cprof_profile_check(profile, NULL), CPROF_OK, "and is mended again");
  test_which(profile);
  cprof_profile_free(profile);
  test_random();
  return tap_done();
}
