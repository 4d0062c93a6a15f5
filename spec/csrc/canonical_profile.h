// What a profile says, whatever the order of its entries: each stack spelled
// out as text with its labels, equal ones summed, none that are all 0. A naive
// recount, which knows nothing of ids: for the tests of merge and filter.
#ifndef CPROF_CANONICAL_PROFILE_H
#define CPROF_CANONICAL_PROFILE_H

#include "profile.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct canonical_row {
  char *text; // the stack and its labels
  int64_t values[CPROF_TYPES_MAX];
};

struct canonical {
  struct canonical_row *rows; // sorted by text
  uint32_t count, type_count;
};

// ---- text ----

__attribute__((format(printf, 2, 3))) static void say(struct cprof_buffer *text,
                                                      const char *format, ...) {
  char piece[200];
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(piece, sizeof piece, format, arguments);
  va_end(arguments);
  cprof_buffer_append(text, piece, (size_t)size);
}

// In hexadecimal: strings may hold anything.
static void say_string(struct cprof_buffer *text,
                       const struct cprof_profile *profile, uint32_t id) {
  size_t size;
  const char *bytes = cprof_strings_get(&profile->strings, id, &size);
  for (size_t i = 0; i < size; i++)
    say(text, "%02x", (unsigned char)bytes[i]);
  say(text, "'");
}

// pprof's notion of equal: size in pages, offset, build id or else file.
static void say_mapping(struct cprof_buffer *text,
                        const struct cprof_profile *profile, uint32_t id) {
  const struct cprof_mapping *mapping = &profile->mappings[id - 1];
  uint64_t size = mapping->memory_limit - mapping->memory_start + 4095;
  say(text, "M%" PRIx64 "+%" PRIx64, size & ~(uint64_t)4095,
      mapping->file_offset);
  say_string(text, profile,
             mapping->build_id ? mapping->build_id : mapping->filename);
}

static void say_line(struct cprof_buffer *text,
                     const struct cprof_profile *profile,
                     const struct cprof_line *line) {
  const struct cprof_function *function =
      &profile->functions[line->function - 1];
  say(text, "F%" PRId64 ":%" PRId64 ":%" PRId64, function->start_line,
      line->line, line->column);
  say_string(text, profile, function->name);
  say_string(text, profile, function->system_name);
  say_string(text, profile, function->filename);
}

static void say_location(struct cprof_buffer *text,
                         const struct cprof_profile *profile, uint32_t id) {
  const struct cprof_location *location = &profile->locations[id - 1];
  uint64_t address = location->address;
  if (location->mapping != 0) {
    say_mapping(text, profile, location->mapping);
    address -= profile->mappings[location->mapping - 1].memory_start;
  }
  say(text, "@%" PRIx64 "%s", address, location->is_folded ? "folded" : "");
  for (uint32_t i = 0; i < location->line_count; i++)
    say_line(text, profile, &profile->lines[location->first_line + i]);
  say(text, ";");
}

// ---- labels ----

struct label_text {
  struct cprof_buffer key, value;
  uint32_t position;
};

static int compare_label(const void *a, const void *b) {
  const struct label_text *x = a, *y = b;
  int order = strcmp((char *)x->key.bytes, (char *)y->key.bytes);
  return order ? order : (x->position > y->position) * 2 - 1;
}

static struct label_text spell_label(const struct cprof_profile *profile,
                                     const struct cprof_label *label,
                                     uint32_t position) {
  struct label_text text = {.position = position};
  say(&text.key, label->str ? "T" : "N");
  say_string(&text.key, profile, label->key);
  cprof_buffer_append(&text.key, "", 1);
  if (label->str)
    say_string(&text.value, profile, label->str);
  else
    say(&text.value, "%" PRId64, label->num);
  if (!label->str)
    say_string(&text.value, profile, label->num_unit);
  return text;
}

