// Writes profile.proto by protobuf-c, in batches. Called by the edge and the
// exporters on any thread, never from the signal handler. The grammar is
// proto/profile.proto; see pprof.h. The reader is pprof_read.c.
#include "pprof.h"

#include "pprof_pb.h"
#include "utf8.h"
#include <stdlib.h>

static const pb_profile profile_init = PERFTOOLS__PROFILES__PROFILE__INIT;
static const pb_type type_init = PERFTOOLS__PROFILES__VALUE_TYPE__INIT;
static const pb_sample sample_init = PERFTOOLS__PROFILES__SAMPLE__INIT;
static const pb_label label_init = PERFTOOLS__PROFILES__LABEL__INIT;
static const pb_mapping mapping_init = PERFTOOLS__PROFILES__MAPPING__INIT;
static const pb_location location_init = PERFTOOLS__PROFILES__LOCATION__INIT;
static const pb_line line_init = PERFTOOLS__PROFILES__LINE__INIT;
static const pb_function function_init = PERFTOOLS__PROFILES__FUNCTION__INIT;

// ---- writing: batches ----

// A batch also ends when its entries weigh this much (ids, 8 bytes each).
#define BATCH_WEIGHT_MAX 65536u
#define LABEL_WEIGHT (ITEM_BYTES(pb_label) / 8)

enum phase {
  PHASE_HEAD,      // types, times, comments
  PHASE_STRINGS,   // string_table
  PHASE_MAPPINGS,  //
  PHASE_FUNCTIONS, //
  PHASE_LOCATIONS, //
  PHASE_SAMPLES,   //
  PHASE_DONE,      // nothing left to write
};

// Makes room for `size` bytes and forgets what was there.
static enum cprof_result clear(struct cprof_buffer *buffer, size_t size) {
  buffer->size = 0;
  if (buffer->capacity >= size)
    return CPROF_OK;
  cprof_buffer_done(buffer);
  buffer->bytes = malloc(size);
  if (!buffer->bytes)
    return CPROF_ENOMEM;
  buffer->capacity = size;
  return CPROF_OK;
}

// A part of the batch; clear() has made room for all of them.
static void *take(struct cprof_buffer *batch, size_t size) {
  void *at = batch->bytes + batch->size;
  batch->size += size;
  return at;
}

// The array of pointers to `count` items that protobuf-c wants.
static void *take_pointers(struct cprof_buffer *batch, void *items,
                           size_t count, size_t item_size) {
  void **pointers = take(batch, count * sizeof *pointers);
  for (size_t i = 0; i < count; i++)
    pointers[i] = (char *)items + i * item_size;
  return pointers;
}

// What an item and its pointer take of a batch.
#define ITEM_BYTES(type) (sizeof(type) + sizeof(type *))

// Packs the message and hands it on.
static enum cprof_result put(struct cprof_pprof_writer *writer,
                             const pb_profile *message) {
  size_t size = perftools__profiles__profile__get_packed_size(message);
  enum cprof_result result = clear(&writer->scratch, size);
  if (result != CPROF_OK || size == 0)
    return result;
  perftools__profiles__profile__pack(message, writer->scratch.bytes);
  return writer->sink.write(writer->sink.owner, writer->scratch.bytes, size);
}

// ---- writing: phases ----

static pb_type pack_type(const struct cprof_value_type *from) {
  pb_type type = type_init;
  type.type = from->type;
  type.unit = from->unit;
  return type;
}

static void pack_scalars(pb_profile *message,
                         const struct cprof_profile *profile) {
  message->drop_frames = profile->drop_frames;
  message->keep_frames = profile->keep_frames;
  message->time_nanos = profile->time_nanos;
  message->duration_nanos = profile->duration_nanos;
  message->period = profile->period;
  message->default_sample_type = profile->default_sample_type;
  message->doc_url = profile->doc_url;
}

