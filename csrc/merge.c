// One profile out of the samples of others: values, labels, samples, the head.
// Frames and strings go through merge_map. Time grows with the sources' sizes
// and with nothing else. See merge.h.
#include "merge.h"

#include "merge_map.h"
#include <stdlib.h>
#include <string.h>

// ---- types ----

struct cprof_merge {
  struct cprof_profile *to;             // the result; NULL once it is taken
  struct cprof_merge_source source;     // the one whose samples come
  uint32_t source_count;                // begun so far
  bool has_comments;                    // of its own: sources add none
  struct cprof_merge_map map;           // from it to the result
  struct cprof_table comments, samples; // of the result, by what they are
  // The sample at work, in ids of the result.
  uint32_t *stack;
  struct cprof_label *labels, *labels_spare;
  uint32_t stack_capacity, label_capacity, spare_capacity;
};

// ---- numbers ----

// Half is rounded away from zero, as by C's round, which needs libm.
static int64_t round_clamped(double number) {
  if (number != number)
    return 0;
  if (number >= 0x1p63)
    return INT64_MAX;
  if (number <= -0x1p63)
    return INT64_MIN;
  int64_t whole = (int64_t)number;
  double rest = number - (double)whole;
  return whole + (rest >= 0.5) - (rest <= -0.5);
}

static int64_t scale(int64_t value, double ratio) {
  if (ratio == 1)
    return value;
  if (ratio == -1)
    return (int64_t)(0 - (uint64_t)value);
  return round_clamped((double)value * ratio);
}

// ---- life ----

static enum cprof_result put_text(struct cprof_merge *merge,
                                  const struct cprof_merge_text *text,
                                  uint32_t *id) {
  return cprof_profile_add_string(merge->to, text->bytes, text->size, id);
}

static enum cprof_result put_type(struct cprof_merge *merge,
                                  const struct cprof_merge_type *type,
                                  struct cprof_value_type *to) {
  enum cprof_result result = put_text(merge, &type->type, &to->type);
  return result == CPROF_OK ? put_text(merge, &type->unit, &to->unit) : result;
}

static enum cprof_result put_head(struct cprof_merge *merge,
                                  const struct cprof_merge_head *head) {
  struct cprof_profile *to = merge->to;
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = 0; result == CPROF_OK && i < head->type_count; i++)
    result = put_type(merge, &head->types[i], &to->types[i]);
  to->type_count = head->type_count;
  return result == CPROF_OK
             ? put_type(merge, &head->period_type, &to->period_type)
             : result;
}

enum cprof_result cprof_merge_new(const struct cprof_merge_head *head,
                                  struct cprof_merge **merge) {
  *merge = calloc(1, sizeof **merge);
  if (!*merge)
    return CPROF_ENOMEM;
  (*merge)->to = (*merge)->map.to = cprof_profile_new();
  (*merge)->has_comments = head->has_comments;
  enum cprof_result result =
      (*merge)->to ? put_head(*merge, head) : CPROF_ENOMEM;
  if (result == CPROF_OK)
    return CPROF_OK;
  cprof_merge_free(*merge);
  *merge = NULL;
  return result;
}

void cprof_merge_free(struct cprof_merge *merge) {
  if (!merge)
    return;
  cprof_profile_free(merge->to);
  cprof_merge_map_done(&merge->map);
  cprof_table_done(&merge->comments);
  cprof_table_done(&merge->samples);
  free(merge->stack);
  free(merge->labels);
  free(merge->labels_spare);
  free(merge);
}

static struct cprof_merge_text text_of(const struct cprof_profile *profile,
                                       uint32_t string) {
  struct cprof_merge_text text;
  text.bytes = cprof_strings_get(&profile->strings, string, &text.size);
  return text;
}

static struct cprof_merge_type type_of(const struct cprof_profile *profile,
                                       const struct cprof_value_type *type) {
  return (struct cprof_merge_type){
      .type = text_of(profile, type->type),
      .unit = text_of(profile, type->unit),
  };
}

