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

// How long folded text may be: a few long names in many stacks make a small
// profile into more than any memory holds.
#define TEXT_FREE ((uint64_t)64 << 20)
#define TEXT_PER_FRAME 256u

// Sums wrap, as in Go's pprof: files may hold any numbers.
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

static bool same_row(const void *owner, uint32_t id, const void *key) {
  const struct cprof_row *a = &((const struct tally *)owner)->rows.rows[id];
  const struct cprof_row *b = key;
  return a->name == b->name && a->filename == b->filename &&
         a->start_line == b->start_line;
}

static uint64_t hash_row(const struct cprof_row *row) {
  uint64_t parts[3] = {row->name, row->filename, (uint64_t)row->start_line};
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

#define SEVERAL UINT32_MAX // functions have this name

// A stack is kept as the numbers of its frames, so that long names cost once.
struct folder {
  const struct cprof_profile *profile;
  struct cprof_strings frames; // texts of frames, each once
  uint32_t *of_function;       // the frame of each function, 0: not yet known
  uint32_t *of_location;       // the same for locations without lines
  uint32_t *of_name;           // of each string: its only function's id, or:
  struct cprof_buffer text;    // of one frame or of one line
  struct cprof_buffer stack;   // frames of one sample, root first
  struct cprof_strings stacks; // those seen, in order
  int64_t *sums;               // of each of them
  uint32_t sum_count, sum_capacity;
  uint64_t left; // bytes that may still be written
};

static bool is_same_function(const struct cprof_function *a,
                             const struct cprof_function *b) {
  return a->filename == b->filename && a->start_line == b->start_line;
}

// Which names say which function.
static enum cprof_result find_names(struct folder *folder) {
  const struct cprof_profile *profile = folder->profile;
  folder->of_name =
      calloc(profile->strings.count + 1u, sizeof *folder->of_name);
  if (!folder->of_name)
    return CPROF_ENOMEM;
  for (uint32_t i = 0; i < profile->function_count; i++) {
    uint32_t *known = &folder->of_name[profile->functions[i].name];
    if (*known == 0)
      *known = i + 1;
    else if (*known != SEVERAL &&
             !is_same_function(&profile->functions[*known - 1],
                               &profile->functions[i]))
      *known = SEVERAL;
  }
  return CPROF_OK;
}

// Appends a name from this byte on; what would end a frame or a line becomes
// harmless.
static enum cprof_result append_name(struct folder *folder, uint32_t name,
                                     size_t from) {
  size_t size, start = folder->text.size;
  const char *bytes = cprof_strings_get(&folder->profile->strings, name, &size);
  size -= from;
  enum cprof_result result =
      cprof_buffer_append(&folder->text, bytes + from, size);
  if (result != CPROF_OK)
    return result;
  for (uint8_t *at = folder->text.bytes + start; size > 0; size--, at++)
    if (*at == ';')
      *at = ':';
    else if (*at == '\n' || *at == '\r')
      *at = ' ';
  return CPROF_OK;
}

static enum cprof_result append_address(struct folder *folder,
                                        uint64_t address) {
  char text[ADDRESS_BYTES];
  int size = snprintf(text, sizeof text, "0x%" PRIx64, address);
  return cprof_buffer_append(&folder->text, text, (size_t)size);
}

// The last part of a path, and of a module's init.lua the folder, too.
static size_t base_start(const char *path) {
  const char *slash = strrchr(path, '/');
  size_t start = slash ? (size_t)(slash - path) + 1 : 0;
  if (slash == NULL || strcmp(slash, "/init.lua") != 0)
    return start;
  for (start--; start > 0 && path[start - 1] != '/';)
    start--;
  return start;
}

static enum cprof_result append_line(struct folder *folder,
                                     const struct cprof_function *function,
                                     const char *end) {
  char text[ADDRESS_BYTES + 1];
  int size =
      snprintf(text, sizeof text, ":%" PRId64 "%s", function->start_line, end);
  return cprof_buffer_append(&folder->text, text, (size_t)size);
}

// file:line, for a function without a name.
static enum cprof_result append_source(struct folder *folder,
                                       const struct cprof_function *function) {
  enum cprof_result result = append_name(folder, function->filename, 0);
  return result == CPROF_OK ? append_line(folder, function, "") : result;
}

// The name, with its place where that is needed.
static enum cprof_result
append_function(struct folder *folder, const struct cprof_function *function) {
  enum cprof_result result = append_name(folder, function->name, 0);
  if (folder->of_name[function->name] != SEVERAL || result != CPROF_OK)
    return result;
  const char *path =
      cprof_strings_get(&folder->profile->strings, function->filename, NULL);
  result = cprof_buffer_append(&folder->text, " (", 2);
  if (result == CPROF_OK)
    result = append_name(folder, function->filename, base_start(path));
  return result == CPROF_OK ? append_line(folder, function, ")") : result;
}

// Puts the frame's text to the others; no frame is empty, so none is number 0.
static enum cprof_result put_frame(struct folder *folder,
                                   const struct place *place, uint32_t *frame) {
  enum cprof_result result;
  folder->text.size = 0;
  if (!place->function)
    result = append_address(folder, place->location->address);
  else if (place->function->name == 0)
    result = append_source(folder, place->function);
  else
    result = append_function(folder, place->function);
  if (result != CPROF_OK)
    return result;
  return cprof_strings_put(&folder->frames, (const char *)folder->text.bytes,
                           folder->text.size, frame);
}

static enum cprof_result push_frame(struct folder *folder,
                                    const struct place *place) {
  const struct cprof_profile *profile = folder->profile;
  uint32_t *frame =
      place->function
          ? &folder->of_function[place->function - profile->functions]
          : &folder->of_location[place->location - profile->locations];
  if (*frame == 0) {
    enum cprof_result result = put_frame(folder, place, frame);
    if (result != CPROF_OK)
      return result;
  }
  return cprof_buffer_append(&folder->stack, frame, sizeof *frame);
}

static enum cprof_result push_location(struct folder *folder, uint32_t id) {
  const struct cprof_location *location = &folder->profile->locations[id - 1];
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = frame_count(location); i > 0 && result == CPROF_OK; i--) {
    struct place place = frame_at(folder->profile, location, i - 1);
    result = push_frame(folder, &place);
  }
  return result;
}

