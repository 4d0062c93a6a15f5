// Reads profile.proto and trusts nothing in it: every string index and every
// id is looked up. Called by the edge, on any thread, never from the signal
// handler. The grammar is proto/profile.proto; see pprof.h.
//
// First all fields are counted where they stand. Then each kind is read in a
// pass of its own, what is referred to before what refers to it: the entries
// may come in any order. A pass unpacks a run of entries at a time, because
// adjacent fields of a message are a message too.
#include "pprof.h"

#include "pprof_ids.h"
#include "pprof_unpack.h"
#include "pprof_wire.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h> // vsnprintf
#include <stdlib.h>

// A run fits the processor's cache, unpacked.
#define RUN_BYTES_MAX 16384u
#define ENTRY_BYTES_MAX (1u << 20)
// Inlined frames make a stack longer than its bytes.
#define FRAMES_PER_LOCATION_MAX 8u
#define FRAMES_FREE (1u << 24)

// Numbers of a profile's fields.
enum field {
  FIELD_TYPE = 1,
  FIELD_SAMPLE,
  FIELD_MAPPING,
  FIELD_LOCATION,
  FIELD_FUNCTION,
  FIELD_STRING,
  FIELD_DROP_FRAMES,
  FIELD_KEEP_FRAMES,
  FIELD_TIME_NANOS,
  FIELD_DURATION_NANOS,
  FIELD_PERIOD_TYPE,
  FIELD_PERIOD,
  FIELD_COMMENT,
  FIELD_DEFAULT_SAMPLE_TYPE,
  FIELD_DOC_URL,
  FIELD_COUNT,
};

// Field by field, what a walk along the bytes shows.
struct census {
  uint32_t count;
  size_t start, end; // of the first one, of the last
  int64_t value;     // of the last one; numbers only
};

// What a reader holds; the first failure stays in `result` and `why`.
struct reader {
  struct cprof_wire wire;
  struct census fields[FIELD_COUNT];
  struct cprof_unpacker unpacker;
  struct cprof_profile *profile;
  enum cprof_result result;
  struct cprof_why *why;
  enum field kind;   // of the entry at hand
  uint32_t entry;    // its number, from 1; 0: there is only one
  uint32_t *strings; // ours, by index in the file
  struct cprof_ids mappings, functions, locations;
  uint64_t frames;    // of all stacks, if any location has many
  bool has_long_line; // that is so
  uint32_t *ids;      // locations of one sample
  uint32_t id_capacity;
  struct cprof_label *labels; // of one sample
  uint32_t label_capacity;
  struct cprof_line *lines; // of one location
  uint32_t line_capacity;
};

// ---- failures ----

static const char *const kind_names[FIELD_COUNT] = {
    [FIELD_TYPE] = "sample type",
    [FIELD_SAMPLE] = "sample",
    [FIELD_MAPPING] = "mapping",
    [FIELD_LOCATION] = "location",
    [FIELD_FUNCTION] = "function",
    [FIELD_STRING] = "string",
    [FIELD_DROP_FRAMES] = "drop_frames",
    [FIELD_KEEP_FRAMES] = "keep_frames",
    [FIELD_TIME_NANOS] = "time_nanos",
    [FIELD_DURATION_NANOS] = "duration_nanos",
    [FIELD_PERIOD_TYPE] = "period type",
    [FIELD_PERIOD] = "period",
    [FIELD_COMMENT] = "comment",
    [FIELD_DEFAULT_SAMPLE_TYPE] = "default_sample_type",
    [FIELD_DOC_URL] = "doc_url",
};

// Notes a failure that its result tells; the first one counts.
static void note(struct reader *reader, enum cprof_result result) {
  if (reader->result == CPROF_OK)
    reader->result = result;
}

// Notes what is wrong with the entry at hand: "sample 12 <text>".
__attribute__((format(printf, 3, 4))) static void
refuse(struct reader *reader, enum cprof_result result, const char *format,
       ...) {
  if (reader->result != CPROF_OK)
    return;
  char number[12] = "", text[100]; // of 10 digits and a space
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (reader->entry > 0)
    snprintf(number, sizeof number, "%u ", reader->entry);
  reader->result = result;
  cprof_why_set(reader->why, "%s %s%s", kind_names[reader->kind], number, text);
}

#define reject(reader, ...) refuse(reader, CPROF_EFORMAT, __VA_ARGS__)

