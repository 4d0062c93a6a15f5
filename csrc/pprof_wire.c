// Walks along the fields of a protobuf message. Called by pprof_read.c on any
// thread, never from the signal handler. See pprof_wire.h.
#include "pprof_wire.h"

#define VARINT_BYTES_MAX 10u           // 64 bits, 7 in a byte
#define NUMBER_MAX ((1u << 29) - 1u)   // of a field, by the encoding's rules
#define LENGTH_MAX (size_t)0x7fffffffu // 2 GiB, likewise

static bool fail(struct cprof_wire *wire, const char *wrong) {
  wire->wrong = wrong;
  return false;
}

static bool read_long_varint(struct cprof_wire *wire, size_t *at,
                             uint64_t *value) {
  const uint8_t *bytes = wire->bytes + *at;
  size_t left = wire->size - *at;
  *value = 0;
  for (size_t i = 0; i < left && i < VARINT_BYTES_MAX; i++) {
    *value |= (uint64_t)(bytes[i] & 0x7f) << 7 * i;
    if (bytes[i] < 0x80) {
      *at += i + 1;
      return true;
    }
  }
  return fail(wire, left < VARINT_BYTES_MAX ? "it ends within a number"
                                            : "a number has no end");
}

// Reads a varint at *at and goes behind it. Most have one byte: those must not
// force the caller's variables out of registers.
static inline bool read_varint(struct cprof_wire *wire, size_t *at,
                               uint64_t *value) {
  size_t behind = *at;
  if (behind < wire->size && wire->bytes[behind] < 0x80) {
    *value = wire->bytes[behind];
    *at = behind + 1;
    return true;
  }
  uint64_t read = 0;
  bool is_whole = read_long_varint(wire, &behind, &read);
  *value = read;
  *at = behind;
  return is_whole;
}

static bool is_tag(struct cprof_wire *wire, uint64_t tag) {
  if (tag >> 3 == 0 || tag >> 3 > NUMBER_MAX)
    return fail(wire, "no field has that number");
  return true;
}

// How long the value is that begins at *at, which goes behind its length if
// it has one; numbers are not asked for.
static inline bool read_size(struct cprof_wire *wire, enum cprof_wire_type type,
                             size_t *at, uint64_t *size) {
  switch (type) {
  case CPROF_WIRE_BYTES:
    return read_varint(wire, at, size);
  case CPROF_WIRE_FIXED64:
    *size = 8;
    return true;
  case CPROF_WIRE_FIXED32:
    *size = 4;
    return true;
  case CPROF_WIRE_NUMBER:
    break;
  }
  return fail(wire, "no field has that wire type");
}

// ---- public ----

bool cprof_wire_next(struct cprof_wire *wire, struct cprof_wire_field *field) {
  size_t at = wire->at;
  uint64_t tag, value = 0, size = 0;
  if (at == wire->size || wire->wrong)
    return false;
  if (!read_varint(wire, &at, &tag) || !is_tag(wire, tag))
    return false;
  enum cprof_wire_type type = (enum cprof_wire_type)(tag & 7);
  size_t body = at;
  if (type == CPROF_WIRE_NUMBER) {
    if (!read_varint(wire, &at, &value))
      return false;
  } else {
    if (!read_size(wire, type, &at, &size))
      return false;
    body = at;
    if (size > wire->size - at || size > LENGTH_MAX)
      return fail(wire, "a field is longer than what is left");
  }
  size_t end = at + (size_t)size;
  *field = (struct cprof_wire_field){
      (uint32_t)(tag >> 3), type, wire->at, body, end, value,
  };
  wire->at = end;
  return true;
}

bool cprof_wire_next_run(struct cprof_wire *wire, uint32_t number,
                         size_t size_max, struct cprof_wire_run *run) {
  struct cprof_wire_field field;
  do
    if (!cprof_wire_next(wire, &field))
      return false;
  while (field.number != number);
  *run = (struct cprof_wire_run){.start = field.start};
  do {
    run->end = field.end;
    run->count++;
  } while (cprof_wire_next(wire, &field) && field.number == number &&
           field.end - run->start <= size_max);
  wire->at = run->end;
  return true;
}