static enum cprof_result write_head(struct cprof_pprof_writer *writer,
                                    uint32_t count) {
  (void)count;
  const struct cprof_profile *profile = writer->profile;
  size_t size = profile->comment_count * sizeof(int64_t);
  enum cprof_result result = clear(&writer->batch, size);
  if (result != CPROF_OK)
    return result;
  pb_profile message = profile_init;
  pack_scalars(&message, profile);
  pb_type types[CPROF_TYPES_MAX], *pointers[CPROF_TYPES_MAX];
  for (uint32_t i = 0; i < profile->type_count; i++) {
    types[i] = pack_type(&profile->types[i]);
    pointers[i] = &types[i];
  }
  message.n_sample_type = profile->type_count;
  message.sample_type = pointers;
  pb_type period_type = pack_type(&profile->period_type);
  if (period_type.type != 0 || period_type.unit != 0)
    message.period_type = &period_type;
  message.n_comment = profile->comment_count;
  message.comment = take(&writer->batch, size);
  for (uint32_t i = 0; i < profile->comment_count; i++)
    message.comment[i] = profile->comments[i];
  return put(writer, &message);
}

static ProtobufCBinaryData raw_string(const struct cprof_profile *profile,
                                      uint32_t id) {
  ProtobufCBinaryData string;
  string.data =
      (uint8_t *)profile->strings.bytes + profile->strings.offsets[id];
  string.len = profile->strings.lengths[id];
  return string;
}

// Bytes that the invalid ones among these strings may grow to.
static size_t sanitised_bytes(const struct cprof_pprof_writer *writer,
                              uint32_t count) {
  size_t bytes = 0;
  for (uint32_t i = 0; i < count; i++) {
    ProtobufCBinaryData string = raw_string(writer->profile, writer->next + i);
    if (!cprof_utf8_is_valid(string.data, string.len))
      bytes += string.len * CPROF_UTF8_GROWTH;
  }
  return bytes;
}

static enum cprof_result write_strings(struct cprof_pprof_writer *writer,
                                       uint32_t count) {
  size_t dirty = sanitised_bytes(writer, count);
  enum cprof_result result =
      clear(&writer->batch, count * sizeof(ProtobufCBinaryData) + dirty);
  if (result != CPROF_OK)
    return result;
  ProtobufCBinaryData *items = take(&writer->batch, count * sizeof *items);
  for (uint32_t i = 0; i < count; i++) {
    items[i] = raw_string(writer->profile, writer->next + i);
    if (dirty == 0 || cprof_utf8_is_valid(items[i].data, items[i].len))
      continue;
    uint8_t *to = take(&writer->batch, items[i].len * CPROF_UTF8_GROWTH);
    items[i].len = cprof_utf8_sanitise(to, items[i].data, items[i].len);
    items[i].data = to;
  }
  pb_profile message = profile_init;
  message.n_string_table = count;
  message.string_table = items;
  return put(writer, &message);
}

static pb_mapping pack_mapping(const struct cprof_mapping *from) {
  pb_mapping mapping = mapping_init;
  mapping.memory_start = from->memory_start;
  mapping.memory_limit = from->memory_limit;
  mapping.file_offset = from->file_offset;
  mapping.filename = from->filename;
  mapping.build_id = from->build_id;
  mapping.has_functions = from->has_functions;
  mapping.has_filenames = from->has_filenames;
  mapping.has_line_numbers = from->has_line_numbers;
  mapping.has_inline_frames = from->has_inline_frames;
  return mapping;
}

static enum cprof_result write_mappings(struct cprof_pprof_writer *writer,
                                        uint32_t count) {
  enum cprof_result result =
      clear(&writer->batch, count * ITEM_BYTES(pb_mapping));
  if (result != CPROF_OK)
    return result;
  pb_mapping *items = take(&writer->batch, count * sizeof *items);
  for (uint32_t i = 0; i < count; i++) {
    items[i] = pack_mapping(&writer->profile->mappings[writer->next + i]);
    items[i].id = writer->next + i + 1u;
  }
  pb_profile message = profile_init;
  message.n_mapping = count;
  message.mapping = take_pointers(&writer->batch, items, count, sizeof *items);
  return put(writer, &message);
}

static pb_function pack_function(const struct cprof_function *from) {
  pb_function function = function_init;
  function.name = from->name;
  function.system_name = from->system_name;
  function.filename = from->filename;
  function.start_line = from->start_line;
  return function;
}

