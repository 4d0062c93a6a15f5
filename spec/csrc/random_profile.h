// A random valid profile, and whether two are the same in every field that a
// file keeps. For the tests of profile, pprof and report.
#ifndef CPROF_RANDOM_PROFILE_H
#define CPROF_RANDOM_PROFILE_H

#include "profile.h"
#include "tap.h"

#include <string.h>

// A string of up to 12 bytes, valid UTF-8, sometimes with a NUL.
static uint32_t random_string(struct cprof_profile *profile) {
  static const char *const parts[] = {"a", "b", "@x.lua", "\xc3\xa9", "", "7"};
  char text[64];
  size_t size = 0;
  for (uint32_t i = tap_below(4); i > 0; i--) {
    const char *part = parts[tap_below(6)];
    memcpy(text + size, part, strlen(part));
    size += strlen(part);
  }
  if (tap_below(20) == 0)
    text[size++] = '\0';
  uint32_t id = 0;
  cprof_profile_add_string(profile, text, size, &id);
  return id;
}

// A number of any size and sign.
static int64_t random_number(void) {
  return (int64_t)(tap_random() >> tap_below(64)) * (tap_below(2) ? 1 : -1);
}

static void random_head(struct cprof_profile *profile) {
  static const char *const types[] = {"samples", "cpu", "alloc_space"};
  for (uint32_t i = 1 + tap_below(3); i > 0; i--)
    cprof_profile_add_type(profile, types[i - 1], i == 1 ? "count" : "bytes");
  for (uint32_t i = tap_below(3); i > 0; i--)
    cprof_profile_add_comment(profile, i == 1 ? "one=1" : "two=2");
  profile->period_type.type = random_string(profile);
  profile->period_type.unit = random_string(profile);
  profile->period = random_number();
  profile->time_nanos = random_number();
  profile->duration_nanos = random_number();
  profile->drop_frames = random_string(profile);
  profile->keep_frames = random_string(profile);
  profile->doc_url = random_string(profile);
  profile->default_sample_type = profile->types[0].type;
}

static void random_objects(struct cprof_profile *profile, uint32_t functions) {
  for (uint32_t i = tap_below(4); i > 0; i--) {
    struct cprof_mapping mapping = {
        .memory_start = tap_random(),
        .memory_limit = tap_random(),
        .file_offset = tap_random() >> 32,
        .filename = random_string(profile),
        .build_id = random_string(profile),
        .has_functions = tap_below(2),
        .has_filenames = tap_below(2),
        .has_line_numbers = tap_below(2),
        .has_inline_frames = tap_below(2),
    };
    cprof_profile_add_mapping(profile, &mapping, NULL);
  }
  for (uint32_t i = 0; i < functions; i++) {
    struct cprof_function function = {
        .name = random_string(profile),
        .system_name = random_string(profile),
        .filename = random_string(profile),
        .start_line = tap_below(3),
    };
    cprof_profile_add_function(profile, &function, NULL);
  }
}

// Some without lines, some with inlined ones.
static void random_locations(struct cprof_profile *profile, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    struct cprof_location location = {
        .mapping = tap_below(profile->mapping_count + 1),
        .address = tap_random() >> tap_below(64),
        .is_folded = tap_below(2),
    };
    struct cprof_line lines[3];
    uint32_t line_count = profile->function_count > 0 ? tap_below(4) : 0;
    for (uint32_t j = 0; j < line_count; j++)
      lines[j] = (struct cprof_line){1 + tap_below(profile->function_count),
                                     random_number(), tap_below(80)};
    cprof_profile_add_location(profile, &location, lines, line_count, NULL);
  }
}

static void random_sample(struct cprof_profile *profile, uint32_t depth_max) {
  uint32_t ids[200];
  struct cprof_label labels[3] = {{0}};
  int64_t values[CPROF_TYPES_MAX];
  struct cprof_sample_parts parts = {ids, 0, labels, tap_below(4), values};
  if (profile->location_count > 0)
    parts.location_count = tap_below(depth_max + 1);
  for (uint32_t i = 0; i < parts.location_count; i++)
    ids[i] = 1 + tap_below(profile->location_count);
  for (uint32_t i = 0; i < parts.label_count; i++) {
    labels[i].key = random_string(profile);
    if (tap_below(2))
      labels[i].str = random_string(profile);
    else
      labels[i].num = random_number();
    labels[i].num_unit = random_string(profile);
  }
  for (uint32_t i = 0; i < profile->type_count; i++)
    values[i] = random_number();
  cprof_profile_add_sample(profile, &parts);
}

