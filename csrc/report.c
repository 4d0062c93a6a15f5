// What people read of a profile, as data: rows and folded stacks. Called by
// the edge; only reads the profile. See report.h.
#include "report.h"

#include "table.h"
#include <inttypes.h>
#include <stdio.h> // snprintf
#include <stdlib.h>
#include <string.h>

#define ADDRESS_BYTES 24 // "0x" + 16 digits + NUL, or ":" + a line number
#define NO_STACK "[no stack]"

// Sums wrap instead of being undefined: files may hold any numbers.
static int64_t add(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t magnitude(int64_t a) { return a < 0 ? add(~a, 1) : a; }

static int64_t value_of(const struct cprof_profile *profile, uint32_t sample,
                        uint32_t value_index) {
  return profile->values[(size_t)sample * profile->type_count + value_index];
}

// ---- frames ----

// One frame of a stack: a line, or a location without any.
struct place {
  const struct cprof_location *location;
  const struct cprof_function *function; // NULL: only an address
};

// Frames that a location stands for: its inlined lines, else itself.
static uint32_t frame_count(const struct cprof_location *location) {
  return location->line_count > 0 ? location->line_count : 1;
}

// Frame `index` of a location, 0 is the innermost.
static struct place frame_at(const struct cprof_profile *profile,
                             const struct cprof_location *location,
                             uint32_t index) {
  struct place place = {.location = location};
  if (location->line_count == 0)
    return place;
  const struct cprof_line *line = &profile->lines[location->first_line + index];
  place.function = &profile->functions[line->function - 1];
  return place;
}

// ---- rows ----

struct tally {
  const struct cprof_profile *profile;
  struct cprof_rows rows;
  uint32_t row_capacity;
  struct cprof_table table; // of rows, by what they are
  uint32_t *row_of;         // of each function: row + 1, or 0
  uint32_t *seen;           // of each row: the last sample + 1 that has it
  uint32_t seen_capacity;
};

// Functions of one name are one row; those without a name, and addresses,
// are told apart by file and line.
static bool same_row(const void *owner, uint32_t id, const void *key) {
  const struct cprof_row *a = &((const struct tally *)owner)->rows.rows[id];
  const struct cprof_row *b = key;
  if (a->name != b->name)
    return false;
  return a->name != 0 ||
         (a->filename == b->filename && a->start_line == b->start_line);
}

static uint64_t hash_row(const struct cprof_row *row) {
  uint64_t parts[3] = {row->name, 0, 0};
  if (row->name == 0) {
    parts[1] = row->filename;
    parts[2] = (uint64_t)row->start_line;
  }
  return cprof_hash(parts, sizeof parts, 0);
}

// The index of the row like `row`, added when new.
static enum cprof_result
intern_row(struct tally *tally, const struct cprof_row *row, uint32_t *index) {
  uint64_t hash = hash_row(row);
  if (cprof_table_find(&tally->table, hash, same_row, tally, row, index))
    return CPROF_OK;
  uint32_t count = tally->rows.count;
  enum cprof_result result =
      cprof_grow((void **)&tally->rows.rows, &tally->row_capacity, count + 1,
                 sizeof *tally->rows.rows);
  if (result == CPROF_OK)
    result = cprof_grow((void **)&tally->seen, &tally->seen_capacity, count + 1,
                        sizeof *tally->seen);
  if (result == CPROF_OK)
    result = cprof_table_add(&tally->table, hash, count);
  if (result != CPROF_OK)
    return result;
  tally->rows.rows[count] = *row;
  tally->seen[count] = 0;
  tally->rows.count = count + 1;
  *index = count;
  return CPROF_OK;
}

static enum cprof_result row_of_function(struct tally *tally,
                                         const struct cprof_function *function,
                                         uint32_t *index) {
  uint32_t *known = &tally->row_of[function - tally->profile->functions];
  if (*known == 0) {
    struct cprof_row row = {.name = function->name,
                            .filename = function->filename,
                            .start_line = function->start_line};
    enum cprof_result result = intern_row(tally, &row, index);
    if (result != CPROF_OK)
      return result;
    *known = *index + 1;
  }
  *index = *known - 1;
  return CPROF_OK;
}

static enum cprof_result
row_of_place(struct tally *tally, const struct place *place, uint32_t *index) {
  if (place->function)
    return row_of_function(tally, place->function, index);
  struct cprof_row row = {.start_line = (int64_t)place->location->address};
  return intern_row(tally, &row, index);
}

// Adds the value to every function of the location.
static enum cprof_result count_location(struct tally *tally, uint32_t id,
                                        uint32_t sample, int64_t value,
                                        bool is_leaf) {
  const struct cprof_location *location = &tally->profile->locations[id - 1];
  for (uint32_t i = 0; i < frame_count(location); i++) {
    struct place place = frame_at(tally->profile, location, i);
    uint32_t index;
    enum cprof_result result = row_of_place(tally, &place, &index);
    if (result != CPROF_OK)
      return result;
    struct cprof_row *row = &tally->rows.rows[index];
    if (is_leaf && i == 0)
      row->flat = add(row->flat, value);
    if (tally->seen[index] != sample + 1) // once in a recursion
      row->cum = add(row->cum, value);
    tally->seen[index] = sample + 1;
  }
  return CPROF_OK;
}

static enum cprof_result count_sample(struct tally *tally, uint32_t sample,
                                      int64_t value) {
  if (value == 0) // makes no rows, as in pprof
    return CPROF_OK;
  const struct cprof_psample *stack = &tally->profile->samples[sample];
  const uint32_t *ids = tally->profile->location_ids + stack->first_location;
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = 0; i < stack->location_count && result == CPROF_OK; i++)
    result = count_location(tally, ids[i], sample, value, i == 0);
  tally->rows.total = add(tally->rows.total, magnitude(value));
  return result;
}

