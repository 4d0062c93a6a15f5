// The one hash table and the string interner on it. Called by whoever must
// find equal things fast; never from the signal handler. See table.h.
#include "table.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 16u
#define CAPACITY_MAX 0x80000000u

// ---- table ----

// The slot with this hash and a same key, or the free one where it belongs.
// Needs capacity > count.
static struct cprof_slot *free_slot(struct cprof_slot *slots, uint32_t capacity,
                                    uint32_t hash) {
  uint32_t at = hash & (capacity - 1);
  while (slots[at].id != 0)
    at = (at + 1) & (capacity - 1);
  return &slots[at];
}

static enum cprof_result grow_table(struct cprof_table *table) {
  if (table->capacity == CAPACITY_MAX)
    return CPROF_ENOMEM;
  uint32_t capacity = table->capacity ? table->capacity * 2 : CAPACITY_FIRST;
  struct cprof_slot *slots = calloc(capacity, sizeof *slots);
  if (!slots)
    return CPROF_ENOMEM;
  for (uint32_t i = 0; i < table->capacity; i++) {
    const struct cprof_slot *old = &table->slots[i];
    if (old->id != 0)
      *free_slot(slots, capacity, old->hash) = *old;
  }
  free(table->slots);
  table->slots = slots;
  table->capacity = capacity;
  return CPROF_OK;
}

bool cprof_table_find(const struct cprof_table *table, uint64_t hash,
                      cprof_same *same, const void *owner, const void *key,
                      uint32_t *id) {
  if (table->count == 0)
    return false;
  uint32_t mask = table->capacity - 1;
  uint32_t at = (uint32_t)hash & mask;
  for (; table->slots[at].id != 0; at = (at + 1) & mask) {
    const struct cprof_slot *slot = &table->slots[at];
    if (slot->hash == (uint32_t)hash && same(owner, slot->id - 1, key)) {
      *id = slot->id - 1;
      return true;
    }
  }
  return false;
}

enum cprof_result cprof_table_add(struct cprof_table *table, uint64_t hash,
                                  uint32_t id) {
  if (id == UINT32_MAX) // id + 1 would mean free
    return CPROF_ENOMEM;
  if (table->count >= table->capacity / 4 * 3) {
    enum cprof_result result = grow_table(table);
    if (result != CPROF_OK)
      return result;
  }
  struct cprof_slot new = {(uint32_t)hash, id + 1};
  *free_slot(table->slots, table->capacity, new.hash) = new;
  table->count++;
  return CPROF_OK;
}

size_t cprof_table_bytes(const struct cprof_table *table) {
  return table->capacity * sizeof *table->slots;
}

void cprof_table_done(struct cprof_table *table) {
  free(table->slots);
  *table = (struct cprof_table){0};
}

// ---- strings ----

struct text {
  const char *bytes;
  size_t size;
};

static bool same_text(const void *owner, uint32_t id, const void *key) {
  const struct cprof_strings *strings = owner;
  const struct text *text = key;
  return strings->lengths[id] == text->size &&
         memcmp(strings->bytes + strings->offsets[id], text->bytes,
                text->size) == 0;
}

// Room for one more string of `size` bytes and its NUL.
static enum cprof_result grow_strings(struct cprof_strings *strings,
                                      size_t size) {
  size_t room = UINT32_MAX - (size_t)strings->size;
  if (size >= room || strings->count == UINT32_MAX)
    return CPROF_ELIMIT;
  uint32_t need = strings->size + (uint32_t)size + 1;
  enum cprof_result result =
      cprof_grow((void **)&strings->bytes, &strings->capacity, need, 1);
  if (result == CPROF_OK)
    result = cprof_grow((void **)&strings->offsets, &strings->offset_capacity,
                        strings->count + 1, sizeof *strings->offsets);
  if (result == CPROF_OK)
    result = cprof_grow((void **)&strings->lengths, &strings->length_capacity,
                        strings->count + 1, sizeof *strings->lengths);
  return result;
}

static void append_text(struct cprof_strings *strings,
                        const struct text *text) {
  char *at = strings->bytes + strings->size;
  memcpy(at, text->bytes, text->size);
  at[text->size] = '\0';
  strings->offsets[strings->count] = strings->size;
  strings->lengths[strings->count] = (uint32_t)text->size;
  strings->size += (uint32_t)text->size + 1;
  strings->count++;
}

enum cprof_result cprof_strings_init(struct cprof_strings *strings) {
  *strings = (struct cprof_strings){0};
  uint32_t id;
  enum cprof_result result = cprof_strings_put(strings, "", 0, &id);
  if (result != CPROF_OK)
    cprof_strings_done(strings);
  return result;
}

enum cprof_result cprof_strings_put(struct cprof_strings *strings,
                                    const char *bytes, size_t size,
                                    uint32_t *id) {
  struct text text = {bytes, size};
  uint64_t hash = cprof_hash(bytes, size, 0);
  if (cprof_table_find(&strings->table, hash, same_text, strings, &text, id))
    return CPROF_OK;
  enum cprof_result result = grow_strings(strings, size);
  if (result == CPROF_OK)
    result = cprof_table_add(&strings->table, hash, strings->count);
  if (result != CPROF_OK)
    return result;
  *id = strings->count;
  append_text(strings, &text);
  return CPROF_OK;
}

const char *cprof_strings_get(const struct cprof_strings *strings, uint32_t id,
                              size_t *size) {
  if (size)
    *size = strings->lengths[id];
  return strings->bytes + strings->offsets[id];
}

size_t cprof_strings_bytes(const struct cprof_strings *strings) {
  return strings->capacity +
         strings->offset_capacity * sizeof *strings->offsets +
         strings->length_capacity * sizeof *strings->lengths +
         cprof_table_bytes(&strings->table);
}

void cprof_strings_done(struct cprof_strings *strings) {
  free(strings->bytes);
  free(strings->offsets);
  free(strings->lengths);
  cprof_table_done(&strings->table);
  *strings = (struct cprof_strings){0};
}
