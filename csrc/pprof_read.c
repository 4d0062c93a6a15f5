// Reads profile.proto by protobuf-c and trusts nothing in it: every string
// index and every id is looked up. Called by the edge, on any thread, never
// from the signal handler. The grammar is proto/profile.proto; see pprof.h.
#include "pprof.h"

#include "pprof_pb.h"
#include <stdlib.h>

// Ids of a file: any numbers but 0, each once. Number `i` of the file is id
// i + 1 of ours; only ids that are not so already are in the table.
struct id_map {
  uint64_t *ids;
  uint32_t count;
  struct cprof_table table;
};

// What a reader holds; the first failure stays in `result` and `why`.
struct reader {
  const pb_profile *message;
  struct cprof_profile *profile;
  enum cprof_result result;
  const char *why;
  uint32_t *strings; // ours, by index in the file
  struct id_map mappings, functions, locations;
  uint32_t *ids; // locations of one sample
  uint32_t id_capacity;
  struct cprof_label *labels; // of one sample
  uint32_t label_capacity;
  struct cprof_line *lines; // of one location
  uint32_t line_capacity;
};

// Notes a failure; the first one counts.
static void note(struct reader *reader, enum cprof_result result,
                 const char *why) {
  if (reader->result != CPROF_OK || result == CPROF_OK)
    return;
  reader->result = result;
  reader->why = why ? why : cprof_result_text(result);
}

static void reject(struct reader *reader, const char *why) {
  note(reader, CPROF_EFORMAT, why);
}

// ---- ids ----

static bool same_id(const void *owner, uint32_t index, const void *key) {
  const struct id_map *map = owner;
  return map->ids[index] == *(const uint64_t *)key;
}

static uint64_t hash_id(uint64_t id) { return cprof_hash(&id, sizeof id, 0); }

// Our id for the file's, or 0 when there is none.
static uint32_t find_id(const struct id_map *map, uint64_t id) {
  if (id - 1 < map->count && map->ids[id - 1] == id)
    return (uint32_t)id;
  uint32_t index;
  if (cprof_table_find(&map->table, hash_id(id), same_id, map, &id, &index))
    return index + 1;
  return 0;
}

// Needs room in map->ids.
static void add_id(struct reader *reader, struct id_map *map, uint64_t id) {
  if (id == 0)
    reject(reader, "id 0 is reserved");
  if (find_id(map, id) != 0)
    reject(reader, "the same id twice");
  if (reader->result != CPROF_OK)
    return;
  uint32_t index = map->count++;
  map->ids[index] = id;
  if (id != index + 1ull)
    note(reader, cprof_table_add(&map->table, hash_id(id), index), NULL);
}

// An array of `count` items, not filled; NULL and noted without memory.
static void *allocate(struct reader *reader, size_t count, size_t item_size) {
  void *items = calloc(count + 1, item_size);
  if (!items)
    note(reader, CPROF_ENOMEM, NULL);
  return items;
}

static void done_ids(struct id_map *map) {
  free(map->ids);
  cprof_table_done(&map->table);
}

// Our string for the file's index; 0 after a failure.
static uint32_t find_string(struct reader *reader, int64_t index) {
  if (index >= 0 && (uint64_t)index < reader->message->n_string_table)
    return reader->strings[index];
  reject(reader, "string index out of range");
  return 0;
}

// ---- header ----

static void read_strings(struct reader *reader) {
  const pb_profile *message = reader->message;
  if (message->n_string_table == 0)
    reject(reader, "it holds no string_table, so it is no profile");
  else if (message->string_table[0].len != 0)
    reject(reader, "string_table[0] is not empty");
  reader->strings =
      allocate(reader, message->n_string_table, sizeof *reader->strings);
  for (size_t i = 0; i < message->n_string_table && reader->result == CPROF_OK;
       i++) {
    const ProtobufCBinaryData *string = &message->string_table[i];
    // an empty one may have no data
    const char *bytes = string->len > 0 ? (const char *)string->data : "";
    note(reader,
         cprof_profile_add_string(reader->profile, bytes, string->len,
                                  &reader->strings[i]),
         NULL);
  }
}

