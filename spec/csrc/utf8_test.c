// utf8: against a decoder written from the table in RFC 3629, bit by bit.
#include "tap.h"
#include "utf8.h"

#include <string.h>

// Is it one well-formed character of exactly `size` bytes?
static bool is_character(const uint8_t *at, size_t size) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t need = at[0] < 0x80             ? 1
                : (at[0] & 0xe0) == 0xc0 ? 2
                : (at[0] & 0xf0) == 0xe0 ? 3
                : (at[0] & 0xf8) == 0xf0 ? 4
                                         : 0;
  if (need != size)
    return false;
  uint32_t code = need == 1 ? at[0] : at[0] & (0x7fu >> need);
  for (size_t i = 1; i < need; i++) {
    if ((at[i] & 0xc0) != 0x80)
      return false;
    code = code << 6 | (at[i] & 0x3f);
  }
  return code >= least[need] && code <= 0x10ffff &&
         (code < 0xd800 || code > 0xdfff);
}

static bool is_text(const uint8_t *at, size_t size) {
  while (size > 0) {
    size_t wide = 1;
    while (wide <= 4 && wide <= size && !is_character(at, wide))
      wide++;
    if (wide > 4 || wide > size)
      return false;
    at += wide;
    size -= wide;
  }
  return true;
}

// All strings of up to three bytes, and many of four.
static void test_all(void) {
  uint32_t wrong = 0;
  for (uint32_t word = 0; word < 1u << 24; word++) {
    uint8_t bytes[3] = {(uint8_t)(word >> 16), (uint8_t)(word >> 8),
                        (uint8_t)word};
    size_t size = 1 + word % 3;
    wrong += cprof_utf8_is_valid(bytes, size) != is_text(bytes, size);
  }
  for (uint32_t i = 0; i < 1u << 20; i++) {
    uint32_t word = (uint32_t)tap_random();
    uint8_t bytes[4] = {0xf0 | (word & 7), (uint8_t)(word >> 8 | 0x80),
                        0x80 | (word >> 16 & 0x3f), 0x80 | (word >> 24 & 0x3f)};
    wrong += cprof_utf8_is_valid(bytes, 4) != is_text(bytes, 4);
  }
  is_int(wrong, 0, "agrees with RFC 3629 on 17 million strings");
}

static void test_mend(const char *bytes, size_t size, const char *want) {
  uint8_t to[64];
  size_t count = cprof_utf8_sanitise(to, (const uint8_t *)bytes, size);
  ok(count == strlen(want) && memcmp(to, want, count) == 0, "mends to \"%s\"",
     want);
}

static void test_random(void) {
  bool all_valid = true, all_kept = true;
  for (uint32_t i = 0; i < 100000; i++) {
    uint8_t from[40], to[sizeof from * CPROF_UTF8_GROWTH];
    size_t size = tap_below(sizeof from);
    for (size_t j = 0; j < size; j++) // mostly ASCII
      from[j] = (uint8_t)(tap_below(4) ? tap_random() & 0x7f : tap_random());
    size_t count = cprof_utf8_sanitise(to, from, size);
    all_valid &= count <= sizeof to && is_text(to, count);
    all_kept &=
        !is_text(from, size) || (count == size && memcmp(to, from, size) == 0);
  }
  ok(all_valid, "what was mended is valid");
  ok(all_kept, "what was valid is kept");
}

int main(void) {
  test_all();
  test_mend("", 0, "");
  test_mend("caf\xc3\xa9", 5, "caf\xc3\xa9");
  test_mend("caf\xe9!", 5, "caf\xef\xbf\xbd!");
  test_mend("\xf0\x9f\x98", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  test_mend("12345678\xff", 9, "12345678\xef\xbf\xbd");
  test_random();
  return tap_done();
}
