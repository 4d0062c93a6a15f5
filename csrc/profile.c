// A profile in plain arrays: building and checking. Called by session, pprof
// and the edge; whoever holds a profile owns it. See profile.h.
#include "profile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// ---- life ----

struct cprof_profile *cprof_profile_new(void) {
  struct cprof_profile *profile = calloc(1, sizeof *profile);
  if (profile && cprof_strings_init(&profile->strings) != CPROF_OK) {
    free(profile);
    return NULL;
  }
  return profile;
}

void cprof_profile_free(struct cprof_profile *profile) {
  if (!profile)
    return;
  cprof_strings_done(&profile->strings);
  free(profile->comments);
  free(profile->mappings);
  free(profile->functions);
  free(profile->lines);
  free(profile->locations);
  free(profile->location_ids);
  free(profile->labels);
  free(profile->samples);
  free(profile->values);
  free(profile);
}

size_t cprof_profile_bytes(const struct cprof_profile *profile) {
  return sizeof *profile + cprof_strings_bytes(&profile->strings) +
         profile->comment_capacity * sizeof *profile->comments +
         profile->mapping_capacity * sizeof *profile->mappings +
         profile->function_capacity * sizeof *profile->functions +
         profile->line_capacity * sizeof *profile->lines +
         profile->location_capacity * sizeof *profile->locations +
         profile->location_id_capacity * sizeof *profile->location_ids +
         profile->label_capacity * sizeof *profile->labels +
         profile->sample_capacity * sizeof *profile->samples +
         profile->value_capacity * sizeof *profile->values;
}

// ---- building ----

// Room for `extra` more items behind `count`.
static enum cprof_result reserve(void **items, uint32_t *capacity,
                                 uint32_t count, uint32_t extra,
                                 size_t item_size) {
  if (extra > UINT32_MAX - count)
    return CPROF_ELIMIT;
  return cprof_grow(items, capacity, count + extra, item_size);
}