void cprof_merge_head_of(const struct cprof_profile *profile,
                         struct cprof_merge_head *head) {
  head->type_count = profile->type_count;
  head->has_comments = false;
  for (uint32_t i = 0; i < profile->type_count; i++)
    head->types[i] = type_of(profile, &profile->types[i]);
  head->period_type = type_of(profile, &profile->period_type);
}

void cprof_merge_source_of(const struct cprof_profile *profile,
                           struct cprof_merge_source *source) {
  *source = (struct cprof_merge_source){
      .profile = profile,
      .period_ratio = 1,
  };
  for (uint32_t i = 0; i < CPROF_TYPES_MAX; i++) {
    source->columns[i] = i;
    source->ratios[i] = 1;
  }
}

// ---- labels ----

// A text has neither number nor unit.
static enum cprof_result map_label(struct cprof_merge *merge,
                                   const struct cprof_label *from,
                                   struct cprof_label *to) {
  *to = *from;
  if (from->str != 0) {
    to->num = 0;
    to->num_unit = 0;
  }
  uint32_t *const strings[] = {&to->key, &to->str, &to->num_unit};
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = 0; result == CPROF_OK && i < 3; i++)
    result = cprof_merge_map_string(&merge->map, *strings[i], strings[i]);
  return result;
}

// Texts first, then numbers, each by key.
static bool is_before(const struct cprof_label *a,
                      const struct cprof_label *b) {
  bool a_is_number = a->str == 0, b_is_number = b->str == 0;
  return a_is_number != b_is_number ? b_is_number : a->key < b->key;
}

static bool is_sorted(const struct cprof_label *labels, uint32_t count) {
  for (uint32_t i = 1; i < count; i++)
    if (is_before(&labels[i], &labels[i - 1]))
      return false;
  return true;
}

// Joins two sorted runs, [0, half) and [half, count), in *to; equals keep
// their order.
static void join_runs(const struct cprof_label *from, uint32_t half,
                      uint32_t count, struct cprof_label *to) {
  uint32_t a = 0, b = half;
  for (uint32_t i = 0; i < count; i++) {
    bool is_b = a == half || (b < count && is_before(&from[b], &from[a]));
    to[i] = is_b ? from[b++] : from[a++];
  }
}

static void swap_labels(struct cprof_merge *merge) {
  struct cprof_label *labels = merge->labels;
  uint32_t capacity = merge->label_capacity;
  merge->labels = merge->labels_spare;
  merge->label_capacity = merge->spare_capacity;
  merge->labels_spare = labels;
  merge->spare_capacity = capacity;
}

static uint32_t min(uint32_t a, uint32_t b) { return a < b ? a : b; }

// A stable sort of merge->labels.
static enum cprof_result sort_labels(struct cprof_merge *merge,
                                     uint32_t count) {
  if (is_sorted(merge->labels, count))
    return CPROF_OK;
  enum cprof_result result =
      cprof_grow((void **)&merge->labels_spare, &merge->spare_capacity, count,
                 sizeof *merge->labels_spare);
  if (result != CPROF_OK)
    return result;
  for (uint64_t run = 1; run < count; run *= 2) {
    for (uint64_t at = 0; at < count; at += run * 2) {
      uint32_t left = count - (uint32_t)at;
      join_runs(merge->labels + at, min((uint32_t)run, left),
                (uint32_t)(run * 2 < left ? run * 2 : left),
                merge->labels_spare + at);
    }
    swap_labels(merge);
  }
  return CPROF_OK;
}

// The base's label takes the place of what its key had.
static enum cprof_result add_base(struct cprof_merge *merge, uint32_t *count) {
  struct cprof_label base = {0};
  const struct cprof_merge_text key = {CPROF_BASE_KEY,
                                       sizeof CPROF_BASE_KEY - 1};
  const struct cprof_merge_text value = {CPROF_BASE_VALUE,
                                         sizeof CPROF_BASE_VALUE - 1};
  enum cprof_result result = put_text(merge, &key, &base.key);
  if (result == CPROF_OK)
    result = put_text(merge, &value, &base.str);
  if (result != CPROF_OK)
    return result;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < *count; i++)
    if (merge->labels[i].key != base.key || merge->labels[i].str == 0)
      merge->labels[kept++] = merge->labels[i];
  merge->labels[kept++] = base;
  *count = kept;
  return CPROF_OK;
}

