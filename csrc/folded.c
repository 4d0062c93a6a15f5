// Folded stacks of the nodes of a profile. Called by the edge; only reads the
// profile. See folded.h.
#include "folded.h"

#include <inttypes.h>
#include <stdio.h> // snprintf
#include <stdlib.h>
#include <string.h>

#define NUMBER_BYTES 24 // a number of 64 bits, what stands around it, NUL
#define NO_STACK "[no stack]"
#define NO_NAME "<unknown>"

// How long folded text may be, with the texts of frames that are kept for it: a
// few long names in many stacks, or one long name of many definitions, make a
// small profile into more than any memory holds.
#define TEXT_FREE ((uint64_t)64 << 20)
#define TEXT_PER_FRAME 256u

#define SEVERAL UINT32_MAX // nodes have this name

// A stack is kept as the numbers of its frames, so that long names cost once.
struct folder {
  const struct cprof_nodes *nodes;
  struct cprof_strings frames; // texts of frames, each once
  uint32_t *of_node;           // the frame of each node, 0: not yet known
  uint32_t *of_name;           // of each string: its only node + 1, or SEVERAL
  struct cprof_buffer text;    // of one frame or of one line
  struct cprof_buffer stack;   // frames of one sample, root first
  struct cprof_strings stacks; // those seen, in order
  int64_t *sums;               // of each of them
  uint32_t sum_count, sum_capacity;
  uint64_t left; // bytes that may still be written
};

// ---- names of frames ----

// Which names say which node.
static enum cprof_result find_names(struct folder *folder) {
  const struct cprof_nodes *nodes = folder->nodes;
  folder->of_name =
      calloc(nodes->profile->strings.count + 1u, sizeof *folder->of_name);
  if (!folder->of_name)
    return CPROF_ENOMEM;
  for (uint32_t i = 0; i < nodes->count; i++) {
    uint32_t *known = &folder->of_name[nodes->nodes[i].name];
    *known = *known == 0 ? i + 1 : SEVERAL;
  }
  return CPROF_OK;
}

// Appends bytes; what would end a frame or a line becomes harmless.
static enum cprof_result append_name(struct folder *folder, const char *bytes,
                                     size_t size) {
  size_t start = folder->text.size;
  enum cprof_result result = cprof_buffer_append(&folder->text, bytes, size);
  if (result != CPROF_OK)
    return result;
  for (uint8_t *at = folder->text.bytes + start; size > 0; size--, at++)
    if (*at == ';')
      *at = ':';
    else if (*at == '\n' || *at == '\r')
      *at = ' ';
  return CPROF_OK;
}

// Appends a string from this byte on.
static enum cprof_result append_string(struct folder *folder,
                                       const struct cprof_strings *strings,
                                       uint32_t id, size_t from) {
  size_t size;
  const char *bytes = cprof_strings_get(strings, id, &size);
  return append_name(folder, bytes + from, size - from);
}

