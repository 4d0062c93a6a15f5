// How far a sampled value may lie from the true one by chance: the variance of
// each sample of a profile. rows add it up per node. Only reads the profile.
#ifndef CPROF_NOISE_H
#define CPROF_NOISE_H

#include "profile.h"

enum cprof_noise_kind {
  CPROF_NOISE_NONE,    // not known: every variance is 0
  CPROF_NOISE_SIGNALS, // samples came at random, and how many is known
  CPROF_NOISE_BYTES,   // objects were sampled by their bytes, as heaps are
};

struct cprof_noise {
  enum cprof_noise_kind kind;
  uint32_t value; // index of the type asked about
  uint32_t count; // of the one that counts its signals, or its objects
  uint32_t bytes; // of the one that tells its objects' bytes
  double period;  // mean bytes between two samples
};

// What is known of a sample type (counted from 0).
struct cprof_noise cprof_noise_of(const struct cprof_profile *profile,
                                  uint32_t value_index);
// The variance of one sample's value; `values` are all of that sample.
double cprof_noise_variance(const struct cprof_noise *noise,
                            const int64_t *values);
// "signals", "bytes" or "none".
const char *cprof_noise_name(enum cprof_noise_kind kind);

#endif