#define RESERVE(profile, item, items, extra)                                   \
  reserve((void **)&(profile)->items, &(profile)->item##_capacity,             \
          (profile)->item##_count, extra, sizeof *(profile)->items)

static void give(uint32_t *id, uint32_t value) {
  if (id)
    *id = value;
}

// memcpy that allows NULL for nothing.
static void copy(void *to, const void *from, size_t count, size_t item_size) {
  if (count > 0)
    memcpy(to, from, count * item_size);
}

enum cprof_result cprof_profile_add_string(struct cprof_profile *profile,
                                           const char *bytes, size_t size,
                                           uint32_t *id) {
  uint32_t put;
  enum cprof_result result =
      cprof_strings_put(&profile->strings, bytes, size, &put);
  if (result == CPROF_OK)
    give(id, put);
  return result;
}

enum cprof_result cprof_profile_add_type(struct cprof_profile *profile,
                                         const char *type, const char *unit) {
  if (profile->sample_count > 0)
    return CPROF_ESTATE;
  if (profile->type_count == CPROF_TYPES_MAX)
    return CPROF_ELIMIT;
  struct cprof_value_type *to = &profile->types[profile->type_count];
  enum cprof_result result =
      cprof_profile_add_string(profile, type, strlen(type), &to->type);
  if (result == CPROF_OK)
    result = cprof_profile_add_string(profile, unit, strlen(unit), &to->unit);
  if (result == CPROF_OK)
    profile->type_count++;
  return result;
}

enum cprof_result cprof_profile_add_comment(struct cprof_profile *profile,
                                            const char *text) {
  enum cprof_result result = RESERVE(profile, comment, comments, 1);
  uint32_t id;
  if (result == CPROF_OK)
    result = cprof_profile_add_string(profile, text, strlen(text), &id);
  if (result == CPROF_OK)
    profile->comments[profile->comment_count++] = id;
  return result;
}

enum cprof_result cprof_profile_add_mapping(struct cprof_profile *profile,
                                            const struct cprof_mapping *mapping,
                                            uint32_t *id) {
  enum cprof_result result = RESERVE(profile, mapping, mappings, 1);
  if (result != CPROF_OK)
    return result;
  profile->mappings[profile->mapping_count++] = *mapping;
  give(id, profile->mapping_count);
  return CPROF_OK;
}

enum cprof_result
cprof_profile_add_function(struct cprof_profile *profile,
                           const struct cprof_function *function,
                           uint32_t *id) {
  enum cprof_result result = RESERVE(profile, function, functions, 1);
  if (result != CPROF_OK)
    return result;
  profile->functions[profile->function_count++] = *function;
  give(id, profile->function_count);
  return CPROF_OK;
}

enum cprof_result cprof_profile_add_location(
    struct cprof_profile *profile, const struct cprof_location *location,
    const struct cprof_line *lines, uint32_t line_count, uint32_t *id) {
  enum cprof_result result = RESERVE(profile, location, locations, 1);
  if (result == CPROF_OK)
    result = RESERVE(profile, line, lines, line_count);
  if (result != CPROF_OK)
    return result;
  struct cprof_location *to = &profile->locations[profile->location_count++];
  *to = *location;
  to->first_line = profile->line_count;
  to->line_count = line_count;
  copy(profile->lines + profile->line_count, lines, line_count, sizeof *lines);
  profile->line_count += line_count;
  give(id, profile->location_count);
  return CPROF_OK;
}

// Room in all four arrays that a sample has a part in.
static enum cprof_result
reserve_sample(struct cprof_profile *profile,
               const struct cprof_sample_parts *parts) {
  enum cprof_result result = RESERVE(profile, sample, samples, 1);
  if (result == CPROF_OK)
    result = RESERVE(profile, location_id, location_ids, parts->location_count);
  if (result == CPROF_OK)
    result = RESERVE(profile, label, labels, parts->label_count);
  if (result == CPROF_OK)
    result = RESERVE(profile, value, values, profile->type_count);
  return result;
}

enum cprof_result
cprof_profile_add_sample(struct cprof_profile *profile,
                         const struct cprof_sample_parts *parts) {
  enum cprof_result result = reserve_sample(profile, parts);
  if (result != CPROF_OK)
    return result;
  profile->samples[profile->sample_count++] = (struct cprof_psample){
      .first_location = profile->location_id_count,
      .location_count = parts->location_count,
      .first_label = profile->label_count,
      .label_count = parts->label_count,
  };
  copy(profile->location_ids + profile->location_id_count, parts->locations,
       parts->location_count, sizeof *parts->locations);
  copy(profile->labels + profile->label_count, parts->labels,
       parts->label_count, sizeof *parts->labels);
  copy(profile->values + profile->value_count, parts->values,
       profile->type_count, sizeof *parts->values);
  profile->location_id_count += parts->location_count;
  profile->label_count += parts->label_count;
  profile->value_count += profile->type_count;
  return CPROF_OK;
}

// ---- checking ----

// Each check_* returns whether all is well, and says in *why what is not.

static bool wrong(struct cprof_why *why, const char *kind, uint32_t index,
                  const char *what) {
  cprof_why_set(why, "%s %" PRIu64 " %s", kind, index + (uint64_t)1, what);
  return false;
}

static bool wrong_head(struct cprof_why *why, const char *what) {
  cprof_why_set(why, "%s", what);
  return false;
}

static bool is_string(const struct cprof_profile *profile, uint32_t id) {
  return id < profile->strings.count;
}

// Do `count` items from `first` on lie within `total`?
static bool is_run(uint32_t first, uint32_t count, uint32_t total) {
  return first <= total && count <= total - first;
}

static bool is_type(const struct cprof_profile *profile,
                    const struct cprof_value_type *type) {
  return is_string(profile, type->type) && is_string(profile, type->unit);
}

#define UNKNOWN_STRING "names an unknown string"

static bool check_head(const struct cprof_profile *profile,
                       struct cprof_why *why) {
  if (profile->strings.count == 0 || profile->strings.lengths[0] != 0)
    return wrong_head(why, "string 0 is not empty");
  if (profile->type_count > CPROF_TYPES_MAX)
    return wrong_head(why, "too many sample types");
  for (uint32_t i = 0; i < profile->type_count; i++)
    if (!is_type(profile, &profile->types[i]))
      return wrong(why, "sample type", i, UNKNOWN_STRING);
  for (uint32_t i = 0; i < profile->comment_count; i++)
    if (!is_string(profile, profile->comments[i]))
      return wrong(why, "comment", i, UNKNOWN_STRING);
  if (!is_type(profile, &profile->period_type) ||
      !is_string(profile, profile->drop_frames) ||
      !is_string(profile, profile->keep_frames) ||
      !is_string(profile, profile->default_sample_type) ||
      !is_string(profile, profile->doc_url))
    return wrong_head(why, "header " UNKNOWN_STRING);
  return true;
}

static bool check_objects(const struct cprof_profile *profile,
                          struct cprof_why *why) {
  for (uint32_t i = 0; i < profile->mapping_count; i++) {
    const struct cprof_mapping *mapping = &profile->mappings[i];
    if (!is_string(profile, mapping->filename) ||
        !is_string(profile, mapping->build_id))
      return wrong(why, "mapping", i, UNKNOWN_STRING);
  }
  for (uint32_t i = 0; i < profile->function_count; i++) {
    const struct cprof_function *function = &profile->functions[i];
    if (!is_string(profile, function->name) ||
        !is_string(profile, function->system_name) ||
        !is_string(profile, function->filename))
      return wrong(why, "function", i, UNKNOWN_STRING);
  }
  return true;
}

static bool check_places(const struct cprof_profile *profile,
                         struct cprof_why *why) {
  for (uint32_t i = 0; i < profile->location_count; i++) {
    const struct cprof_location *location = &profile->locations[i];
    if (location->mapping > profile->mapping_count)
      return wrong(why, "location", i, "names an unknown mapping");
    if (!is_run(location->first_line, location->line_count,
                profile->line_count))
      return wrong(why, "location", i, "names unknown lines");
  }
  for (uint32_t i = 0; i < profile->line_count; i++) {
    uint32_t function = profile->lines[i].function;
    if (function == 0 || function > profile->function_count)
      return wrong(why, "line", i, "names an unknown function");
  }
  return true;
}

static bool check_labels(const struct cprof_profile *profile,
                         struct cprof_why *why) {
  for (uint32_t i = 0; i < profile->label_count; i++) {
    const struct cprof_label *label = &profile->labels[i];
    if (!is_string(profile, label->key) || !is_string(profile, label->str) ||
        !is_string(profile, label->num_unit))
      return wrong(why, "label", i, UNKNOWN_STRING);
  }
  return true;
}

static bool check_samples(const struct cprof_profile *profile,
                          struct cprof_why *why) {
  if (profile->sample_count > 0 && profile->type_count == 0)
    return wrong_head(why, "samples without sample types");
  if (profile->value_count !=
      (uint64_t)profile->sample_count * profile->type_count)
    return wrong_head(why, "number of values does not match the sample types");
  for (uint32_t i = 0; i < profile->sample_count; i++) {
    const struct cprof_psample *sample = &profile->samples[i];
    if (!is_run(sample->first_location, sample->location_count,
                profile->location_id_count))
      return wrong(why, "sample", i, "names unknown locations");
    if (!is_run(sample->first_label, sample->label_count, profile->label_count))
      return wrong(why, "sample", i, "names unknown labels");
  }
  return true;
}

// The sample whose stack holds location id number `at`.
static uint32_t sample_of(const struct cprof_profile *profile, uint32_t at) {
  uint32_t i = 0;
  while (i < profile->sample_count &&
         (at < profile->samples[i].first_location ||
          at - profile->samples[i].first_location >=
              profile->samples[i].location_count))
    i++;
  return i;
}

static bool check_stacks(const struct cprof_profile *profile,
                         struct cprof_why *why) {
  for (uint32_t i = 0; i < profile->location_id_count; i++) {
    uint32_t id = profile->location_ids[i];
    if (id == 0 || id > profile->location_count)
      return wrong(why, "sample", sample_of(profile, i),
                   "names an unknown location");
  }
  return true;
}

enum cprof_result cprof_profile_check(const struct cprof_profile *profile,
                                      struct cprof_why *why) {
  static bool (*const checks[])(const struct cprof_profile *,
                                struct cprof_why *) = {
      check_head,   check_objects, check_places,
      check_labels, check_samples, check_stacks,
  };
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
    if (!checks[i](profile, why))
      return CPROF_EFORMAT;
  return CPROF_OK;
}

uint32_t cprof_profile_default_index(const struct cprof_profile *profile) {
  uint32_t wanted = profile->default_sample_type;
  for (uint32_t i = 0; wanted != 0 && i < profile->type_count; i++)
    if (profile->types[i].type == wanted)
      return i;
  return profile->type_count > 0 ? profile->type_count - 1 : 0;
}
