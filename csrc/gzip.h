// gzip streams over sinks. The only unit that knows zlib.
#ifndef CPROF_GZIP_H
#define CPROF_GZIP_H

#include "base.h"

struct cprof_gzip; // one gzip member being written

// Starts a member at this zlib level (1 for profiles) that flows to `next`.
enum cprof_result cprof_gzip_open(struct cprof_gzip **gzip,
                                  struct cprof_sink next, int level);
// A sink that compresses into it.
struct cprof_sink cprof_gzip_sink(struct cprof_gzip *gzip);
// Writes the trailer and frees; with `keep` false only frees. NULL is allowed.
enum cprof_result cprof_gzip_close(struct cprof_gzip *gzip, bool keep);

// Appends to `out` what the bytes decompress to: all concatenated members; or
// the bytes as they are when they do not begin with 1f 8b. CPROF_EFORMAT when
// damaged or cut short; CPROF_ELIMIT when out->size_max is passed.
enum cprof_result cprof_gunzip(const void *bytes, size_t size,
                               struct cprof_buffer *out);

#endif
