// Words that every unit uses: results, sinks, buffers, growth, hashing.
// Called from everywhere but the signal handler. See base.h.
#include "base.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h> // vsnprintf
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

void cprof_why_set(struct cprof_why *why, const char *format, ...) {
  if (!why)
    return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(why->text, sizeof why->text, format, arguments);
  va_end(arguments);
}

// ---- growth ----

// The capacity after `now` that holds `need`: doubled, at least `first`, at
// most `max`. Needs need <= max.
static size_t capacity_next(size_t now, size_t need, size_t first, size_t max) {
  size_t next = now > max / 2 ? max : now * 2;
  next = next > need ? next : need;
  next = next > first ? next : first;
  return next < max ? next : max;
}

enum cprof_result cprof_buffer_append(struct cprof_buffer *buffer,
                                      const void *bytes, size_t size) {
  size_t max = buffer->size_max ? buffer->size_max : SIZE_MAX;
  if (buffer->size > max || size > max - buffer->size)
    return CPROF_ELIMIT;
  size_t need = buffer->size + size;
  if (need > buffer->capacity) {
    size_t capacity = capacity_next(buffer->capacity, need, BUFFER_FIRST, max);
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
  size_t next = capacity_next(*capacity, need, ITEMS_FIRST, UINT32_MAX);
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

static _Atomic uint64_t hash_key;

// `| 1`: 0 means that none is set yet.
void cprof_hash_seed(uint64_t random) {
  uint64_t none = 0;
  atomic_compare_exchange_strong(&hash_key, &none, random | 1);
}

// Each step multiplies the word by what went before. Both factors carry a
// part of the key, or one could be made 0 and would wipe out the rest.
uint64_t cprof_hash(const void *bytes, size_t size, uint64_t seed) {
  uint64_t key = atomic_load_explicit(&hash_key, memory_order_relaxed);
  uint64_t a = key ^ MIX_A, b = mix(key ^ MIX_B, MIX_C);
  const uint8_t *at = bytes;
  uint64_t hash = seed, word;
  size_t left = size;
  for (; left >= sizeof word; left -= sizeof word, at += sizeof word) {
    memcpy(&word, at, sizeof word);
    hash = mix(word ^ a, hash ^ b);
  }
  if (left > 0) { // the tail, filled up with zeros
    word = 0;
    memcpy(&word, at, left);
    hash = mix(word ^ a, hash ^ b);
  }
  return mix(hash ^ a, size ^ b);
}
