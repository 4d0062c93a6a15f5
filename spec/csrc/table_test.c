// table: the hash table and the string interner, against plain models.
#include "table.h"
#include "tap.h"

#include <string.h>

#define KEYS 50000u

static bool same_key(const void *owner, uint32_t id, const void *key) {
  return ((const uint64_t *)owner)[id] == *(const uint64_t *)key;
}

// Adds KEYS distinct keys under hash(key) & mask and finds each of them.
static void test_table(uint64_t mask, uint32_t count, const char *what) {
  uint64_t *keys = calloc(count, sizeof *keys);
  struct cprof_table table = {0};
  bool all_absent = true, all_ok = true, all_found = true;
  uint32_t id;
  for (uint32_t i = 0; i < count; i++) {
    keys[i] = tap_random() << 1; // even
    uint64_t hash = cprof_hash(&keys[i], 8, 0) & mask;
    all_absent &=
        !cprof_table_find(&table, hash, same_key, keys, &keys[i], &id);
    all_ok &= cprof_table_add(&table, hash, i) == CPROF_OK;
  }
  for (uint32_t i = 0; i < count; i++) {
    uint64_t odd = keys[i] | 1;
    uint64_t hash = cprof_hash(&keys[i], 8, 0) & mask;
    all_found &=
        cprof_table_find(&table, hash, same_key, keys, &keys[i], &id) &&
        id == i;
    all_absent &= !cprof_table_find(&table, hash, same_key, keys, &odd, &id);
  }
  ok(all_ok, "%s: adds %u", what, count);
  ok(all_found, "%s: finds each under its id", what);
  ok(all_absent, "%s: finds nothing else", what);
  ok(table.count * 4ull <= table.capacity * 3ull + 3,
     "%s: at most 3/4 full (%u of %u)", what, table.count, table.capacity);
  is_int((int64_t)cprof_table_bytes(&table),
         table.capacity * (int64_t)sizeof(struct cprof_slot),
         "counts its bytes");
  cprof_table_done(&table);
  cprof_table_done(&table);
  free(keys);
}

static void test_empty(void) {
  struct cprof_table table = {0};
  uint64_t key = 1;
  uint32_t id;
  ok(!cprof_table_find(&table, 1, same_key, &key, &key, &id),
     "an empty table has nothing");
  ok(cprof_table_add(&table, 1, UINT32_MAX) != CPROF_OK,
     "the id that would mean free is refused");
  cprof_table_done(&table);
}

#define TEXTS 3000u

// Short random texts of few different bytes, NUL among them: many repeat.
static size_t random_text(char *text) {
  size_t size = tap_below(8);
  for (size_t i = 0; i < size; i++)
    text[i] = "\0ab\xff"[tap_below(4)];
  return size;
}

static void test_strings(void) {
  static char texts[TEXTS][8];
  static size_t sizes[TEXTS];
  uint32_t count = 1; // "" is there
  struct cprof_strings strings;
  is_int(cprof_strings_init(&strings), CPROF_OK, "init");
  bool all_same = true;
  for (uint32_t i = 0; i < TEXTS; i++) {
    char text[8];
    size_t size = random_text(text);
    uint32_t want = 0, got = UINT32_MAX;
    while (want < count &&
           (sizes[want] != size || memcmp(texts[want], text, size) != 0))
      want++;
    all_same &= cprof_strings_put(&strings, text, size, &got) == CPROF_OK;
    all_same &= got == want;
    if (want == count)
      memcpy(texts[count], text, sizes[count] = size), count++;
  }
  ok(all_same, "equal texts have one id, new ones the next");
  bool all_kept = strings.count == count;
  for (uint32_t i = 0; i < strings.count; i++) {
    size_t size;
    const char *text = cprof_strings_get(&strings, i, &size);
    all_kept &= size == sizes[i] && memcmp(text, texts[i], size) == 0 &&
                text[size] == '\0';
  }
  ok(all_kept, "%u texts keep their bytes and end in NUL", count);
  ok(cprof_strings_bytes(&strings) > strings.size, "counts its bytes");
  cprof_strings_done(&strings);
  cprof_strings_done(&strings);
}

static void test_limit(void) {
  struct cprof_strings strings;
  cprof_strings_init(&strings);
  uint32_t id, size_before = strings.size;
  strings.size = UINT32_MAX - 4; // as if nearly 4 GiB were there
  is_int(cprof_strings_put(&strings, "abcd", 4, &id), CPROF_ELIMIT,
         "4 GiB is the limit");
  strings.size = size_before;
  is_int(cprof_strings_put(&strings, "abcd", 4, &id), CPROF_OK,
         "and leaves the strings as they were");
  cprof_strings_done(&strings);
}

// How far from its own slot a slot lies, all together.
static uint64_t probe_steps(const struct cprof_table *table) {
  uint64_t steps = 0;
  for (uint32_t i = 0; i < table->capacity; i++)
    if (table->slots[i].id != 0)
      steps += (i - table->slots[i].hash) & (table->capacity - 1);
  return steps;
}

// What cprof_hash xors to each word when its key is 0: pi.
#define KEY_0 0x243f6a8885a308d3u

// Texts made to collide by someone who thinks that the key is 0: the second
// word is made 0 before it is multiplied.
static uint64_t attack(uint32_t count) {
  struct cprof_strings strings;
  uint32_t id, wrong = 0;
  cprof_strings_init(&strings);
  for (uint32_t i = 0; i < count; i++) {
    uint64_t words[2] = {i, KEY_0};
    cprof_strings_put(&strings, (const char *)words, sizeof words, &id);
    wrong += id != i + 1;
  }
  is_int(wrong, 0, "ids count up whatever the hash");
  uint64_t steps = probe_steps(&strings.table);
  cprof_strings_done(&strings);
  return steps;
}

// Last: the key stays.
static void test_attack(void) {
  uint64_t steps = attack(300);
  ok(steps >= 300 * 299 / 2, "chosen texts collide without a key: %" PRIu64,
     steps);
  cprof_hash_seed(tap_random());
  steps = attack(30000);
  // at most 3/4 full, linear probing takes 1.5 steps on the average
  ok(steps < 30000 * 3, "and not with one: %" PRIu64, steps);
}

int main(void) {
  test_empty();
  test_table(UINT64_MAX, KEYS, "good hashes");
  test_table(0, 500, "one hash for all");
  test_table(0xff00000000000000u, 1000, "equal low bits");
  test_strings();
  test_limit();
  test_attack();
  return tap_done();
}