// By key; those of one key in their order.
static void say_labels(struct cprof_buffer *text,
                       const struct cprof_profile *profile,
                       const struct cprof_psample *sample) {
  struct label_text *labels = calloc(sample->label_count + 1, sizeof *labels);
  uint32_t count = 0;
  for (uint32_t i = 0; i < sample->label_count; i++) {
    const struct cprof_label *label = &profile->labels[sample->first_label + i];
    if (label->str || label->num || label->num_unit)
      labels[count++] = spell_label(profile, label, i);
  }
  qsort(labels, count, sizeof *labels, compare_label);
  for (uint32_t i = 0; i < count; i++) {
    say(text, " %s=", (char *)labels[i].key.bytes);
    cprof_buffer_append(text, labels[i].value.bytes, labels[i].value.size);
    cprof_buffer_done(&labels[i].key);
    cprof_buffer_done(&labels[i].value);
  }
  free(labels);
}

// ---- rows ----

static char *spell_sample(const struct cprof_profile *profile, uint32_t index) {
  const struct cprof_psample *sample = &profile->samples[index];
  struct cprof_buffer text = {0};
  for (uint32_t i = 0; i < sample->location_count; i++)
    say_location(&text, profile,
                 profile->location_ids[sample->first_location + i]);
  say_labels(&text, profile, sample);
  cprof_buffer_append(&text, "", 1);
  return (char *)text.bytes;
}

static int compare_row(const void *a, const void *b) {
  return strcmp(((const struct canonical_row *)a)->text,
                ((const struct canonical_row *)b)->text);
}

static bool is_zero_row(const struct canonical_row *row) {
  for (uint32_t i = 0; i < CPROF_TYPES_MAX; i++)
    if (row->values[i] != 0)
      return false;
  return true;
}

// Sums what is equal, drops what is 0; rows are sorted.
static void canonical_sum(struct canonical *all) {
  uint32_t kept = 0;
  for (uint32_t i = 0, end; i < all->count; i = end) {
    struct canonical_row sum = all->rows[i];
    for (end = i + 1;
         end < all->count && strcmp(all->rows[end].text, sum.text) == 0;
         end++) {
      for (uint32_t j = 0; j < all->type_count; j++)
        sum.values[j] = (int64_t)((uint64_t)sum.values[j] +
                                  (uint64_t)all->rows[end].values[j]);
      free(all->rows[end].text);
    }
    if (is_zero_row(&sum))
      free(sum.text);
    else
      all->rows[kept++] = sum;
  }
  all->count = kept;
}

// What several profiles of the same types say together, each times +1 or -1;
// canonical_done frees it.
static struct canonical
canonical_of(const struct cprof_profile *const *profiles, const int *signs,
             uint32_t count) {
  struct canonical all = {.type_count = profiles[0]->type_count};
  for (uint32_t i = 0; i < count; i++)
    all.count += profiles[i]->sample_count;
  all.rows = calloc(all.count + 1, sizeof *all.rows);
  struct canonical_row *row = all.rows;
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t j = 0; j < profiles[i]->sample_count; j++, row++) {
      row->text = spell_sample(profiles[i], j);
      for (uint32_t k = 0; k < all.type_count; k++) {
        uint64_t value = (uint64_t)profiles[i]->values[j * all.type_count + k];
        row->values[k] = (int64_t)(signs[i] < 0 ? 0 - value : value);
      }
    }
  qsort(all.rows, all.count, sizeof *all.rows, compare_row);
  canonical_sum(&all);
  return all;
}

static void canonical_done(struct canonical *all) {
  for (uint32_t i = 0; i < all->count; i++)
    free(all->rows[i].text);
  free(all->rows);
}

static bool canonical_same(const struct canonical *a,
                           const struct canonical *b) {
  if (a->count != b->count || a->type_count != b->type_count)
    return false;
  for (uint32_t i = 0; i < a->count; i++)
    if (strcmp(a->rows[i].text, b->rows[i].text) != 0 ||
        memcmp(a->rows[i].values, b->rows[i].values,
               sizeof a->rows[i].values) != 0)
      return false;
  return true;
}

// Does `profile` say what these say together?
static inline bool canonical_is(const struct cprof_profile *profile,
                                const struct cprof_profile *const *parts,
                                const int *signs, uint32_t count) {
  const int one = 1;
  struct canonical got = canonical_of(&profile, &one, 1);
  struct canonical wanted = canonical_of(parts, signs, count);
  bool is_same = canonical_same(&got, &wanted);
  canonical_done(&got);
  canonical_done(&wanted);
  return is_same;
}

#endif