static enum cprof_result push_no_stack(struct folder *folder) {
  uint32_t frame;
  enum cprof_result result =
      cprof_strings_put(&folder->frames, NO_STACK, strlen(NO_STACK), &frame);
  if (result == CPROF_OK)
    result = cprof_buffer_append(&folder->stack, &frame, sizeof frame);
  return result;
}

// Fills folder->stack.
static enum cprof_result fold_stack(struct folder *folder,
                                    const struct cprof_psample *sample) {
  const uint32_t *ids = folder->profile->location_ids + sample->first_location;
  folder->stack.size = 0;
  if (sample->location_count == 0)
    return push_no_stack(folder);
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = sample->location_count; i > 0 && result == CPROF_OK; i--)
    result = push_location(folder, ids[i - 1]);
  return result;
}

// Adds the value to the sum of folder->stack.
static enum cprof_result sum_stack(struct folder *folder, int64_t value) {
  uint32_t id;
  enum cprof_result result =
      cprof_strings_put(&folder->stacks, (const char *)folder->stack.bytes,
                        folder->stack.size, &id);
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

static enum cprof_result fold_all(struct folder *folder, uint32_t value_index) {
  const struct cprof_profile *profile = folder->profile;
  folder->of_function =
      calloc(profile->function_count + 1u, sizeof *folder->of_function);
  folder->of_location =
      calloc(profile->location_count + 1u, sizeof *folder->of_location);
  if (!folder->of_function || !folder->of_location)
    return CPROF_ENOMEM;
  enum cprof_result result = find_names(folder);
  if (result == CPROF_OK)
    result = cprof_strings_init(&folder->frames);
  if (result == CPROF_OK)
    result = cprof_strings_init(&folder->stacks);
  for (uint32_t i = 0; i < profile->sample_count && result == CPROF_OK; i++) {
    result = fold_stack(folder, &profile->samples[i]);
    if (result == CPROF_OK)
      result = sum_stack(folder, value_of(profile, i, value_index));
  }
  return result;
}

// ---- folded: text ----

// Fills folder->text with the names of a stack.
static enum cprof_result append_stack(struct folder *folder, uint32_t stack) {
  size_t size;
  const char *frames = cprof_strings_get(&folder->stacks, stack, &size);
  enum cprof_result result = CPROF_OK;
  folder->text.size = 0;
  for (size_t at = 0; at < size && result == CPROF_OK;) {
    uint32_t frame;
    memcpy(&frame, frames + at, sizeof frame); // not aligned
    at += sizeof frame;
    size_t name_size;
    const char *name = cprof_strings_get(&folder->frames, frame, &name_size);
    result = cprof_buffer_append(&folder->text, name, name_size);
    if (result == CPROF_OK)
      result = cprof_buffer_append(&folder->text, at < size ? ";" : " ", 1);
  }
  return result;
}

static enum cprof_result write_line(struct folder *folder, uint32_t stack,
                                    struct cprof_sink sink) {
  char text[ADDRESS_BYTES];
  int size = snprintf(text, sizeof text, "%" PRId64 "\n", folder->sums[stack]);
  folder->text.size_max = folder->left;
  enum cprof_result result = append_stack(folder, stack);
  if (result == CPROF_OK)
    result = cprof_buffer_append(&folder->text, text, (size_t)size);
  if (result != CPROF_OK)
    return result;
  folder->left -= folder->text.size;
  if (folder->left == 0) // as a size_max it would be no limit
    return CPROF_ELIMIT;
  return sink.write(sink.owner, folder->text.bytes, folder->text.size);
}

static enum cprof_result write_all(struct folder *folder,
                                   struct cprof_sink sink) {
  enum cprof_result result = CPROF_OK;
  uint64_t frames = folder->stacks.size / sizeof(uint32_t);
  folder->left = TEXT_FREE + frames * TEXT_PER_FRAME;
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
  enum cprof_result result = fold_all(&folder, value_index);
  if (result == CPROF_OK)
    result = write_all(&folder, sink);
  cprof_buffer_done(&folder.text);
  cprof_buffer_done(&folder.stack);
  cprof_strings_done(&folder.frames);
  cprof_strings_done(&folder.stacks);
  free(folder.of_function);
  free(folder.of_location);
  free(folder.of_name);
  free(folder.sums);
  return result;
}