static enum cprof_result append_text(struct folder *folder, const char *text) {
  return cprof_buffer_append(&folder->text, text, strlen(text));
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

static enum cprof_result append_line(struct folder *folder, int64_t line) {
  char text[NUMBER_BYTES];
  snprintf(text, sizeof text, ":%" PRId64, line);
  return append_text(folder, text);
}

// file:line, of the path from this byte on.
static enum cprof_result append_place(struct folder *folder,
                                      const struct cprof_node *node,
                                      size_t from, int64_t line) {
  enum cprof_result result =
      append_string(folder, &folder->nodes->files, node->filename, from);
  return result == CPROF_OK ? append_line(folder, line) : result;
}

// "[lib.so]" of its path, or what stands for nothing.
static enum cprof_result append_object(struct folder *folder, uint32_t object) {
  const struct cprof_strings *strings = &folder->nodes->profile->strings;
  if (object == 0)
    return append_text(folder, NO_NAME);
  const char *path = cprof_strings_get(strings, object, NULL);
  const char *slash = strrchr(path, '/');
  enum cprof_result result = append_text(folder, "[");
  if (result == CPROF_OK)
    result = append_string(folder, strings, object,
                           slash ? (size_t)(slash - path) + 1 : 0);
  return result == CPROF_OK ? append_text(folder, "]") : result;
}

// The name, with its place where that is needed.
static enum cprof_result append_definition(struct folder *folder,
                                           const struct cprof_node *node) {
  const struct cprof_nodes *nodes = folder->nodes;
  if (node->name == 0)
    return node->filename == 0
               ? append_object(folder, node->object)
               : append_place(folder, node, 0, node->start_line);
  enum cprof_result result =
      append_string(folder, &nodes->profile->strings, node->name, 0);
  if (folder->of_name[node->name] != SEVERAL || result != CPROF_OK)
    return result;
  const char *path = cprof_strings_get(&nodes->files, node->filename, NULL);
  result = append_text(folder, " (");
  if (result == CPROF_OK)
    result = append_place(folder, node, base_start(path), node->start_line);
  return result == CPROF_OK ? append_text(folder, ")") : result;
}

// pprof's name of a node: what it has of address, name, file and line.
static enum cprof_result append_node(struct folder *folder,
                                     const struct cprof_node *node) {
  const struct cprof_nodes *nodes = folder->nodes;
  char address[NUMBER_BYTES] = "";
  if (node->address != 0)
    snprintf(address, sizeof address, "%016" PRIx64 " ", node->address);
  enum cprof_result result = append_text(folder, address);
  if (result == CPROF_OK && node->name != 0)
    result = append_string(folder, &nodes->profile->strings, node->name, 0);
  bool has_place = node->line != 0 || node->filename != 0;
  if (result == CPROF_OK && node->name != 0 && has_place)
    result = append_text(folder, " ");
  if (result == CPROF_OK && has_place)
    result = append_string(folder, &nodes->files, node->filename, 0);
  if (result == CPROF_OK && node->line != 0)
    result = append_line(folder, node->line);
  if (result == CPROF_OK && node->column != 0 && node->line != 0)
    result = append_line(folder, node->column);
  if (result == CPROF_OK && node->name == 0 && !has_place)
    result = append_object(folder, node->object);
  return result;
}

// ---- stacks ----

// What text and kept frames may take, of stacks with so many frames in all.
static uint64_t budget_of(uint64_t frames) {
  return TEXT_FREE + frames * TEXT_PER_FRAME;
}

// Puts the frame's text to the others; no frame is empty, so none is number 0.
static enum cprof_result put_frame(struct folder *folder, uint32_t node,
                                   uint32_t *frame) {
  const struct cprof_nodes *nodes = folder->nodes;
  uint64_t left = budget_of(folder->frames.count) - folder->frames.size;
  folder->text.size = 0;
  folder->text.size_max = (size_t)left; // never 0: each frame adds to both
  enum cprof_result result =
      nodes->granularity == CPROF_BY_DEFINITION
          ? append_definition(folder, &nodes->nodes[node])
          : append_node(folder, &nodes->nodes[node]);
  if (result != CPROF_OK)
    return result;
  return cprof_strings_put(&folder->frames, (const char *)folder->text.bytes,
                           folder->text.size, frame);
}

static enum cprof_result push_frame(struct folder *folder, uint32_t node) {
  uint32_t *frame = &folder->of_node[node];
  if (*frame == 0) {
    enum cprof_result result = put_frame(folder, node, frame);
    if (result != CPROF_OK)
      return result;
  }
  return cprof_buffer_append(&folder->stack, frame, sizeof *frame);
}

static enum cprof_result push_location(struct folder *folder, uint32_t id) {
  const struct cprof_nodes *nodes = folder->nodes;
  enum cprof_result result = CPROF_OK;
  uint32_t first = nodes->first_of[id - 1];
  for (uint32_t at = nodes->first_of[id]; at > first && result == CPROF_OK;
       at--)
    result = push_frame(folder, nodes->node_of[at - 1]);
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
  const uint32_t *ids =
      folder->nodes->profile->location_ids + sample->first_location;
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
  folder->sums[id] = cprof_add_wrapping(folder->sums[id], value);
  return CPROF_OK;
}

static enum cprof_result fold_all(struct folder *folder, uint32_t value_index) {
  const struct cprof_profile *profile = folder->nodes->profile;
  folder->of_node =
      calloc(folder->nodes->count + (size_t)1, sizeof *folder->of_node);
  if (!folder->of_node)
    return CPROF_ENOMEM;
  enum cprof_result result = find_names(folder);
  if (result == CPROF_OK)
    result = cprof_strings_init(&folder->frames);
  if (result == CPROF_OK)
    result = cprof_strings_init(&folder->stacks);
  for (uint32_t i = 0; i < profile->sample_count && result == CPROF_OK; i++) {
    result = fold_stack(folder, &profile->samples[i]);
    if (result == CPROF_OK)
      result = sum_stack(folder, cprof_value_of(profile, i, value_index));
  }
  return result;
}

// ---- text ----

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
  char text[NUMBER_BYTES];
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
  uint64_t budget = budget_of(folder->stacks.size / sizeof(uint32_t));
  if (budget <= folder->frames.size)
    return CPROF_ELIMIT;
  folder->left = budget - folder->frames.size;
  for (uint32_t i = 1; i < folder->sum_count && result == CPROF_OK; i++)
    if (folder->sums[i] != 0)
      result = write_line(folder, i, sink);
  return result;
}

enum cprof_result cprof_folded_write(const struct cprof_nodes *nodes,
                                     uint32_t value_index,
                                     struct cprof_sink sink) {
  if (value_index >= nodes->profile->type_count)
    return CPROF_ERANGE;
  struct folder folder = {.nodes = nodes};
  enum cprof_result result = fold_all(&folder, value_index);
  if (result == CPROF_OK)
    result = write_all(&folder, sink);
  cprof_buffer_done(&folder.text);
  cprof_buffer_done(&folder.stack);
  cprof_strings_done(&folder.frames);
  cprof_strings_done(&folder.stacks);
  free(folder.of_node);
  free(folder.of_name);
  free(folder.sums);
  return result;
}