// Notes what is wrong with the whole.
static void refuse_all(struct reader *reader, enum cprof_result result,
                       const char *text) {
  if (reader->result != CPROF_OK)
    return;
  reader->result = result;
  cprof_why_set(reader->why, "%s", text);
}

// ---- the census ----

static bool is_number(uint32_t field) {
  return field >= FIELD_DROP_FRAMES && field != FIELD_PERIOD_TYPE &&
         field != FIELD_COMMENT;
}

static bool has_right_type(const struct cprof_wire_field *field) {
  if (is_number(field->number))
    return field->type == CPROF_WIRE_NUMBER;
  return field->type == CPROF_WIRE_BYTES ||
         (field->number == FIELD_COMMENT && field->type == CPROF_WIRE_NUMBER);
}

// Damage before the first whole entry: this was never a profile.
static void refuse_bytes(struct reader *reader, size_t at, const char *wrong) {
  bool is_begun = false;
  for (uint32_t i = 0; i < FIELD_COUNT; i++)
    is_begun |= reader->fields[i].count > 0;
  if (!is_begun)
    refuse_all(reader, CPROF_EFORMAT, "not a profile.proto message");
  if (reader->result != CPROF_OK)
    return;
  reader->result = CPROF_EFORMAT;
  cprof_why_set(reader->why, "damaged at byte %zu: %s", at, wrong);
}

static void count_field(struct reader *reader,
                        const struct cprof_wire_field *field) {
  if (field->number >= FIELD_COUNT) // of a later profile.proto
    return;
  if (!has_right_type(field)) {
    refuse_bytes(reader, field->start, "a field has not its wire type");
    return;
  }
  struct census *census = &reader->fields[field->number];
  if (census->count++ == 0)
    census->start = field->start;
  census->end = field->end;
  census->value = (int64_t)field->value;
  reader->kind = (enum field)field->number;
  reader->entry = census->count;
  if (field->number != FIELD_STRING &&
      field->end - field->start > ENTRY_BYTES_MAX)
    refuse(reader, CPROF_ELIMIT, "is longer than 1 MiB");
}

static void count_fields(struct reader *reader) {
  struct cprof_wire_field field;
  while (reader->result == CPROF_OK && cprof_wire_next(&reader->wire, &field))
    count_field(reader, &field);
  if (reader->wire.wrong)
    refuse_bytes(reader, reader->wire.at, reader->wire.wrong);
}

// What can be refused before anything is unpacked.
static void check_counts(struct reader *reader) {
  const struct census *fields = reader->fields;
  if (fields[FIELD_STRING].count == 0)
    refuse_all(reader, CPROF_EFORMAT,
               "it holds no string_table, so it is no profile");
  if (fields[FIELD_TYPE].count > CPROF_TYPES_MAX)
    refuse_all(reader, CPROF_ELIMIT, "it has more than 16 sample types");
  if (fields[FIELD_SAMPLE].count > 0 && fields[FIELD_TYPE].count == 0)
    refuse_all(reader, CPROF_EFORMAT, "samples without sample types");
}

// ---- passes ----

// Begins a pass over the entries of a kind: the walk stands before the first
// and ends behind the last.
static void begin_pass(struct reader *reader, enum field kind) {
  const struct census *census = &reader->fields[kind];
  reader->kind = kind;
  reader->entry = 0;
  reader->wire.at = census->start;
  reader->wire.size = census->end;
}

// A run of one entry could not be unpacked.
static void refuse_entry(struct reader *reader, enum cprof_result result,
                         size_t start) {
  reader->entry++;
  if (result == CPROF_EFORMAT)
    reject(reader, "is damaged, it begins at byte %zu", start);
  else if (result == CPROF_ELIMIT)
    refuse(reader, result, "takes more than 16 MiB unpacked");
  note(reader, result);
}

// Hands all entries of a kind to `read`, in runs of at most `size_max` bytes
// or one entry.
static void read_pass(struct reader *reader, enum field kind, size_t size_max,
                      void (*read)(struct reader *, const pb_profile *)) {
  struct cprof_wire_run run;
  begin_pass(reader, kind);
  while (reader->result == CPROF_OK &&
         cprof_wire_next_run(&reader->wire, kind, size_max, &run)) {
    const pb_profile *message;
    enum cprof_result result =
        cprof_unpack(&reader->unpacker, reader->wire.bytes + run.start,
                     run.end - run.start, &message);
    if (result == CPROF_OK) {
      read(reader, message);
    } else if (run.count > 1) { // again, one by one: which was it?
      reader->wire.at = run.start;
      size_max = 0;
    } else {
      refuse_entry(reader, result, run.start);
    }
  }
}

