// What a frame is at each granularity, spelled out as text in the plainest
// way: the oracle for the numbers of nodes. For the tests of rows and graph.
#ifndef CPROF_FRAME_KEYS_H
#define CPROF_FRAME_KEYS_H

#include "nodes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEY_BYTES 512
#define STACK_MAX 1024 // frames of one random sample

// A frame: a line of a location, or the location itself (line NULL).
struct frame {
  const struct cprof_location *location;
  const struct cprof_line *line;
  bool is_inline; // the function around it is in the same location
};

// The frames of a sample, leaf first; returns how many.
static inline uint32_t list_frames(const struct cprof_profile *profile,
                                   const struct cprof_psample *sample,
                                   struct frame *frames) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < sample->location_count; i++) {
    uint32_t id = profile->location_ids[sample->first_location + i];
    const struct cprof_location *location = &profile->locations[id - 1];
    const struct cprof_line *lines = &profile->lines[location->first_line];
    if (location->line_count == 0)
      frames[count++] = (struct frame){location, NULL, false};
    for (uint32_t j = 0; j < location->line_count; j++)
      frames[count++] =
          (struct frame){location, &lines[j], j + 1 < location->line_count};
  }
  return count;
}

// The names of random_profile need no cleaning, so ids of strings will do.
static inline void frame_key(const struct cprof_profile *profile,
                             const struct frame *frame,
                             enum cprof_granularity by, char *key) {
  struct cprof_function none = {0};
  const struct cprof_function *function =
      frame->line ? &profile->functions[frame->line->function - 1] : &none;
  uint32_t mapping = frame->location->mapping;
  uint32_t object = mapping ? profile->mappings[mapping - 1].filename : 0;
  bool is_ours = by == CPROF_BY_DEFINITION || by == CPROF_BY_FILE;
  uint32_t name = by == CPROF_BY_FILE ? 0 : function->name;
  uint32_t file = by == CPROF_BY_FUNCTION ? 0 : function->filename;
  bool has_object = name == 0 && !(is_ours && file != 0);
  bool has_start = by == CPROF_BY_DEFINITION || (has_object && !is_ours);
  bool has_line = frame->line && by >= CPROF_BY_LINE;
  snprintf(key, KEY_BYTES,
           "%u %u s%" PRId64 " l%" PRId64 " c%" PRId64 " a%" PRIx64 " o%u",
           name, file, has_start ? function->start_line : 0,
           has_line ? frame->line->line : 0,
           has_line && by == CPROF_BY_ADDRESS ? frame->line->column : 0,
           by == CPROF_BY_ADDRESS ? frame->location->address : 0,
           has_object ? object : 0);
}

// The same of a node.
static inline void node_key(const struct cprof_nodes *nodes, uint32_t index,
                            const uint32_t *string_of, char *key) {
  const struct cprof_node *node = &nodes->nodes[index];
  snprintf(key, KEY_BYTES,
           "%u %u s%" PRId64 " l%" PRId64 " c%" PRId64 " a%" PRIx64 " o%u",
           node->name, string_of[node->filename], node->start_line, node->line,
           node->column, node->address, node->object);
}

// The string of the profile that each file of nodes is.
static inline void find_strings(const struct cprof_nodes *nodes,
                                uint32_t *string_of) {
  string_of[0] = 0;
  for (uint32_t i = 1; i < nodes->profile->strings.count; i++)
    if (nodes->file_of[i] != 0)
      string_of[nodes->file_of[i]] = i;
}

#endif
