// Who calls whom: the edges between nodes, as `go tool pprof` draws them. Each
// edge counts once in a sample. Only reads the profile.
#ifndef CPROF_GRAPH_H
#define CPROF_GRAPH_H

#include "nodes.h"

struct cprof_edge {
  uint32_t from, to; // nodes: the caller, what it calls
  int64_t value;
  uint32_t seen;    // the last sample + 1 that it occurs in
  bool is_inline;   // all its calls were inlined
  bool is_residual; // some went through nodes that are left out
};

// How a node was called, of all the edges into it; bits.
enum { CPROF_CALLED = 1, CPROF_CALLED_INLINE = 2 };

struct cprof_graph {
  struct cprof_edge *edges; // in order of first appearance
  uint32_t count, capacity;
  struct cprof_table table; // of edges
  uint32_t *last_into;      // of each node: the latest edge into it + 1
};

// Edges of one value. `kept`, one byte for each node, says which nodes are
// there: calls through the others lead from the nearest one that is kept.
// NULL: all are. CPROF_ERANGE: no such value. cprof_graph_done frees, also
// what a failed count left, and may be called twice.
enum cprof_result cprof_graph_count(const struct cprof_nodes *nodes,
                                    uint32_t value_index, const uint8_t *kept,
                                    struct cprof_graph *graph);
void cprof_graph_done(struct cprof_graph *graph);
// Sets how each node was called; `calls` has a byte, 0, for each.
void cprof_graph_calls(const struct cprof_graph *graph, uint8_t *calls);

#endif