// ---- ids ----

static void add_id(struct reader *reader, struct cprof_ids *ids, uint64_t id) {
  if (id == 0)
    reject(reader, "has id 0, which is reserved");
  else if (cprof_ids_find(ids, id) != 0)
    reject(reader, "has the id of another one, %" PRIu64, id);
  else
    note(reader, cprof_ids_add(ids, id));
}

// ---- header ----

// Our string for the file's index; 0 after a failure.
static uint32_t find_string(struct reader *reader, int64_t index) {
  if (index >= 0 && index < reader->fields[FIELD_STRING].count)
    return reader->strings[index];
  reject(reader, "names a string that is not there, %" PRId64, index);
  return 0;
}

static void read_string(struct reader *reader,
                        const struct cprof_wire_field *field) {
  size_t size = field->end - field->body;
  if (reader->entry == 0 && size > 0)
    refuse_all(reader, CPROF_EFORMAT, "string_table[0] is not empty");
  if (reader->result != CPROF_OK)
    return;
  const char *bytes = (const char *)reader->wire.bytes + field->body;
  note(reader, cprof_profile_add_string(reader->profile, bytes, size,
                                        &reader->strings[reader->entry++]));
}

static void read_strings(struct reader *reader) {
  if (reader->result != CPROF_OK)
    return;
  reader->strings =
      calloc(reader->fields[FIELD_STRING].count, sizeof *reader->strings);
  if (!reader->strings)
    note(reader, CPROF_ENOMEM);
  begin_pass(reader, FIELD_STRING);
  struct cprof_wire_field field;
  while (reader->result == CPROF_OK && cprof_wire_next(&reader->wire, &field))
    if (field.number == FIELD_STRING)
      read_string(reader, &field);
}

static struct cprof_value_type read_type(struct reader *reader,
                                         const pb_type *from) {
  return (struct cprof_value_type){
      .type = find_string(reader, from->type),
      .unit = find_string(reader, from->unit),
  };
}

static void read_types(struct reader *reader, const pb_profile *message) {
  struct cprof_profile *profile = reader->profile;
  for (size_t i = 0; i < message->n_sample_type; i++) {
    reader->entry++;
    profile->types[profile->type_count++] =
        read_type(reader, message->sample_type[i]);
  }
}

// The last one counts.
static void read_period_type(struct reader *reader, const pb_profile *message) {
  reader->profile->period_type = read_type(reader, message->period_type);
}

static uint32_t read_name(struct reader *reader, enum field kind) {
  reader->kind = kind;
  reader->entry = 0;
  return find_string(reader, reader->fields[kind].value);
}

static void read_numbers(struct reader *reader) {
  struct cprof_profile *profile = reader->profile;
  if (reader->result != CPROF_OK)
    return;
  profile->period = reader->fields[FIELD_PERIOD].value;
  profile->time_nanos = reader->fields[FIELD_TIME_NANOS].value;
  profile->duration_nanos = reader->fields[FIELD_DURATION_NANOS].value;
  profile->drop_frames = read_name(reader, FIELD_DROP_FRAMES);
  profile->keep_frames = read_name(reader, FIELD_KEEP_FRAMES);
  profile->default_sample_type = read_name(reader, FIELD_DEFAULT_SAMPLE_TYPE);
  profile->doc_url = read_name(reader, FIELD_DOC_URL);
}

static void read_comments(struct reader *reader, const pb_profile *message) {
  struct cprof_profile *profile = reader->profile;
  note(reader,
       cprof_grow((void **)&profile->comments, &profile->comment_capacity,
                  profile->comment_count + (uint32_t)message->n_comment,
                  sizeof *profile->comments));
  for (size_t i = 0; i < message->n_comment && reader->result == CPROF_OK;
       i++) {
    reader->entry++;
    profile->comments[profile->comment_count++] =
        find_string(reader, message->comment[i]);
  }
}

// ---- what samples refer to ----

