// profile.proto in and out, by protobuf-c. The grammar is
// csrc/proto/profile.proto. Writing streams batches of at most
// CPROF_PPROF_BATCH entries: concatenated messages are one valid message.
// Reading trusts nothing. Only these units and pprof_unpack know protobuf-c.
#ifndef CPROF_PPROF_H
#define CPROF_PPROF_H

#include "profile.h"

#define CPROF_PPROF_BATCH 1000u

// Writes a profile piece by piece; a state machine, see enum in pprof.c.
struct cprof_pprof_writer {
  const struct cprof_profile *profile; // must outlive the writer
  struct cprof_sink sink;              // raw (not gzipped) bytes go here
  int phase;                           // enum phase
  uint32_t next;                       // index within the phase
  struct cprof_buffer batch;           // its messages, before packing
  struct cprof_buffer scratch;         // and packed
};

void cprof_pprof_start(struct cprof_pprof_writer *writer,
                       const struct cprof_profile *profile,
                       struct cprof_sink sink);
// Writes one batch. CPROF_EAGAIN: there is more; CPROF_OK: all is written.
enum cprof_result cprof_pprof_step(struct cprof_pprof_writer *writer);
// Releases what the writer holds; may be called twice.
void cprof_pprof_done(struct cprof_pprof_writer *writer);

// The whole profile in one go.
enum cprof_result cprof_pprof_write(const struct cprof_profile *profile,
                                    struct cprof_sink sink);

// Reads an uncompressed profile.proto message. On CPROF_EFORMAT and
// CPROF_ELIMIT *why (may be NULL) says what is wrong with which entry.
// *profile is the caller's to free.
//
// Time grows with the bytes and with nothing else. So does memory: while it
// reads, at most 12 times the bytes, which are labels that say nothing (24
// bytes for 2), and 16 MiB for the largest entry. spec/csrc/read_bench.c
// measures it. Refused by CPROF_ELIMIT: more than 4 GiB, or CPROF_TYPES_MAX
// types; an entry, other than a string, of more than 1 MiB or that takes more
// than 16 MiB unpacked; more than 8 inlined frames for each location of all
// stacks, when all together are more than 2^24.
enum cprof_result cprof_pprof_read(const void *bytes, size_t size,
                                   struct cprof_profile **profile,
                                   struct cprof_why *why);

#endif
