// The fields of a protobuf message as they stand in its bytes, for a reader
// that must know what is there before it unpacks anything. Takes no memory
// and trusts nothing. The encoding: a tag, which is number << 3 | type as a
// varint, then a varint, 8 bytes, a length and its bytes, or 4 bytes.
#ifndef CPROF_PPROF_WIRE_H
#define CPROF_PPROF_WIRE_H

#include "base.h"

enum cprof_wire_type {
  CPROF_WIRE_NUMBER = 0,  // varint
  CPROF_WIRE_FIXED64 = 1, //
  CPROF_WIRE_BYTES = 2,   // text, a message, packed numbers
  CPROF_WIRE_FIXED32 = 5, //
};

struct cprof_wire_field {
  uint32_t number;
  enum cprof_wire_type type;
  size_t start;   // offset of its tag
  size_t body;    // offset of its value, behind the length if it has one
  size_t end;     // offset behind it
  uint64_t value; // of CPROF_WIRE_NUMBER, else 0
};

// A walk; begin with bytes and size set and the rest zero.
struct cprof_wire {
  const uint8_t *bytes;
  size_t size;
  size_t at;         // offset of the next field
  const char *wrong; // what is wrong with that field, or NULL; a static text
};

// Goes to the next field. False at the end, and at a damaged field: then
// wire->wrong is set.
bool cprof_wire_next(struct cprof_wire *wire, struct cprof_wire_field *field);

// Adjacent fields of one number.
struct cprof_wire_run {
  size_t start, end; // offsets
  uint32_t count;    // fields
};

// Goes behind the next run of fields with this number: as many as fit in
// size_max bytes, but one at least. Needs bytes that a walk found whole; false
// when there is no more.
bool cprof_wire_next_run(struct cprof_wire *wire, uint32_t number,
                         size_t size_max, struct cprof_wire_run *run);

#endif
