// Words that every unit uses: results, sinks, buffers, growth, hashing.
// Called from everywhere but the signal handler. See base.h.
#include "base.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER_FIRST 256u
#define ITEMS_FIRST 16u

// ---- results ----

static const struct {
  const char *code, *text;
} results[] = {
    [CPROF_OK] = {"ok", "success"},
    [CPROF_ENOMEM] = {"memory", "not enough memory"},
    [CPROF_EIO] = {"io", "the operating system refused"},
    [CPROF_ERANGE] = {"range", "value out of range"},
    [CPROF_EBUSY] = {"busy", "somebody else profiles this process"},
    [CPROF_ESTATE] = {"state", "not possible in this state"},
    [CPROF_ELIMIT] = {"limit", "larger than the limit"},
    [CPROF_EFORMAT] = {"format", "damaged, or not in the expected format"},
    [CPROF_EAGAIN] = {"again", "not finished, call again"},
};

const char *cprof_result_code(enum cprof_result result) {
  return results[result].code;
}

const char *cprof_result_text(enum cprof_result result) {
  return results[result].text;
}

// ---- growth ----

// The capacity after `now` that holds `need`: doubled, at most `max`.
static size_t capacity_next(size_t now, size_t need, size_t max) {
  if (now > max / 2)
    return max;
  return now * 2 > need ? now * 2 : need;
}

enum cprof_result cprof_buffer_append(struct cprof_buffer *buffer,
                                      const void *bytes, size_t size) {
  size_t max = buffer->size_max ? buffer->size_max : SIZE_MAX;
  if (buffer->size > max || size > max - buffer->size)
    return CPROF_ELIMIT;
  size_t need = buffer->size + size;
  if (need > buffer->capacity) {
    size_t want = need > BUFFER_FIRST ? need : BUFFER_FIRST;
    size_t capacity = capacity_next(buffer->capacity, want, SIZE_MAX);
    uint8_t *grown = realloc(buffer->bytes, capacity);
    if (!grown)
      return CPROF_ENOMEM;
    buffer->bytes = grown;
    buffer->capacity = capacity;
  }
  if (size > 0)
    memcpy(buffer->bytes + buffer->size, bytes, size);
  buffer->size = need;
  return CPROF_OK;
}

static enum cprof_result buffer_write(void *owner, const void *bytes,
                                      size_t size) {
  return cprof_buffer_append(owner, bytes, size);
}

struct cprof_sink cprof_buffer_sink(struct cprof_buffer *buffer) {
  return (struct cprof_sink){buffer_write, buffer};
}

void cprof_buffer_done(struct cprof_buffer *buffer) {
  free(buffer->bytes);
  buffer->bytes = NULL;
  buffer->size = buffer->capacity = 0;
}

// *items is any pointer to an object: it is read and written as bytes, so
// that the caller's type and void need not be the same to the compiler.
enum cprof_result cprof_grow(void **items, uint32_t *capacity, uint32_t need,
                             size_t item_size) {
  if (need <= *capacity)
    return CPROF_OK;
  size_t want = need > ITEMS_FIRST ? need : ITEMS_FIRST;
  size_t next = capacity_next(*capacity, want, UINT32_MAX);
  if (item_size > SIZE_MAX / next)
    return CPROF_ENOMEM;
  void *old;
  memcpy(&old, items, sizeof old);
  void *grown = realloc(old, next * item_size);
  if (!grown)
    return CPROF_ENOMEM;
  memcpy(items, &grown, sizeof grown);
  *capacity = (uint32_t)next;
  return CPROF_OK;
}

// ---- hashing ----

// Odd constants with bits set evenly: fractions of pi, in hexadecimal.
#define MIX_A 0x243f6a8885a308d3u
#define MIX_B 0x13198a2e03707345u
#define MIX_C 0xa4093822299f31d1u

// Both halves of the 128-bit product folded: every bit in moves every bit out.
static uint64_t mix(uint64_t a, uint64_t b) {
  __extension__ unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t cprof_hash(const void *bytes, size_t size, uint64_t seed) {
  const uint8_t *at = bytes;
  uint64_t hash = seed ^ (size + MIX_A), word = 0;
  for (; size >= sizeof word; size -= sizeof word, at += sizeof word) {
    memcpy(&word, at, sizeof word);
    hash = mix(hash ^ word, MIX_B) + MIX_C;
  }
  if (size > 0) { // the tail, filled up with zeros
    word = 0;
    memcpy(&word, at, size);
    hash = mix(hash ^ word, MIX_B) + MIX_C;
  }
  return mix(hash ^ MIX_A, MIX_C);
}