// Fills merge->labels, sorted.
static enum cprof_result map_labels(struct cprof_merge *merge,
                                    const struct cprof_sample_parts *parts,
                                    uint32_t *count) {
  *count = 0;
  if (parts->label_count == 0 && !merge->source.is_base)
    return CPROF_OK;
  if (parts->label_count == UINT32_MAX)
    return CPROF_ELIMIT;
  enum cprof_result result =
      cprof_grow((void **)&merge->labels, &merge->label_capacity,
                 parts->label_count + 1, sizeof *merge->labels);
  for (uint32_t i = 0; result == CPROF_OK && i < parts->label_count; i++)
    if (!cprof_label_is_void(&parts->labels[i]))
      result = map_label(merge, &parts->labels[i], &merge->labels[(*count)++]);
  if (result == CPROF_OK && merge->source.is_base)
    result = add_base(merge, count);
  return result == CPROF_OK ? sort_labels(merge, *count) : result;
}

// ---- samples ----

static bool same_label(const struct cprof_label *a,
                       const struct cprof_label *b) {
  return a->key == b->key && a->str == b->str && a->num == b->num &&
         a->num_unit == b->num_unit;
}

static bool same_sample(const void *owner, uint32_t index, const void *key) {
  const struct cprof_profile *to = ((const struct cprof_merge *)owner)->to;
  const struct cprof_psample *a = &to->samples[index];
  const struct cprof_sample_parts *b = key;
  if (a->location_count != b->location_count ||
      a->label_count != b->label_count)
    return false;
  if (a->location_count > 0 &&
      memcmp(to->location_ids + a->first_location, b->locations,
             a->location_count * sizeof *b->locations) != 0)
    return false;
  for (uint32_t i = 0; i < a->label_count; i++)
    if (!same_label(&to->labels[a->first_label + i], &b->labels[i]))
      return false;
  return true;
}

static uint64_t hash_sample(const struct cprof_sample_parts *parts) {
  uint64_t hash = cprof_hash(
      parts->locations, parts->location_count * sizeof *parts->locations, 0);
  for (uint32_t i = 0; i < parts->label_count; i++) {
    const struct cprof_label *label = &parts->labels[i];
    uint64_t words[] = {label->key, label->str, (uint64_t)label->num,
                        label->num_unit};
    hash = cprof_hash(words, sizeof words, hash);
  }
  return hash;
}

// The result's values of a sample; false when they are all 0.
static bool map_values(const struct cprof_merge *merge, const int64_t *from,
                       int64_t *to) {
  const struct cprof_merge_source *source = &merge->source;
  bool is_any = false;
  for (uint32_t i = 0; i < merge->to->type_count; i++) {
    to[i] = scale(from[source->columns[i]], source->ratios[i]);
    is_any = is_any || to[i] != 0;
  }
  return is_any;
}

// Adds a sample whose ids are the result's.
static enum cprof_result put_sample(struct cprof_merge *merge,
                                    const struct cprof_sample_parts *parts) {
  struct cprof_profile *to = merge->to;
  uint64_t hash = hash_sample(parts);
  uint32_t index;
  if (cprof_table_find(&merge->samples, hash, same_sample, merge, parts,
                       &index)) {
    int64_t *values = to->values + (size_t)index * to->type_count;
    for (uint32_t i = 0; i < to->type_count; i++)
      values[i] = cprof_add_wrapping(values[i], parts->values[i]);
    return CPROF_OK;
  }
  enum cprof_result result = cprof_profile_add_sample(to, parts);
  if (result != CPROF_OK)
    return result;
  return cprof_table_add(&merge->samples, hash, to->sample_count - 1);
}