static void read_mapping(struct reader *reader, const pb_mapping *from) {
  reader->entry++;
  struct cprof_mapping mapping = {
      .memory_start = from->memory_start,
      .memory_limit = from->memory_limit,
      .file_offset = from->file_offset,
      .filename = find_string(reader, from->filename),
      .build_id = find_string(reader, from->build_id),
      .has_functions = from->has_functions,
      .has_filenames = from->has_filenames,
      .has_line_numbers = from->has_line_numbers,
      .has_inline_frames = from->has_inline_frames,
  };
  add_id(reader, &reader->mappings, from->id);
  note(reader, cprof_profile_add_mapping(reader->profile, &mapping, NULL));
}

static void read_mappings(struct reader *reader, const pb_profile *message) {
  for (size_t i = 0; i < message->n_mapping && reader->result == CPROF_OK; i++)
    read_mapping(reader, message->mapping[i]);
}

static void read_function(struct reader *reader, const pb_function *from) {
  reader->entry++;
  struct cprof_function function = {
      .name = find_string(reader, from->name),
      .system_name = find_string(reader, from->system_name),
      .filename = find_string(reader, from->filename),
      .start_line = from->start_line,
  };
  add_id(reader, &reader->functions, from->id);
  note(reader, cprof_profile_add_function(reader->profile, &function, NULL));
}

static void read_functions(struct reader *reader, const pb_profile *message) {
  for (size_t i = 0; i < message->n_function && reader->result == CPROF_OK; i++)
    read_function(reader, message->function[i]);
}

// Fills reader->lines.
static void read_lines(struct reader *reader, const pb_location *from) {
  note(reader, cprof_grow((void **)&reader->lines, &reader->line_capacity,
                          (uint32_t)from->n_line, sizeof *reader->lines));
  for (size_t i = 0; i < from->n_line && reader->result == CPROF_OK; i++) {
    const pb_line *line = from->line[i];
    uint32_t function = cprof_ids_find(&reader->functions, line->function_id);
    if (function == 0)
      reject(reader, "names a function that is not there, %" PRIu64,
             line->function_id);
    reader->lines[i] = (struct cprof_line){function, line->line, line->column};
  }
  reader->has_long_line |= from->n_line > FRAMES_PER_LOCATION_MAX;
}

static void read_location(struct reader *reader, const pb_location *from) {
  reader->entry++;
  struct cprof_location location = {
      .mapping = cprof_ids_find(&reader->mappings, from->mapping_id),
      .address = from->address,
      .is_folded = from->is_folded,
  };
  if (location.mapping == 0 && from->mapping_id != 0)
    reject(reader, "names a mapping that is not there, %" PRIu64,
           from->mapping_id);
  add_id(reader, &reader->locations, from->id);
  read_lines(reader, from);
  if (reader->result == CPROF_OK)
    note(reader,
         cprof_profile_add_location(reader->profile, &location, reader->lines,
                                    (uint32_t)from->n_line, NULL));
}

static void read_locations(struct reader *reader, const pb_profile *message) {
  for (size_t i = 0; i < message->n_location && reader->result == CPROF_OK; i++)
    read_location(reader, message->location[i]);
}

// ---- samples ----

// Whoever walks all stacks, frame by frame, must be done in a time that the
// size of the file allows.
static void count_frames(struct reader *reader, uint32_t count) {
  const struct cprof_profile *profile = reader->profile;
  for (uint32_t i = 0; i < count; i++)
    reader->frames += profile->locations[reader->ids[i] - 1].line_count;
  uint64_t ids = (uint64_t)profile->location_id_count + count;
  if (reader->frames > FRAMES_FREE + ids * FRAMES_PER_LOCATION_MAX)
    refuse(reader, CPROF_ELIMIT,
           "is one too many: %" PRIu64 " inlined frames in %" PRIu64
           " locations",
           reader->frames, ids);
}

// Fills reader->ids.
static void read_stack(struct reader *reader, const pb_sample *from) {
  uint32_t count = (uint32_t)from->n_location_id;
  note(reader, cprof_grow((void **)&reader->ids, &reader->id_capacity, count,
                          sizeof *reader->ids));
  for (uint32_t i = 0; i < count && reader->result == CPROF_OK; i++) {
    reader->ids[i] = cprof_ids_find(&reader->locations, from->location_id[i]);
    if (reader->ids[i] == 0)
      reject(reader, "names a location that is not there, %" PRIu64,
             from->location_id[i]);
  }
  if (reader->has_long_line && reader->result == CPROF_OK)
    count_frames(reader, count);
}