static enum cprof_result count_samples(struct tally *tally,
                                       uint32_t value_index) {
  const struct cprof_profile *profile = tally->profile;
  tally->row_of = calloc(profile->function_count + 1u, sizeof *tally->row_of);
  if (!tally->row_of)
    return CPROF_ENOMEM;
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = 0; i < profile->sample_count && result == CPROF_OK; i++)
    result = count_sample(tally, i, value_of(profile, i, value_index));
  return result;
}

enum cprof_result cprof_report_rows(const struct cprof_profile *profile,
                                    uint32_t value_index,
                                    struct cprof_rows *rows) {
  *rows = (struct cprof_rows){0};
  if (value_index >= profile->type_count)
    return CPROF_ERANGE;
  struct tally tally = {.profile = profile};
  enum cprof_result result = count_samples(&tally, value_index);
  cprof_table_done(&tally.table);
  free(tally.row_of);
  free(tally.seen);
  if (result == CPROF_OK)
    *rows = tally.rows;
  else
    cprof_rows_done(&tally.rows);
  return result;
}

void cprof_rows_done(struct cprof_rows *rows) {
  free(rows->rows);
  *rows = (struct cprof_rows){0};
}

// ---- folded ----

struct folder {
  const struct cprof_profile *profile;
  struct cprof_buffer line;    // of one stack, without the value
  struct cprof_strings stacks; // lines seen, in order
  int64_t *sums;               // of each of them
  uint32_t sum_count, sum_capacity;
};

// Appends a name; what would end a frame or a line becomes harmless.
static enum cprof_result append_name(struct cprof_buffer *line,
                                     const char *name, size_t size) {
  size_t start = line->size;
  enum cprof_result result = cprof_buffer_append(line, name, size);
  if (result != CPROF_OK)
    return result;
  for (uint8_t *at = line->bytes + start; at < line->bytes + line->size; at++)
    if (*at == ';')
      *at = ':';
    else if (*at == '\n' || *at == '\r')
      *at = ' ';
  return CPROF_OK;
}

static enum cprof_result append_address(struct cprof_buffer *line,
                                        uint64_t address) {
  char text[ADDRESS_BYTES];
  int size = snprintf(text, sizeof text, "0x%" PRIx64, address);
  return cprof_buffer_append(line, text, (size_t)size);
}