static enum cprof_result write_functions(struct cprof_pprof_writer *writer,
                                         uint32_t count) {
  enum cprof_result result =
      clear(&writer->batch, count * ITEM_BYTES(pb_function));
  if (result != CPROF_OK)
    return result;
  pb_function *items = take(&writer->batch, count * sizeof *items);
  for (uint32_t i = 0; i < count; i++) {
    items[i] = pack_function(&writer->profile->functions[writer->next + i]);
    items[i].id = writer->next + i + 1u;
  }
  pb_profile message = profile_init;
  message.n_function = count;
  message.function = take_pointers(&writer->batch, items, count, sizeof *items);
  return put(writer, &message);
}

static pb_location pack_location(struct cprof_pprof_writer *writer,
                                 const struct cprof_location *from) {
  uint32_t count = from->line_count;
  pb_line *lines = take(&writer->batch, count * sizeof *lines);
  for (uint32_t i = 0; i < count; i++) {
    const struct cprof_line *line =
        &writer->profile->lines[from->first_line + i];
    lines[i] = line_init;
    lines[i].function_id = line->function;
    lines[i].line = line->line;
    lines[i].column = line->column;
  }
  pb_location location = location_init;
  location.mapping_id = from->mapping;
  location.address = from->address;
  location.is_folded = from->is_folded;
  location.n_line = count;
  location.line = take_pointers(&writer->batch, lines, count, sizeof *lines);
  return location;
}

static enum cprof_result write_locations(struct cprof_pprof_writer *writer,
                                         uint32_t count) {
  const struct cprof_location *from = &writer->profile->locations[writer->next];
  size_t line_count = 0;
  for (uint32_t i = 0; i < count; i++)
    line_count += from[i].line_count;
  enum cprof_result result =
      clear(&writer->batch,
            count * ITEM_BYTES(pb_location) + line_count * ITEM_BYTES(pb_line));
  if (result != CPROF_OK)
    return result;
  pb_location *items = take(&writer->batch, count * sizeof *items);
  for (uint32_t i = 0; i < count; i++) {
    items[i] = pack_location(writer, &from[i]);
    items[i].id = writer->next + i + 1u;
  }
  pb_profile message = profile_init;
  message.n_location = count;
  message.location = take_pointers(&writer->batch, items, count, sizeof *items);
  return put(writer, &message);
}

static void pack_labels(struct cprof_pprof_writer *writer,
                        const struct cprof_psample *from, pb_sample *sample) {
  uint32_t count = from->label_count;
  pb_label *labels = take(&writer->batch, count * sizeof *labels);
  for (uint32_t i = 0; i < count; i++) {
    const struct cprof_label *label =
        &writer->profile->labels[from->first_label + i];
    labels[i] = label_init;
    labels[i].key = label->key;
    labels[i].str = label->str;
    labels[i].num = label->num;
    labels[i].num_unit = label->num_unit;
  }
  sample->n_label = count;
  sample->label = take_pointers(&writer->batch, labels, count, sizeof *labels);
}

// Sample `index`; its values stay where they are.
static pb_sample pack_sample(struct cprof_pprof_writer *writer,
                             uint32_t index) {
  const struct cprof_profile *profile = writer->profile;
  const struct cprof_psample *from = &profile->samples[index];
  const uint32_t *ids = profile->location_ids + from->first_location;
  pb_sample sample = sample_init;
  sample.n_location_id = from->location_count;
  sample.location_id =
      take(&writer->batch, from->location_count * sizeof *sample.location_id);
  for (uint32_t i = 0; i < from->location_count; i++)
    sample.location_id[i] = ids[i];
  sample.n_value = profile->type_count;
  sample.value = profile->values + (size_t)index * profile->type_count;
  if (from->label_count > 0)
    pack_labels(writer, from, &sample);
  return sample;
}