static struct cprof_value_type read_type(struct reader *reader,
                                         const pb_type *from) {
  return (struct cprof_value_type){
      .type = find_string(reader, from->type),
      .unit = find_string(reader, from->unit),
  };
}

static void read_types(struct reader *reader) {
  const pb_profile *message = reader->message;
  struct cprof_profile *profile = reader->profile;
  if (message->n_sample_type > CPROF_TYPES_MAX)
    note(reader, CPROF_ELIMIT, "too many sample types");
  if (reader->result != CPROF_OK)
    return;
  for (size_t i = 0; i < message->n_sample_type; i++)
    profile->types[i] = read_type(reader, message->sample_type[i]);
  profile->type_count = (uint32_t)message->n_sample_type;
  if (message->period_type)
    profile->period_type = read_type(reader, message->period_type);
}

static void read_scalars(struct reader *reader) {
  const pb_profile *message = reader->message;
  struct cprof_profile *profile = reader->profile;
  if (reader->result != CPROF_OK)
    return;
  profile->period = message->period;
  profile->time_nanos = message->time_nanos;
  profile->duration_nanos = message->duration_nanos;
  profile->drop_frames = find_string(reader, message->drop_frames);
  profile->keep_frames = find_string(reader, message->keep_frames);
  profile->default_sample_type =
      find_string(reader, message->default_sample_type);
  profile->doc_url = find_string(reader, message->doc_url);
}

static void read_comments(struct reader *reader) {
  const pb_profile *message = reader->message;
  struct cprof_profile *profile = reader->profile;
  if (reader->result != CPROF_OK)
    return;
  note(reader,
       cprof_grow((void **)&profile->comments, &profile->comment_capacity,
                  (uint32_t)message->n_comment, sizeof *profile->comments),
       NULL);
  for (size_t i = 0; i < message->n_comment && reader->result == CPROF_OK; i++)
    profile->comments[profile->comment_count++] =
        find_string(reader, message->comment[i]);
}

// ---- what samples refer to ----

static void read_mapping(struct reader *reader, const pb_mapping *from) {
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
  note(reader, cprof_profile_add_mapping(reader->profile, &mapping, NULL),
       NULL);
}

static void read_mappings(struct reader *reader) {
  const pb_profile *message = reader->message;
  struct id_map *map = &reader->mappings;
  map->ids = allocate(reader, message->n_mapping, sizeof *map->ids);
  for (size_t i = 0; i < message->n_mapping && reader->result == CPROF_OK; i++)
    read_mapping(reader, message->mapping[i]);
}

static void read_function(struct reader *reader, const pb_function *from) {
  struct cprof_function function = {
      .name = find_string(reader, from->name),
      .system_name = find_string(reader, from->system_name),
      .filename = find_string(reader, from->filename),
      .start_line = from->start_line,
  };
  add_id(reader, &reader->functions, from->id);
  note(reader, cprof_profile_add_function(reader->profile, &function, NULL),
       NULL);
}

static void read_functions(struct reader *reader) {
  const pb_profile *message = reader->message;
  struct id_map *map = &reader->functions;
  map->ids = allocate(reader, message->n_function, sizeof *map->ids);
  for (size_t i = 0; i < message->n_function && reader->result == CPROF_OK; i++)
    read_function(reader, message->function[i]);
}

// Fills reader->lines.
static void read_lines(struct reader *reader, const pb_location *from) {
  note(reader,
       cprof_grow((void **)&reader->lines, &reader->line_capacity,
                  (uint32_t)from->n_line, sizeof *reader->lines),
       NULL);
  for (size_t i = 0; i < from->n_line && reader->result == CPROF_OK; i++) {
    const pb_line *line = from->line[i];
    uint32_t function = find_id(&reader->functions, line->function_id);
    if (function == 0)
      reject(reader, "a line names an unknown function");
    reader->lines[i] = (struct cprof_line){function, line->line, line->column};
  }
}

static void read_location(struct reader *reader, const pb_location *from) {
  struct cprof_location location = {
      .mapping = find_id(&reader->mappings, from->mapping_id),
      .address = from->address,
      .is_folded = from->is_folded,
  };
  if (location.mapping == 0 && from->mapping_id != 0)
    reject(reader, "a location names an unknown mapping");
  add_id(reader, &reader->locations, from->id);
  read_lines(reader, from);
  if (reader->result == CPROF_OK)
    note(reader,
         cprof_profile_add_location(reader->profile, &location, reader->lines,
                                    (uint32_t)from->n_line, NULL),
         NULL);
}

