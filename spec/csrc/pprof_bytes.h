// Messages of profile.proto spelled byte by byte, after the protobuf wire
// format. For the pprof tests.
#ifndef CPROF_PPROF_BYTES_H
#define CPROF_PPROF_BYTES_H

#include "base.h"

#include <string.h>

static inline void put_varint(struct cprof_buffer *to, uint64_t value) {
  do {
    uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    cprof_buffer_append(to, &byte, 1);
    value >>= 7;
  } while (value > 0);
}

// A field of wire type 0.
static inline void put_number(struct cprof_buffer *to, uint32_t field,
                              uint64_t value) {
  put_varint(to, field << 3);
  put_varint(to, value);
}

// A field of wire type 2.
static inline void put_bytes(struct cprof_buffer *to, uint32_t field,
                             const void *bytes, size_t size) {
  put_varint(to, field << 3 | 2);
  put_varint(to, size);
  cprof_buffer_append(to, bytes, size);
}

static inline void put_text(struct cprof_buffer *to, uint32_t field,
                            const char *text) {
  put_bytes(to, field, text, strlen(text));
}

// A submessage of numeric fields, `count` pairs of number and value.
static inline void put_pairs(struct cprof_buffer *to, uint32_t field,
                             size_t count, const uint64_t (*pairs)[2]) {
  struct cprof_buffer inner = {0};
  for (size_t i = 0; i < count; i++)
    put_number(&inner, (uint32_t)pairs[i][0], pairs[i][1]);
  put_bytes(to, field, inner.bytes, inner.size);
  cprof_buffer_done(&inner);
}

#define PUT(to, field, ...)                                                    \
  put_pairs(to, field,                                                         \
            sizeof((uint64_t[][2]){__VA_ARGS__}) / sizeof(uint64_t[2]),        \
            (const uint64_t[][2]){__VA_ARGS__})

enum { TYPE = 1, SAMPLE, MAPPING, LOCATION, FUNCTION, STRING, COMMENT = 13 };

#define BIG 0xfedcba9876543210u // an id that no index can be

// Strings "", "cpu", "f", "cpu" again; one type; mapping 7, function BIG,
// locations 1000 and 1, each with a line.
static inline void put_base(struct cprof_buffer *to) {
  put_text(to, STRING, "");
  put_text(to, STRING, "cpu");
  put_text(to, STRING, "f");
  put_text(to, STRING, "cpu");
  PUT(to, TYPE, {1, 1}, {2, 3});
  PUT(to, MAPPING, {1, 7}, {5, 2});
  PUT(to, FUNCTION, {1, BIG}, {2, 2}, {5, 4});
  static const uint8_t line[] = {0x08, 0x90, 0xe4, 0xd0, 0xb2, 0x87, 0xd3,
                                 0xae, 0xee, 0xfe, 0x01, 0x10, 0x05};
  for (uint64_t id = 1000;; id = 1) {
    struct cprof_buffer location = {0};
    put_number(&location, 1, id);
    put_number(&location, 2, 7);
    put_bytes(&location, 4, line, sizeof line);
    put_bytes(to, LOCATION, location.bytes, location.size);
    cprof_buffer_done(&location);
    if (id == 1)
      break;
  }
}

#endif
