// Messages of proto/profile.proto from bytes, by protobuf-c, in memory that
// is bounded and used again: what is unpacked takes up to 60 times the room of
// its bytes. Only for pprof_read.c.
#ifndef CPROF_PPROF_UNPACK_H
#define CPROF_PPROF_UNPACK_H

#include "base.h"
#include "pprof_pb.h"

// What one message may take.
#define CPROF_UNPACK_BYTES_MAX ((size_t)16 << 20)

// All zero is a valid one that holds nothing.
struct cprof_unpacker {
  struct cprof_unpack_block *blocks; // the newest, and largest, first
  size_t size;                       // of all blocks
  enum cprof_result failure;         // why memory was refused, CPROF_OK: never
};

// Unpacks a profile message, which holds until the next call. CPROF_EFORMAT:
// it is none; CPROF_ELIMIT: it takes more than CPROF_UNPACK_BYTES_MAX.
enum cprof_result cprof_unpack(struct cprof_unpacker *unpacker,
                               const uint8_t *bytes, size_t size,
                               const pb_profile **message);
// Releases what it holds; may be called twice.
void cprof_unpack_done(struct cprof_unpacker *unpacker);

#endif