static enum cprof_result write_samples(struct cprof_pprof_writer *writer,
                                       uint32_t count) {
  const struct cprof_psample *from = &writer->profile->samples[writer->next];
  size_t size = count * ITEM_BYTES(pb_sample);
  for (uint32_t i = 0; i < count; i++)
    size += from[i].location_count * sizeof(uint64_t) +
            from[i].label_count * ITEM_BYTES(pb_label);
  enum cprof_result result = clear(&writer->batch, size);
  if (result != CPROF_OK)
    return result;
  pb_sample *items = take(&writer->batch, count * sizeof *items);
  for (uint32_t i = 0; i < count; i++)
    items[i] = pack_sample(writer, writer->next + i);
  pb_profile message = profile_init;
  message.n_sample = count;
  message.sample = take_pointers(&writer->batch, items, count, sizeof *items);
  return put(writer, &message);
}

// ---- writing: public ----

// How many entries the phase has.
static uint32_t phase_total(const struct cprof_profile *profile,
                            enum phase phase) {
  switch (phase) {
  case PHASE_HEAD:
    return 1;
  case PHASE_STRINGS:
    return profile->strings.count;
  case PHASE_MAPPINGS:
    return profile->mapping_count;
  case PHASE_FUNCTIONS:
    return profile->function_count;
  case PHASE_LOCATIONS:
    return profile->location_count;
  case PHASE_SAMPLES:
    return profile->sample_count;
  case PHASE_DONE:
    return 0;
  }
  return 0;
}

// What hangs on an entry, in units of 8 bytes.
static uint64_t entry_weight(const struct cprof_profile *profile,
                             enum phase phase, uint32_t index) {
  if (phase == PHASE_STRINGS)
    return profile->strings.lengths[index] / 8;
  if (phase == PHASE_LOCATIONS)
    return profile->locations[index].line_count;
  if (phase == PHASE_SAMPLES)
    return profile->samples[index].location_count +
           (uint64_t)profile->samples[index].label_count * LABEL_WEIGHT;
  return 0;
}

// How many entries the next batch takes: at least one.
static uint32_t batch_count(const struct cprof_pprof_writer *writer,
                            enum phase phase, uint32_t total) {
  uint32_t left = total - writer->next, count = 0;
  uint64_t weight = 0;
  while (count < left && count < CPROF_PPROF_BATCH) {
    weight += entry_weight(writer->profile, phase, writer->next + count);
    if (count > 0 && weight > BATCH_WEIGHT_MAX)
      break;
    count++;
  }
  return count;
}

void cprof_pprof_start(struct cprof_pprof_writer *writer,
                       const struct cprof_profile *profile,
                       struct cprof_sink sink) {
  *writer = (struct cprof_pprof_writer){
      .profile = profile, .sink = sink, .phase = PHASE_HEAD};
}

enum cprof_result cprof_pprof_step(struct cprof_pprof_writer *writer) {
  static enum cprof_result (*const writes[PHASE_DONE])(
      struct cprof_pprof_writer *, uint32_t) = {
      [PHASE_HEAD] = write_head,           [PHASE_STRINGS] = write_strings,
      [PHASE_MAPPINGS] = write_mappings,   [PHASE_FUNCTIONS] = write_functions,
      [PHASE_LOCATIONS] = write_locations, [PHASE_SAMPLES] = write_samples,
  };
  enum phase phase = (enum phase)writer->phase;
  uint32_t total = phase_total(writer->profile, phase);
  if (writer->next < total) {
    uint32_t count = batch_count(writer, phase, total);
    enum cprof_result result = writes[phase](writer, count);
    if (result != CPROF_OK)
      return result;
    writer->next += count;
  }
  while (phase != PHASE_DONE && writer->next == total) {
    writer->phase = (int)++phase;
    writer->next = 0;
    total = phase_total(writer->profile, phase);
  }
  return phase == PHASE_DONE ? CPROF_OK : CPROF_EAGAIN;
}

void cprof_pprof_done(struct cprof_pprof_writer *writer) {
  cprof_buffer_done(&writer->batch);
  cprof_buffer_done(&writer->scratch);
}

enum cprof_result cprof_pprof_write(const struct cprof_profile *profile,
                                    struct cprof_sink sink) {
  struct cprof_pprof_writer writer;
  cprof_pprof_start(&writer, profile, sink);
  enum cprof_result result;
  do
    result = cprof_pprof_step(&writer);
  while (result == CPROF_EAGAIN);
  cprof_pprof_done(&writer);
  return result;
}
