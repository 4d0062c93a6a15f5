// Flat and cumulative values per node, as `go tool pprof -top` sums them. Takes
// time and memory in proportion to the profile, whose stacks are as long as
// cprof_pprof_read allows. Only reads the profile.
#ifndef CPROF_ROWS_H
#define CPROF_ROWS_H

#include "nodes.h"
#include "noise.h"

struct cprof_row {
  int64_t flat; // samples whose leaf it is
  int64_t cum;  // samples in which it occurs, each once
  double flat_variance, cum_variance;
  uint32_t seen; // the last sample + 1 that it occurs in
};

struct cprof_rows {
  struct cprof_row *rows; // row i is that of node i; most are 0 and 0 where
  uint32_t count;         // a profile has frames without samples
  enum cprof_noise_kind noise; // what the variances are
};

// Rows of one value. Variances only if asked for. CPROF_ERANGE: no such value.
// cprof_rows_done frees, and may be called twice.
enum cprof_result cprof_rows_count(const struct cprof_nodes *nodes,
                                   uint32_t value_index, bool has_variances,
                                   struct cprof_rows *rows);
void cprof_rows_done(struct cprof_rows *rows);

// What percentages are of: all samples, without signs; when a base was
// subtracted and its samples are labelled so (pprof::base=true), only they.
int64_t cprof_rows_total(const struct cprof_profile *profile,
                         uint32_t value_index);

#endif
