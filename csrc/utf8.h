// UTF-8: what profile.proto demands of every string, and how to mend others.
// No overlong forms, no surrogates, nothing beyond U+10FFFF.
#ifndef CPROF_UTF8_H
#define CPROF_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPROF_UTF8_GROWTH 3u // one bad byte becomes the three of U+FFFD

bool cprof_utf8_is_valid(const uint8_t *bytes, size_t size);

// Copies to `to`, with U+FFFD for each invalid byte; `to` has room for
// CPROF_UTF8_GROWTH * size. Returns the new size.
size_t cprof_utf8_sanitise(uint8_t *to, const uint8_t *bytes, size_t size);

#endif