enum cprof_result cprof_merge_sample(struct cprof_merge *merge,
                                     const struct cprof_sample_parts *parts) {
  int64_t values[CPROF_TYPES_MAX];
  if (!map_values(merge, parts->values, values))
    return CPROF_OK;
  enum cprof_result result =
      cprof_grow((void **)&merge->stack, &merge->stack_capacity,
                 parts->location_count, sizeof *merge->stack);
  if (result == CPROF_OK)
    result = cprof_merge_map_stack(&merge->map, parts->locations,
                                   parts->location_count, merge->stack);
  uint32_t label_count;
  if (result == CPROF_OK)
    result = map_labels(merge, parts, &label_count);
  if (result != CPROF_OK)
    return result;
  struct cprof_sample_parts mapped = {
      .locations = merge->stack,
      .location_count = parts->location_count,
      .labels = merge->labels,
      .label_count = label_count,
      .values = values,
  };
  return put_sample(merge, &mapped);
}

enum cprof_result cprof_merge_samples(struct cprof_merge *merge) {
  const struct cprof_profile *from = merge->source.profile;
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = 0; result == CPROF_OK && i < from->sample_count; i++) {
    const struct cprof_psample *sample = &from->samples[i];
    struct cprof_sample_parts parts = {
        .locations = from->location_ids + sample->first_location,
        .location_count = sample->location_count,
        .labels = from->labels + sample->first_label,
        .label_count = sample->label_count,
        .values = from->values + (size_t)i * from->type_count,
    };
    result = cprof_merge_sample(merge, &parts);
  }
  return result;
}

// ---- sources ----

static bool same_comment(const void *owner, uint32_t index, const void *key) {
  const struct cprof_merge *merge = owner;
  return merge->to->comments[index] == *(const uint32_t *)key;
}

// Adds a comment, a string of the result, unless it is there.
static enum cprof_result put_comment(struct cprof_merge *merge, uint32_t text) {
  struct cprof_profile *to = merge->to;
  uint64_t hash = cprof_hash(&text, sizeof text, 0);
  uint32_t index;
  if (cprof_table_find(&merge->comments, hash, same_comment, merge, &text,
                       &index))
    return CPROF_OK;
  if (to->comment_count == UINT32_MAX)
    return CPROF_ELIMIT;
  enum cprof_result result =
      cprof_grow((void **)&to->comments, &to->comment_capacity,
                 to->comment_count + 1, sizeof *to->comments);
  if (result == CPROF_OK)
    result = cprof_table_add(&merge->comments, hash, to->comment_count);
  if (result == CPROF_OK)
    to->comments[to->comment_count++] = text;
  return result;
}

enum cprof_result cprof_merge_comment(struct cprof_merge *merge,
                                      const struct cprof_merge_text *text) {
  uint32_t id;
  enum cprof_result result = put_text(merge, text, &id);
  return result == CPROF_OK ? put_comment(merge, id) : result;
}

static enum cprof_result merge_comments(struct cprof_merge *merge) {
  const struct cprof_profile *from = merge->source.profile;
  enum cprof_result result = CPROF_OK;
  if (merge->has_comments)
    return CPROF_OK;
  for (uint32_t i = 0; result == CPROF_OK && i < from->comment_count; i++) {
    uint32_t text;
    result = cprof_merge_map_string(&merge->map, from->comments[i], &text);
    if (result == CPROF_OK)
      result = put_comment(merge, text);
  }
  return result;
}

static void merge_numbers(struct cprof_merge *merge) {
  const struct cprof_profile *from = merge->source.profile;
  struct cprof_profile *to = merge->to;
  if (from->time_nanos != 0 &&
      (to->time_nanos == 0 || from->time_nanos < to->time_nanos))
    to->time_nanos = from->time_nanos;
  to->duration_nanos =
      cprof_add_wrapping(to->duration_nanos, from->duration_nanos);
  int64_t period = scale(from->period, merge->source.period_ratio);
  if (to->period == 0 || to->period < period)
    to->period = period;
}