static void read_locations(struct reader *reader) {
  const pb_profile *message = reader->message;
  struct id_map *map = &reader->locations;
  map->ids = allocate(reader, message->n_location, sizeof *map->ids);
  for (size_t i = 0; i < message->n_location && reader->result == CPROF_OK; i++)
    read_location(reader, message->location[i]);
}

// ---- samples ----

// Fills reader->ids.
static void read_stack(struct reader *reader, const pb_sample *from) {
  note(reader,
       cprof_grow((void **)&reader->ids, &reader->id_capacity,
                  (uint32_t)from->n_location_id, sizeof *reader->ids),
       NULL);
  for (size_t i = 0; i < from->n_location_id && reader->result == CPROF_OK;
       i++) {
    reader->ids[i] = find_id(&reader->locations, from->location_id[i]);
    if (reader->ids[i] == 0)
      reject(reader, "a sample names an unknown location");
  }
}

// Fills reader->labels.
static void read_labels(struct reader *reader, const pb_sample *from) {
  note(reader,
       cprof_grow((void **)&reader->labels, &reader->label_capacity,
                  (uint32_t)from->n_label, sizeof *reader->labels),
       NULL);
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
  if (from->n_value != reader->profile->type_count)
    reject(reader, "a sample has not one value for each sample type");
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
    note(reader, cprof_profile_add_sample(reader->profile, &parts), NULL);
}

static void read_samples(struct reader *reader) {
  const pb_profile *message = reader->message;
  if (message->n_sample > 0 && message->n_sample_type == 0)
    reject(reader, "samples without sample types");
  for (size_t i = 0; i < message->n_sample && reader->result == CPROF_OK; i++)
    read_sample(reader, message->sample[i]);
}

// ---- public ----

static void read_all(struct reader *reader) {
  read_strings(reader);
  read_types(reader);
  read_scalars(reader);
  read_comments(reader);
  read_mappings(reader);
  read_functions(reader);
  read_locations(reader);
  read_samples(reader);
}

static void done_reader(struct reader *reader) {
  free(reader->strings);
  done_ids(&reader->mappings);
  done_ids(&reader->functions);
  done_ids(&reader->locations);
  free(reader->ids);
  free(reader->labels);
  free(reader->lines);
}

// protobuf-c's memory: malloc that remembers a failure, because unpack tells
// no memory from no message.
static void *allocate_message(void *is_short, size_t size) {
  void *bytes = malloc(size);
  if (!bytes)
    *(bool *)is_short = true;
  return bytes;
}

static void free_message(void *is_short, void *bytes) {
  (void)is_short;
  free(bytes);
}

// Unpacks and reads into reader->profile.
static void read_bytes(struct reader *reader, const void *bytes, size_t size) {
  if (size > UINT32_MAX) { // so that no count can pass 32 bits
    note(reader, CPROF_ELIMIT, "longer than 4 GiB");
    return;
  }
  bool is_short = false;
  ProtobufCAllocator memory = {allocate_message, free_message, &is_short};
  pb_profile *message =
      perftools__profiles__profile__unpack(&memory, size, bytes);
  if (!message) {
    note(reader, is_short ? CPROF_ENOMEM : CPROF_EFORMAT,
         is_short ? NULL : "not a profile.proto message");
    return;
  }
  reader->message = message;
  read_all(reader);
  perftools__profiles__profile__free_unpacked(message, &memory);
}

enum cprof_result cprof_pprof_read(const void *bytes, size_t size,
                                   struct cprof_profile **profile,
                                   const char **why) {
  *profile = NULL;
  struct reader reader = {.profile = cprof_profile_new()};
  if (!reader.profile)
    return CPROF_ENOMEM;
  read_bytes(&reader, bytes, size);
  done_reader(&reader);
  if (reader.result == CPROF_OK) {
    *profile = reader.profile;
    return CPROF_OK;
  }
  cprof_profile_free(reader.profile);
  if (why)
    *why = reader.why;
  return reader.result;
}
