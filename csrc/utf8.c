// Tests and repairs UTF-8. Pure arithmetic, on any thread. See utf8.h.
#include "utf8.h"

#include <string.h>

static const uint8_t replacement[CPROF_UTF8_GROWTH] = {0xef, 0xbf, 0xbd};

#define HIGH_BITS 0x8080808080808080u

// Bytes at the start that are ASCII, eight at a time.
static size_t ascii_size(const uint8_t *at, size_t size) {
  size_t done = 0;
  for (uint64_t word; size - done >= sizeof word; done += sizeof word) {
    memcpy(&word, at + done, sizeof word);
    if (word & HIGH_BITS)
      break;
  }
  while (done < size && at[done] < 0x80)
    done++;
  return done;
}

// Is `second` allowed after `first`? Excludes overlong forms, surrogates and
// what lies beyond U+10FFFF; the bytes after it are free continuations.
static bool is_second(uint8_t first, uint8_t second) {
  uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  return second >= low && second <= high;
}

// Size of the character that begins with a byte >= 0x80, or 0 when invalid.
static size_t wide_size(const uint8_t *at, size_t size) {
  uint8_t first = at[0];
  if (first < 0xc2 || first > 0xf4)
    return 0;
  size_t need = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (size < need || !is_second(first, at[1]))
    return 0;
  for (size_t i = 2; i < need; i++)
    if ((at[i] & 0xc0) != 0x80)
      return 0;
  return need;
}

// Bytes at the start that are valid.
static size_t valid_size(const uint8_t *at, size_t size) {
  size_t done = ascii_size(at, size);
  while (done < size) {
    size_t wide = wide_size(at + done, size - done);
    if (wide == 0)
      break;
    done += wide;
    done += ascii_size(at + done, size - done);
  }
  return done;
}

bool cprof_utf8_is_valid(const uint8_t *bytes, size_t size) {
  return valid_size(bytes, size) == size;
}

size_t cprof_utf8_sanitise(uint8_t *to, const uint8_t *bytes, size_t size) {
  uint8_t *start = to;
  while (size > 0) {
    size_t valid = valid_size(bytes, size);
    memcpy(to, bytes, valid);
    to += valid;
    if (valid == size)
      break;
    memcpy(to, replacement, CPROF_UTF8_GROWTH);
    to += CPROF_UTF8_GROWTH;
    bytes += valid + 1;
    size -= valid + 1;
  }
  return (size_t)(to - start);
}
