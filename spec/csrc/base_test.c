// base: buffers, growth, hashing, the words for results.
#include "base.h"
#include "tap.h"

#include <string.h>

static void test_results(void) {
  static const char *const codes[] = {"ok",    "memory", "io",
                                      "range", "busy",   "state",
                                      "limit", "format", "again"};
  bool are_same = true, have_text = true;
  for (int i = CPROF_OK; i <= CPROF_EAGAIN; i++) {
    const char *text = cprof_result_text((enum cprof_result)i);
    are_same &= strcmp(cprof_result_code((enum cprof_result)i), codes[i]) == 0;
    have_text &= strlen(text) > 0 && text[strlen(text) - 1] != '.';
  }
  ok(are_same, "each result has the code of base.h");
  ok(have_text, "each result has a sentence without a full stop");
}

static void test_why(void) {
  struct cprof_why why;
  char longer[2 * sizeof why.text];
  cprof_why_set(&why, "sample %d names %s", 7, "nobody");
  ok(strcmp(why.text, "sample 7 names nobody") == 0, "says what is wrong");
  memset(longer, 'x', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  cprof_why_set(&why, "%s", longer);
  is_int((int64_t)strlen(why.text), sizeof why.text - 1, "cut to fit");
  cprof_why_set(NULL, "%s", longer);
}

static void test_buffer(void) {
  struct cprof_buffer buffer = {0};
  static uint8_t model[100000];
  size_t size = 0;
  bool all_ok = true;
  while (size < sizeof model - 1000) {
    size_t part = tap_below(1000);
    for (size_t i = 0; i < part; i++)
      model[size + i] = (uint8_t)tap_random();
    all_ok &= cprof_buffer_append(&buffer, model + size, part) == CPROF_OK;
    size += part;
  }
  ok(all_ok, "appends parts of any size");
  ok(buffer.size == size && memcmp(buffer.bytes, model, size) == 0,
     "holds what was appended");
  cprof_buffer_done(&buffer);
  cprof_buffer_done(&buffer);
  ok(buffer.size == 0 && !buffer.bytes, "may be released twice");
}

static void test_limit(void) {
  struct cprof_buffer buffer = {.size_max = 10};
  struct cprof_sink sink = cprof_buffer_sink(&buffer);
  is_int(sink.write(sink.owner, "1234567", 7), CPROF_OK, "fits the limit");
  is_int(sink.write(sink.owner, "1234", 4), CPROF_ELIMIT, "passes the limit");
  is_int((int64_t)buffer.size, 7, "a refused write leaves the buffer");
  is_int(sink.write(sink.owner, "890", 3), CPROF_OK, "reaches the limit");
  is_int(cprof_buffer_append(&buffer, NULL, SIZE_MAX), CPROF_ELIMIT,
         "a size that would overflow is refused");
  is_int(cprof_buffer_append(&buffer, NULL, 0), CPROF_OK, "nothing fits");
  is_int((int64_t)buffer.capacity, 10, "takes no more than the limit");
  cprof_buffer_done(&buffer);
}

static void test_grow(void) {
  uint32_t *items = NULL, capacity = 0, reallocations = 0;
  bool all_ok = true;
  for (uint32_t i = 0; i < 100000; i++) {
    uint32_t before = capacity;
    all_ok &= cprof_grow((void **)&items, &capacity, i + 1, sizeof *items) ==
              CPROF_OK;
    reallocations += capacity != before;
    items[i] = i * 7;
  }
  for (uint32_t i = 0; i < 100000; i++)
    all_ok &= items[i] == i * 7;
  ok(all_ok, "growing keeps the items");
  ok(reallocations <= 17, "doubles: %u reallocations", reallocations);
  uint32_t *before = items, capacity_before = capacity;
  is_int(cprof_grow((void **)&items, &capacity, UINT32_MAX, SIZE_MAX / 2),
         CPROF_ENOMEM, "a size that overflows is no memory");
  ok(items == before && capacity == capacity_before,
     "and leaves all as it was");
  free(items);
}

// Every bit of a key must flip about half of the hash.
static void test_avalanche(void) {
  double least = 64, most = 0;
  for (unsigned bit = 0; bit < 96; bit++) {
    unsigned flipped = 0;
    for (unsigned i = 0; i < 200; i++) {
      uint8_t key[12];
      for (size_t j = 0; j < sizeof key; j++)
        key[j] = (uint8_t)tap_random();
      uint64_t before = cprof_hash(key, sizeof key, 0);
      key[bit / 8] ^= (uint8_t)(1u << bit % 8);
      flipped += (unsigned)__builtin_popcountll(before ^
                                                cprof_hash(key, sizeof key, 0));
    }
    double mean = flipped / 200.0;
    least = mean < least ? mean : least;
    most = mean > most ? mean : most;
  }
  // 200 keys: standard error 4 / sqrt(200) = 0.28; six of them
  ok(least > 32 - 1.7 && most < 32 + 1.7, "a bit flips half: %.1f to %.1f",
     least, most);
}

// The low bits choose the slot: small integers must spread over 65536 slots
// as random numbers do: 1 - 1/e of them used.
static void test_spread(void) {
  static uint8_t used[65536];
  memset(used, 0, sizeof used);
  uint32_t count = 0;
  for (uint64_t i = 0; i < 65536; i++) {
    uint8_t *slot = &used[cprof_hash(&i, sizeof i, 0) & 65535];
    count += *slot == 0;
    *slot = 1;
  }
  ok(count > 41000 && count < 41900, "integers spread: %u of 41427", count);
}

static void test_hash(void) {
  uint8_t zeros[64] = {0};
  bool is_distinct = true;
  for (size_t i = 0; i < sizeof zeros; i++)
    for (size_t j = 0; j < i; j++)
      is_distinct &= cprof_hash(zeros, i, 0) != cprof_hash(zeros, j, 0);
  ok(is_distinct, "runs of zeros of different lengths differ");
  ok(cprof_hash("abc", 3, 1) != cprof_hash("abc", 3, 2), "the seed matters");
  ok(cprof_hash("abc", 3, 1) == cprof_hash("abcd", 3, 1),
     "bytes behind the end do not");
}

// Last: the key stays.
static void test_key(void) {
  uint64_t before = cprof_hash("abc", 3, 0);
  cprof_hash_seed(0);
  uint64_t first = cprof_hash("abc", 3, 0);
  ok(first != before, "the key matters");
  cprof_hash_seed(tap_random());
  ok(cprof_hash("abc", 3, 0) == first, "only the first one counts");
}

int main(void) {
  test_results();
  test_why();
  test_buffer();
  test_limit();
  test_grow();
  test_avalanche();
  test_spread();
  test_hash();
  test_key();
  return tap_done();
}