// file:line, for a function without a name.
static enum cprof_result append_source(struct folder *folder,
                                       const struct cprof_function *function) {
  size_t size;
  const char *file =
      cprof_strings_get(&folder->profile->strings, function->filename, &size);
  enum cprof_result result = append_name(&folder->line, file, size);
  char text[ADDRESS_BYTES];
  int count = snprintf(text, sizeof text, ":%" PRId64, function->start_line);
  if (result == CPROF_OK)
    result = cprof_buffer_append(&folder->line, text, (size_t)count);
  return result;
}

static enum cprof_result append_frame(struct folder *folder,
                                      const struct place *place) {
  if (folder->line.size > 0) {
    enum cprof_result result = cprof_buffer_append(&folder->line, ";", 1);
    if (result != CPROF_OK)
      return result;
  }
  if (!place->function)
    return append_address(&folder->line, place->location->address);
  if (place->function->name == 0)
    return append_source(folder, place->function);
  size_t size;
  const char *name = cprof_strings_get(&folder->profile->strings,
                                       place->function->name, &size);
  return append_name(&folder->line, name, size);
}

static enum cprof_result append_location(struct folder *folder, uint32_t id) {
  const struct cprof_location *location = &folder->profile->locations[id - 1];
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = frame_count(location); i > 0 && result == CPROF_OK; i--) {
    struct place place = frame_at(folder->profile, location, i - 1);
    result = append_frame(folder, &place);
  }
  return result;
}

// Writes the frames of a sample, root first, to folder->line.
static enum cprof_result fold_stack(struct folder *folder,
                                    const struct cprof_psample *sample) {
  const uint32_t *ids = folder->profile->location_ids + sample->first_location;
  folder->line.size = 0;
  if (sample->location_count == 0)
    return cprof_buffer_append(&folder->line, NO_STACK, strlen(NO_STACK));
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = sample->location_count; i > 0 && result == CPROF_OK; i--)
    result = append_location(folder, ids[i - 1]);
  return result;
}

// Adds the value to the sum of the line.
static enum cprof_result sum_line(struct folder *folder, int64_t value) {
  uint32_t id;
  enum cprof_result result =
      cprof_strings_put(&folder->stacks, (const char *)folder->line.bytes,
                        folder->line.size, &id);
  if (result == CPROF_OK)
    result = cprof_grow((void **)&folder->sums, &folder->sum_capacity, id + 1,
                        sizeof *folder->sums);
  if (result != CPROF_OK)
    return result;
  for (; folder->sum_count <= id; folder->sum_count++)
    folder->sums[folder->sum_count] = 0;
  folder->sums[id] = add(folder->sums[id], value);
  return CPROF_OK;
}

static enum cprof_result write_line(struct folder *folder, uint32_t id,
                                    struct cprof_sink sink) {
  size_t size;
  const char *line = cprof_strings_get(&folder->stacks, id, &size);
  enum cprof_result result = sink.write(sink.owner, line, size);
  char text[ADDRESS_BYTES];
  int count = snprintf(text, sizeof text, " %" PRId64 "\n", folder->sums[id]);
  if (result == CPROF_OK)
    result = sink.write(sink.owner, text, (size_t)count);
  return result;
}

static enum cprof_result fold_all(struct folder *folder, uint32_t value_index,
                                  struct cprof_sink sink) {
  const struct cprof_profile *profile = folder->profile;
  enum cprof_result result = cprof_strings_init(&folder->stacks);
  for (uint32_t i = 0; i < profile->sample_count && result == CPROF_OK; i++) {
    result = fold_stack(folder, &profile->samples[i]);
    if (result == CPROF_OK)
      result = sum_line(folder, value_of(profile, i, value_index));
  }
  for (uint32_t i = 1; i < folder->sum_count && result == CPROF_OK; i++)
    if (folder->sums[i] != 0)
      result = write_line(folder, i, sink);
  return result;
}

enum cprof_result cprof_report_folded(const struct cprof_profile *profile,
                                      uint32_t value_index,
                                      struct cprof_sink sink) {
  if (value_index >= profile->type_count)
    return CPROF_ERANGE;
  struct folder folder = {.profile = profile};
  enum cprof_result result = fold_all(&folder, value_index, sink);
  cprof_buffer_done(&folder.line);
  cprof_strings_done(&folder.stacks);
  free(folder.sums);
  return result;
}