// About `size` of everything.
static inline struct cprof_profile *random_profile(uint32_t size) {
  struct cprof_profile *profile = cprof_profile_new();
  random_head(profile);
  random_objects(profile, tap_below(size + 1));
  random_locations(profile, tap_below(size + 1));
  for (uint32_t i = tap_below(size + 1); i > 0; i--)
    random_sample(profile, 40);
  return profile;
}

// ---- comparing ----

static bool same_string(const struct cprof_profile *a, uint32_t a_id,
                        const struct cprof_profile *b, uint32_t b_id) {
  size_t a_size, b_size;
  const char *a_text = cprof_strings_get(&a->strings, a_id, &a_size);
  const char *b_text = cprof_strings_get(&b->strings, b_id, &b_size);
  return a_size == b_size && memcmp(a_text, b_text, a_size) == 0;
}

// Arrays of numbers without padding or strings: bytes tell.
#define SAME_ARRAY(a, b, count, items)                                         \
  ((a)->count == (b)->count &&                                                 \
   ((a)->count == 0 ||                                                         \
    memcmp((a)->items, (b)->items, (a)->count * sizeof *(a)->items) == 0))

static bool same_strings(const struct cprof_profile *a,
                         const struct cprof_profile *b) {
  bool is_same = a->strings.count == b->strings.count;
  for (uint32_t i = 0; is_same && i < a->strings.count; i++)
    is_same = same_string(a, i, b, i);
  return is_same;
}

static bool same_head(const struct cprof_profile *a,
                      const struct cprof_profile *b) {
  return a->type_count == b->type_count &&
         memcmp(a->types, b->types, sizeof a->types) == 0 &&
         a->period_type.type == b->period_type.type &&
         a->period_type.unit == b->period_type.unit && a->period == b->period &&
         a->time_nanos == b->time_nanos &&
         a->duration_nanos == b->duration_nanos &&
         a->drop_frames == b->drop_frames && a->keep_frames == b->keep_frames &&
         a->default_sample_type == b->default_sample_type &&
         a->doc_url == b->doc_url && SAME_ARRAY(a, b, comment_count, comments);
}

static bool same_mappings(const struct cprof_profile *a,
                          const struct cprof_profile *b) {
  bool is_same = a->mapping_count == b->mapping_count;
  for (uint32_t i = 0; is_same && i < a->mapping_count; i++) {
    const struct cprof_mapping *x = &a->mappings[i], *y = &b->mappings[i];
    is_same = x->memory_start == y->memory_start &&
              x->memory_limit == y->memory_limit &&
              x->file_offset == y->file_offset && x->filename == y->filename &&
              x->build_id == y->build_id &&
              x->has_functions == y->has_functions &&
              x->has_filenames == y->has_filenames &&
              x->has_line_numbers == y->has_line_numbers &&
              x->has_inline_frames == y->has_inline_frames;
  }
  return is_same;
}

static bool same_places(const struct cprof_profile *a,
                        const struct cprof_profile *b) {
  bool is_same = a->function_count == b->function_count &&
                 a->line_count == b->line_count &&
                 a->location_count == b->location_count;
  for (uint32_t i = 0; is_same && i < a->function_count; i++) {
    const struct cprof_function *x = &a->functions[i], *y = &b->functions[i];
    is_same = x->name == y->name && x->system_name == y->system_name &&
              x->filename == y->filename && x->start_line == y->start_line;
  }
  for (uint32_t i = 0; is_same && i < a->line_count; i++) {
    const struct cprof_line *x = &a->lines[i], *y = &b->lines[i];
    is_same = x->function == y->function && x->line == y->line &&
              x->column == y->column;
  }
  for (uint32_t i = 0; is_same && i < a->location_count; i++) {
    const struct cprof_location *x = &a->locations[i], *y = &b->locations[i];
    is_same = x->mapping == y->mapping && x->address == y->address &&
              x->first_line == y->first_line &&
              x->line_count == y->line_count && x->is_folded == y->is_folded;
  }
  return is_same;
}

static bool same_labels(const struct cprof_profile *a,
                        const struct cprof_profile *b) {
  bool is_same = a->label_count == b->label_count;
  for (uint32_t i = 0; is_same && i < a->label_count; i++) {
    const struct cprof_label *x = &a->labels[i], *y = &b->labels[i];
    is_same = x->key == y->key && x->str == y->str && x->num == y->num &&
              x->num_unit == y->num_unit;
  }
  return is_same;
}

// Equal in all that a file keeps, string ids too.
static inline bool same_profile(const struct cprof_profile *a,
                                const struct cprof_profile *b) {
  return same_strings(a, b) && same_head(a, b) && same_mappings(a, b) &&
         same_places(a, b) && same_labels(a, b) &&
         SAME_ARRAY(a, b, sample_count, samples) &&
         SAME_ARRAY(a, b, location_id_count, location_ids) &&
         SAME_ARRAY(a, b, value_count, values);
}

#endif
