// How long rows, edges and folded stacks of a large profile take to count, at
// the default granularity. Prints one line for each number of stacks.
#include "bench_profile.h"
#include "folded.h"
#include "graph.h"
#include "rows.h"

#include <time.h>

#define REPEATS 5

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static enum cprof_result drop(void *owner, const void *bytes, size_t size) {
  (void)owner;
  (void)bytes;
  (void)size;
  return CPROF_OK;
}

static void keep_best(double *best, double start) {
  double ms = now_ms() - start;
  *best = ms < *best ? ms : *best;
}

static void measure(uint32_t stacks) {
  struct cprof_profile *profile = make_profile(stacks);
  double rows_ms = 1e9, noise_ms = 1e9, graph_ms = 1e9, folded_ms = 1e9;
  for (int i = 0; i < REPEATS; i++) {
    struct cprof_nodes nodes;
    struct cprof_rows rows;
    struct cprof_graph graph;
    double start = now_ms();
    cprof_nodes_init(&nodes, profile, CPROF_BY_DEFINITION);
    cprof_rows_count(&nodes, 1, false, &rows);
    cprof_rows_done(&rows);
    keep_best(&rows_ms, start);
    start = now_ms();
    cprof_rows_count(&nodes, 1, true, &rows);
    cprof_rows_done(&rows);
    keep_best(&noise_ms, start);
    start = now_ms();
    cprof_graph_count(&nodes, 1, NULL, &graph);
    cprof_graph_done(&graph);
    keep_best(&graph_ms, start);
    start = now_ms();
    cprof_folded_write(&nodes, 1, (struct cprof_sink){drop, NULL});
    keep_best(&folded_ms, start);
    cprof_nodes_done(&nodes);
  }
  printf("stacks=%u rows_ms=%.1f noise_ms=%.1f graph_ms=%.1f folded_ms=%.1f\n",
         stacks, rows_ms, noise_ms, graph_ms, folded_ms);
  cprof_profile_free(profile);
}

int main(void) {
  for (uint32_t stacks = 10000; stacks <= 1000000; stacks *= 10)
    measure(stacks);
  return 0;
}
