// tag_frames: one stack spelled out, and random profiles, whose frames are
// taken off again.
#include "tag_frames.h"

#include "merge.h"
#include "random_profile.h"
#include "tap.h"

#include <string.h>

// ---- a known profile ----

static uint32_t put(struct cprof_strings *strings, const char *text) {
  uint32_t id = 0;
  cprof_strings_put(strings, text, strlen(text), &id);
  return id;
}

// Function `name` of frame `index` of the first sample, from the leaf on.
static const struct cprof_function *
function_at(const struct cprof_profile *profile, uint32_t sample,
            uint32_t index) {
  uint32_t first = profile->samples[sample].first_location;
  const struct cprof_location *location =
      &profile->locations[profile->location_ids[first + index] - 1];
  uint32_t function = profile->lines[location->first_line].function;
  return &profile->functions[function - 1];
}

static void has_frame(const struct cprof_profile *profile, uint32_t sample,
                      uint32_t index, const char *name, const char *filename) {
  const struct cprof_function *function = function_at(profile, sample, index);
  const char *got = cprof_strings_get(&profile->strings, function->name, NULL);
  const char *file =
      cprof_strings_get(&profile->strings, function->filename, NULL);
  if (!ok(strcmp(got, name) == 0 && strcmp(file, filename) == 0,
          "sample %u, frame %u is %s of %s", sample, index, name, filename))
    printf("# got %s of %s\n", got, file);
}

// main, two samples, one of them with the label url=/a.
static struct cprof_profile *known_profile(void) {
  struct cprof_profile *profile = cprof_profile_new();
  cprof_profile_add_type(profile, "cpu", "nanoseconds");
  struct cprof_function function = {.name = put(&profile->strings, "main")};
  struct cprof_line line = {1, 7, 0};
  struct cprof_label label = {.key = put(&profile->strings, "url"),
                              .str = put(&profile->strings, "/a")};
  int64_t values[2] = {1, 2};
  uint32_t id = 1;
  cprof_profile_add_function(profile, &function, NULL);
  cprof_profile_add_location(profile, &(struct cprof_location){0}, &line, 1,
                             NULL);
  struct cprof_sample_parts with = {&id, 1, &label, 1, &values[0]};
  struct cprof_sample_parts without = {NULL, 0, NULL, 0, &values[1]};
  cprof_profile_add_sample(profile, &with);
  cprof_profile_add_sample(profile, &without);
  return profile;
}

static void test_known(void) {
  struct cprof_profile *profile = known_profile(), *result = NULL;
  struct cprof_label_sets sets = {0};
  struct cprof_strings names;
  cprof_strings_init(&names);
  cprof_label_sets_init(&sets, profile);
  uint32_t keys[4] = {put(&names, "r1"), put(&names, "r2"), put(&names, "l1"),
                      put(&names, "l2")};
  uint32_t texts[8] = {put(&names, "a"), put(&names, "b"), put(&names, "c"),
                       put(&names, "d")}; // the second set has none
  struct cprof_tag_frames frames = {&sets, &names, texts, keys, 4, 2};
  is_int(cprof_tag_frames_add(profile, &frames, &result), CPROF_OK, "adds");
  is_int(result->samples[0].location_count, 5, "four to a frame");
  has_frame(result, 0, 0, "d", "l2");
  has_frame(result, 0, 1, "c", "l1");
  has_frame(result, 0, 2, "main", "");
  has_frame(result, 0, 3, "b", "r2");
  has_frame(result, 0, 4, "a", "r1");
  is_int(result->samples[1].location_count, 4, "and to none");
  has_frame(result, 1, 0, "", "l2");
  has_frame(result, 1, 3, "", "r1");
  is_int(cprof_profile_check(result, NULL), CPROF_OK, "is valid");
  cprof_label_sets_done(&sets);
  cprof_strings_done(&names);
  cprof_profile_free(result);
  cprof_profile_free(profile);
}

// ---- random ones ----

// The profile, merged, and with `roots` and `leaves` frames off every stack.
static struct cprof_profile *strip(const struct cprof_profile *profile,
                                   uint32_t roots, uint32_t leaves) {
  struct cprof_merge_head head;
  struct cprof_merge_source source;
  struct cprof_merge *merge;
  struct cprof_profile *result = NULL;
  cprof_merge_head_of(profile, &head);
  cprof_merge_source_of(profile, &source);
  cprof_merge_new(&head, &merge);
  cprof_merge_begin(merge, &source);
  for (uint32_t i = 0; i < profile->sample_count; i++) {
    const struct cprof_psample *sample = &profile->samples[i];
    struct cprof_sample_parts parts = {
        profile->location_ids + sample->first_location + leaves,
        sample->location_count - roots - leaves,
        profile->labels + sample->first_label, sample->label_count,
        profile->values + (size_t)i * profile->type_count};
    cprof_merge_sample(merge, &parts);
  }
  cprof_merge_finish(merge, &result);
  cprof_merge_free(merge);
  return result;
}

// Every set's text i is "<i><set % 3>".
static uint32_t *number_texts(struct cprof_strings *names, uint32_t sets,
                              uint32_t count) {
  uint32_t *texts = calloc((size_t)sets * count + 1, sizeof *texts);
  for (uint32_t i = 0; i < sets * count; i++) {
    char text[16];
    snprintf(text, sizeof text, "%u%u", i % count, i / count % 3);
    texts[i] = put(names, text);
  }
  return texts;
}

static bool comes_off(const struct cprof_profile *profile) {
  struct cprof_label_sets sets = {0};
  struct cprof_strings names;
  cprof_strings_init(&names);
  cprof_label_sets_init(&sets, profile);
  uint32_t count = tap_below(4), keys[4];
  for (uint32_t i = 0; i < count; i++)
    keys[i] = put(&names, i % 2 ? "odd" : "even");
  uint32_t *texts = number_texts(&names, sets.count, count);
  uint32_t roots = tap_below(count + 1);
  struct cprof_tag_frames frames = {&sets, &names, texts, keys, count, roots};
  struct cprof_profile *tagged = NULL;
  bool is_right = cprof_tag_frames_add(profile, &frames, &tagged) == CPROF_OK &&
                  cprof_profile_check(tagged, NULL) == CPROF_OK;
  struct cprof_profile *stripped = strip(tagged, roots, count - roots);
  struct cprof_profile *merged = strip(profile, 0, 0);
  is_right = is_right && same_profile(stripped, merged);
  cprof_profile_free(merged);
  cprof_profile_free(stripped);
  cprof_profile_free(tagged);
  cprof_label_sets_done(&sets);
  cprof_strings_done(&names);
  free(texts);
  return is_right;
}

// The order of labels in a merged profile is its own: one for each sample.
static void drop_labels(struct cprof_profile *profile) {
  for (uint32_t i = 0; i < profile->sample_count; i++)
    if (profile->samples[i].label_count > 1)
      profile->samples[i].label_count = 1;
}

static void test_random(void) {
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < 300; i++) {
    struct cprof_profile *profile = random_profile(25);
    drop_labels(profile);
    wrong += !comes_off(profile);
    cprof_profile_free(profile);
  }
  is_int(wrong, 0, "random profiles without the frames are as before");
}

int main(void) {
  test_known();
  test_random();
  return tap_done();
}
