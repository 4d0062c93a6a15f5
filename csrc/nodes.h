// What a report counts as one thing: at each granularity the frames of a
// profile are numbered by node. rows, graph and folded sum over these numbers.
// A node is what `go tool pprof` makes of a frame, but for two departures:
// definitions are ours, and a file is one node, however many functions it has.
#ifndef CPROF_NODES_H
#define CPROF_NODES_H

#include "profile.h"

enum cprof_granularity {
  CPROF_BY_DEFINITION,   // name, file, line where it begins: ours, the default
  CPROF_BY_FUNCTION,     // name: pprof's default
  CPROF_BY_FILEFUNCTION, // name and file
  CPROF_BY_FILE,         // file
  CPROF_BY_LINE,         // name, file, line that runs
  CPROF_BY_ADDRESS,      // location's address, and function at a line
};

// A field that the granularity does not look at is 0.
struct cprof_node {
  uint32_t name;      // string of the profile
  uint32_t filename;  // string of nodes->files
  int64_t start_line; // by definition; and of functions without a name
  int64_t line;       // by line and by address
  int64_t column;     // by address
  uint64_t address;   // by address
  uint32_t object;    // string of the profile: the mapping's file, of what has
                      // no name
};

struct cprof_nodes {
  const struct cprof_profile *profile; // must outlive it
  enum cprof_granularity granularity;
  struct cprof_node *nodes;
  uint32_t count, capacity;
  struct cprof_table table;
  struct cprof_strings files; // paths as filepath.Clean leaves them; 0: none
  uint32_t *file_of;          // of each string of the profile; 0: not known yet
  uint32_t *first_of; // of location i: into node_of, up to that of i + 1
  uint32_t *node_of;  // the nodes of a location's frames, innermost first
};

// Numbers the frames of all locations. cprof_nodes_done frees, also what a
// failed init left, and may be called twice.
enum cprof_result cprof_nodes_init(struct cprof_nodes *nodes,
                                   const struct cprof_profile *profile,
                                   enum cprof_granularity granularity);
void cprof_nodes_done(struct cprof_nodes *nodes);

static inline int64_t cprof_magnitude(int64_t a) {
  return a < 0 ? cprof_add_wrapping(~a, 1) : a;
}

static inline int64_t cprof_value_of(const struct cprof_profile *profile,
                                     uint32_t sample, uint32_t value_index) {
  return profile->values[(size_t)sample * profile->type_count + value_index];
}

#endif
