// Sums per node and the total. Called by the edge; only reads the profile.
// See rows.h.
#include "rows.h"

#include <stdlib.h>
#include <string.h>

// ---- rows ----

struct tally {
  const struct cprof_nodes *nodes;
  struct cprof_row *rows;
  uint32_t sample; // the one that is counted, + 1
  int64_t value;
  double variance;
};

// Adds the sample to the row, once however often it occurs in it.
static inline void count_row(const struct tally *tally, uint32_t node) {
  struct cprof_row *row = &tally->rows[node];
  if (row->seen == tally->sample) // a recursion
    return;
  row->seen = tally->sample;
  row->cum = cprof_add_wrapping(row->cum, tally->value);
  row->cum_variance += tally->variance;
}

static void count_sample(const struct tally *tally) {
  const struct cprof_profile *profile = tally->nodes->profile;
  const struct cprof_psample *sample = &profile->samples[tally->sample - 1];
  const uint32_t *ids = profile->location_ids + sample->first_location;
  const uint32_t *first_of = tally->nodes->first_of;
  const uint32_t *node_of = tally->nodes->node_of;
  if (sample->location_count == 0)
    return;
  for (uint32_t i = 0; i < sample->location_count; i++) {
    uint32_t end = first_of[ids[i]];
    for (uint32_t at = first_of[ids[i] - 1]; at < end; at++)
      count_row(tally, node_of[at]);
  }
  struct cprof_row *leaf = &tally->rows[node_of[first_of[ids[0] - 1]]];
  leaf->flat = cprof_add_wrapping(leaf->flat, tally->value);
  leaf->flat_variance += tally->variance;
}

enum cprof_result cprof_rows_count(const struct cprof_nodes *nodes,
                                   uint32_t value_index, bool has_variances,
                                   struct cprof_rows *rows) {
  const struct cprof_profile *profile = nodes->profile;
  *rows = (struct cprof_rows){0};
  if (value_index >= profile->type_count)
    return CPROF_ERANGE;
  rows->rows = calloc(nodes->count + (size_t)1, sizeof *rows->rows);
  if (!rows->rows)
    return CPROF_ENOMEM;
  rows->count = nodes->count;
  struct cprof_noise noise = {.kind = CPROF_NOISE_NONE};
  if (has_variances)
    noise = cprof_noise_of(profile, value_index);
  rows->noise = noise.kind;
  struct tally tally = {.nodes = nodes, .rows = rows->rows};
  for (uint32_t i = 0; i < profile->sample_count; i++) {
    const int64_t *values = profile->values + (size_t)i * profile->type_count;
    tally.sample = i + 1;
    tally.value = values[value_index];
    if (tally.value == 0) // makes no rows, as in pprof
      continue;
    tally.variance = cprof_noise_variance(&noise, values);
    count_sample(&tally);
  }
  return CPROF_OK;
}

void cprof_rows_done(struct cprof_rows *rows) {
  free(rows->rows);
  *rows = (struct cprof_rows){0};
}

// ---- total ----

// The id of a text, 0 when the profile does not have it.
static uint32_t find_string(const struct cprof_profile *profile,
                            const char *text) {
  size_t want = strlen(text);
  for (uint32_t i = 1; i < profile->strings.count; i++) {
    size_t size;
    const char *bytes = cprof_strings_get(&profile->strings, i, &size);
    if (size == want && memcmp(bytes, text, size) == 0)
      return i;
  }
  return 0;
}

static bool has_label(const struct cprof_profile *profile,
                      const struct cprof_psample *sample, uint32_t key,
                      uint32_t str) {
  const struct cprof_label *labels = profile->labels + sample->first_label;
  for (uint32_t i = 0; i < sample->label_count; i++)
    if (labels[i].key == key && labels[i].str == str)
      return true;
  return false;
}

int64_t cprof_rows_total(const struct cprof_profile *profile,
                         uint32_t value_index) {
  uint32_t key = 0, str = 0;
  if (profile->label_count > 0)
    key = find_string(profile, CPROF_BASE_KEY);
  if (key != 0)
    str = find_string(profile, CPROF_BASE_VALUE);
  int64_t total = 0, base = 0;
  for (uint32_t i = 0; i < profile->sample_count; i++) {
    int64_t value = cprof_magnitude(cprof_value_of(profile, i, value_index));
    total = cprof_add_wrapping(total, value);
    if (str != 0 && has_label(profile, &profile->samples[i], key, str))
      base = cprof_add_wrapping(base, value);
  }
  return base > 0 ? base : total;
}