// Are the source's columns the result's, all of them in their places?
static bool is_whole(const struct cprof_merge *merge) {
  if (merge->source.profile->type_count != merge->to->type_count)
    return false;
  for (uint32_t i = 0; i < merge->to->type_count; i++)
    if (merge->source.columns[i] != i)
      return false;
  return true;
}

// The source's default sample type, as a string of the result.
static enum cprof_result map_default(struct cprof_merge *merge, uint32_t *id) {
  const struct cprof_profile *to = merge->to;
  enum cprof_result result = cprof_merge_map_string(
      &merge->map, merge->source.profile->default_sample_type, id);
  if (result != CPROF_OK || to->type_count == 0 || is_whole(merge))
    return result;
  for (uint32_t i = 0; i < to->type_count; i++)
    if (to->types[i].type == *id)
      return CPROF_OK;
  *id = to->types[0].type;
  return CPROF_OK;
}

// Strings of the head, each from the first source that has it.
static enum cprof_result merge_texts(struct cprof_merge *merge) {
  const struct cprof_profile *from = merge->source.profile;
  struct cprof_profile *to = merge->to;
  enum cprof_result result = CPROF_OK;
  if (to->default_sample_type == 0)
    result = map_default(merge, &to->default_sample_type);
  if (result == CPROF_OK && to->doc_url == 0)
    result = cprof_merge_map_string(&merge->map, from->doc_url, &to->doc_url);
  if (result != CPROF_OK || merge->source_count > 0)
    return result;
  result =
      cprof_merge_map_string(&merge->map, from->drop_frames, &to->drop_frames);
  if (result == CPROF_OK)
    result = cprof_merge_map_string(&merge->map, from->keep_frames,
                                    &to->keep_frames);
  return result;
}

// The first mapping is the main program: it comes first whatever the samples
// use.
static enum cprof_result merge_main(struct cprof_merge *merge) {
  uint32_t id;
  if (merge->to->mapping_count > 0 || merge->source.profile->mapping_count == 0)
    return CPROF_OK;
  return cprof_merge_map_mapping(&merge->map, 1, &id);
}

enum cprof_result cprof_merge_begin(struct cprof_merge *merge,
                                    const struct cprof_merge_source *source) {
  merge->source = *source;
  enum cprof_result result =
      cprof_merge_map_begin(&merge->map, source->profile);
  if (result == CPROF_OK)
    result = merge_texts(merge);
  if (result == CPROF_OK)
    result = merge_comments(merge);
  if (result == CPROF_OK)
    result = merge_main(merge);
  if (result != CPROF_OK)
    return result;
  merge_numbers(merge);
  merge->source_count++;
  return CPROF_OK;
}

// ---- the result ----

static bool has_zero_sample(const struct cprof_profile *profile) {
  const int64_t *values = profile->values;
  for (uint32_t i = 0; i < profile->sample_count; i++) {
    bool is_any = false;
    for (uint32_t j = 0; j < profile->type_count; j++)
      is_any = is_any || *values++ != 0;
    if (!is_any)
      return true;
  }
  return false;
}

// A copy without samples that are all 0 and what only they used.
static enum cprof_result compact(const struct cprof_profile *profile,
                                 struct cprof_profile **compacted) {
  struct cprof_merge_head head;
  struct cprof_merge_source source;
  struct cprof_merge *merge;
  cprof_merge_head_of(profile, &head);
  cprof_merge_source_of(profile, &source);
  enum cprof_result result = cprof_merge_new(&head, &merge);
  if (result != CPROF_OK)
    return result;
  result = cprof_merge_begin(merge, &source);
  if (result == CPROF_OK)
    result = cprof_merge_samples(merge);
  if (result == CPROF_OK) {
    *compacted = merge->to;
    merge->to = NULL;
  }
  cprof_merge_free(merge);
  return result;
}

enum cprof_result cprof_merge_finish(struct cprof_merge *merge,
                                     struct cprof_profile **profile) {
  if (has_zero_sample(merge->to))
    return compact(merge->to, profile);
  *profile = merge->to;
  merge->to = NULL;
  return CPROF_OK;
}
