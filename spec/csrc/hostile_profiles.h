// Messages that want much for few bytes: each says one thing again and again.
// For pprof_read_test and read_bench.
#ifndef CPROF_HOSTILE_PROFILES_H
#define CPROF_HOSTILE_PROFILES_H

#include "pprof_bytes.h"

// What a message holds behind an empty string and an empty sample type.
struct hostile {
  const char *name;
  enum cprof_result result; // of reading it
  uint32_t field;           // number of its entries; 0: the unit alone
  bool has_id;              // each entry begins with an id: first_id, …
  uint64_t first_id;        //
  bool has_value;           // each begins with a sample's one value
  size_t entry_size;        // filled up with units
  const char *unit;         //
  size_t unit_size;         //
};

#define UNIT(bytes) bytes, sizeof(bytes) - 1
#define ENTRY 30000 // bytes of entries that hold many things

static const struct hostile hostiles[] = {
    {"smallest samples", CPROF_OK, SAMPLE, false, 0, true, 0, UNIT("")},
    {"empty samples", CPROF_EFORMAT, SAMPLE, false, 0, false, 0, UNIT("")},
    {"empty labels", CPROF_OK, SAMPLE, false, 0, true, ENTRY, UNIT("\x1a\0")},
    {"one sample of empty labels", CPROF_ELIMIT, SAMPLE, false, 0, true,
     1000000, UNIT("\x1a\0")},
    {"unpacked locations", CPROF_OK, SAMPLE, false, 0, true, ENTRY,
     UNIT("\x08\x01")},
    {"unknown fields", CPROF_OK, SAMPLE, false, 0, true, ENTRY, UNIT("\x78\0")},
    {"smallest lines", CPROF_OK, LOCATION, true, 2, false, ENTRY,
     UNIT("\x22\2\x08\1")},
    {"empty lines", CPROF_EFORMAT, LOCATION, true, 2, false, ENTRY,
     UNIT("\x22\0")},
    {"smallest locations", CPROF_OK, LOCATION, true, 2, false, 0, UNIT("")},
    {"locations out of order", CPROF_OK, LOCATION, true, 3, false, 0, UNIT("")},
    {"mappings", CPROF_OK, MAPPING, true, 1, false, 0, UNIT("")},
    {"mappings out of order", CPROF_OK, MAPPING, true, 2, false, 0, UNIT("")},
    {"functions", CPROF_OK, FUNCTION, true, 2, false, 0, UNIT("")},
    {"functions out of order", CPROF_OK, FUNCTION, true, 3, false, 0, UNIT("")},
    {"functions with large ids", CPROF_OK, FUNCTION, true, BIG, false, 0,
     UNIT("")},
    {"empty strings", CPROF_OK, 0, false, 0, false, 0, UNIT("\x32\0")},
    {"packed comments", CPROF_OK, COMMENT, false, 0, false, ENTRY, UNIT("\0")},
    {"comments", CPROF_OK, 0, false, 0, false, 0, UNIT("\x68\0")},
    {"numbers", CPROF_OK, 0, false, 0, false, 0, UNIT("\x48\1")},
    {"period types", CPROF_OK, 0, false, 0, false, 0, UNIT("\x5a\0")},
    {"unknown fields outside", CPROF_OK, 0, false, 0, false, 0,
     UNIT("\x80\1\0")},
    {"interleaved kinds", CPROF_OK, 0, false, 0, false, 0,
     UNIT("\x12\2\x10\0\x68\0")},
};

#define HOSTILE_COUNT (sizeof hostiles / sizeof *hostiles)

static void put_hostile_entry(struct cprof_buffer *to,
                              const struct hostile *hostile, uint64_t index) {
  struct cprof_buffer entry = {0};
  if (hostile->has_id)
    put_number(&entry, 1, hostile->first_id + index);
  if (hostile->has_value)
    put_number(&entry, 2, 0);
  while (entry.size < hostile->entry_size)
    cprof_buffer_append(&entry, hostile->unit, hostile->unit_size);
  put_bytes(to, hostile->field, entry.bytes, entry.size);
  cprof_buffer_done(&entry);
}

// About `size` bytes of it.
static inline void put_hostile(struct cprof_buffer *to,
                               const struct hostile *hostile, size_t size) {
  put_text(to, STRING, "");
  put_bytes(to, TYPE, "", 0);
  PUT(to, FUNCTION, {1, 1});
  PUT(to, LOCATION, {1, 1});
  for (uint64_t i = 0; to->size < size; i++)
    if (hostile->field == 0)
      cprof_buffer_append(to, hostile->unit, hostile->unit_size);
    else
      put_hostile_entry(to, hostile, i);
}

// Different strings of 3 bytes.
static inline void put_short_strings(struct cprof_buffer *to, size_t size) {
  put_text(to, STRING, "");
  for (uint32_t i = 0; to->size < size; i++) {
    uint8_t text[3] = {(uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16)};
    put_bytes(to, STRING, text, sizeof text);
  }
}

#endif