// Fills reader->labels.
static void read_labels(struct reader *reader, const pb_sample *from) {
  note(reader, cprof_grow((void **)&reader->labels, &reader->label_capacity,
                          (uint32_t)from->n_label, sizeof *reader->labels));
  for (size_t i = 0; i < from->n_label && reader->result == CPROF_OK; i++) {
    const pb_label *label = from->label[i];
    reader->labels[i] = (struct cprof_label){
        .key = find_string(reader, label->key),
        .str = find_string(reader, label->str),
        .num = label->num,
        .num_unit = find_string(reader, label->num_unit),
    };
  }
}

static void read_sample(struct reader *reader, const pb_sample *from) {
  reader->entry++;
  if (from->n_value != reader->profile->type_count)
    reject(reader, "has %zu values, not one for each of %u sample types",
           from->n_value, reader->profile->type_count);
  read_stack(reader, from);
  read_labels(reader, from);
  struct cprof_sample_parts parts = {
      .locations = reader->ids,
      .location_count = (uint32_t)from->n_location_id,
      .labels = reader->labels,
      .label_count = (uint32_t)from->n_label,
      .values = from->value,
  };
  if (reader->result == CPROF_OK)
    note(reader, cprof_profile_add_sample(reader->profile, &parts));
}

static void read_samples(struct reader *reader, const pb_profile *message) {
  for (size_t i = 0; i < message->n_sample && reader->result == CPROF_OK; i++)
    read_sample(reader, message->sample[i]);
}

// ---- public ----

// Room for as many entries as the census found.
static void reserve(struct reader *reader) {
  struct cprof_profile *profile = reader->profile;
  const struct census *fields = reader->fields;
  note(reader,
       cprof_grow((void **)&profile->mappings, &profile->mapping_capacity,
                  fields[FIELD_MAPPING].count, sizeof *profile->mappings));
  note(reader,
       cprof_grow((void **)&profile->functions, &profile->function_capacity,
                  fields[FIELD_FUNCTION].count, sizeof *profile->functions));
  note(reader,
       cprof_grow((void **)&profile->locations, &profile->location_capacity,
                  fields[FIELD_LOCATION].count, sizeof *profile->locations));
  note(reader,
       cprof_grow((void **)&profile->samples, &profile->sample_capacity,
                  fields[FIELD_SAMPLE].count, sizeof *profile->samples));
}

static void read_all(struct reader *reader) {
  count_fields(reader);
  check_counts(reader);
  read_strings(reader);
  read_pass(reader, FIELD_TYPE, RUN_BYTES_MAX, read_types);
  read_pass(reader, FIELD_PERIOD_TYPE, 0, read_period_type);
  read_numbers(reader);
  read_pass(reader, FIELD_COMMENT, RUN_BYTES_MAX, read_comments);
  reserve(reader);
  read_pass(reader, FIELD_MAPPING, RUN_BYTES_MAX, read_mappings);
  read_pass(reader, FIELD_FUNCTION, RUN_BYTES_MAX, read_functions);
  read_pass(reader, FIELD_LOCATION, RUN_BYTES_MAX, read_locations);
  read_pass(reader, FIELD_SAMPLE, RUN_BYTES_MAX, read_samples);
}

static void done_reader(struct reader *reader) {
  cprof_unpack_done(&reader->unpacker);
  free(reader->strings);
  cprof_ids_done(&reader->mappings);
  cprof_ids_done(&reader->functions);
  cprof_ids_done(&reader->locations);
  free(reader->ids);
  free(reader->labels);
  free(reader->lines);
}

enum cprof_result cprof_pprof_read(const void *bytes, size_t size,
                                   struct cprof_profile **profile,
                                   struct cprof_why *why) {
  *profile = NULL;
  cprof_why_set(why, "%s", "");
  struct reader reader = {.wire = {.bytes = bytes, .size = size}, .why = why};
  reader.profile = cprof_profile_new();
  if (!reader.profile)
    return CPROF_ENOMEM;
  if (size > UINT32_MAX) // so that no count can pass 32 bits
    refuse_all(&reader, CPROF_ELIMIT, "longer than 4 GiB");
  read_all(&reader);
  done_reader(&reader);
  if (reader.result == CPROF_OK)
    *profile = reader.profile;
  else
    cprof_profile_free(reader.profile);
  return reader.result;
}
