// The one hash table (open addressing, power of two, linear probing) and the
// string interner on it. Used by everything that must find equal things fast;
// never from the signal handler.
#ifndef CPROF_TABLE_H
#define CPROF_TABLE_H

#include "base.h"

// Maps a hash to a 32-bit id; the owner keeps the things themselves and says
// whether the thing with that id equals the key.
struct cprof_table {
  struct cprof_slot *slots; // capacity of them, or NULL
  uint32_t capacity;        // power of two
  uint32_t count;           // used slots
};

struct cprof_slot {
  uint32_t hash; // its lower half
  uint32_t id;   // 0: free; else the owner's id + 1
};

// Is the thing with this id the key that is looked for?
typedef bool cprof_same(const void *owner, uint32_t id, const void *key);

// True and *id when found.
bool cprof_table_find(const struct cprof_table *table, uint64_t hash,
                      cprof_same *same, const void *owner, const void *key,
                      uint32_t *id);
// Adds what is known to be absent; CPROF_ENOMEM leaves the table as it was.
enum cprof_result cprof_table_add(struct cprof_table *table, uint64_t hash,
                                  uint32_t id);
// Memory held.
size_t cprof_table_bytes(const struct cprof_table *table);
// Frees; may be called twice; all zero is a valid empty table.
void cprof_table_done(struct cprof_table *table);

// Interned byte strings; id 0 is always "" after init.
struct cprof_strings {
  char *bytes; // one after another, each followed by a NUL
  uint32_t size, capacity;
  uint32_t *offsets; // of string i
  uint32_t *lengths; // without the NUL
  uint32_t count, offset_capacity, length_capacity;
  struct cprof_table table;
};

enum cprof_result cprof_strings_init(struct cprof_strings *strings);
// The id of these bytes, added when new. CPROF_ELIMIT when all strings
// together would pass 4 GiB.
enum cprof_result cprof_strings_put(struct cprof_strings *strings,
                                    const char *bytes, size_t size,
                                    uint32_t *id);
// NUL-terminated; valid until the next put.
const char *cprof_strings_get(const struct cprof_strings *strings, uint32_t id,
                              size_t *size);
size_t cprof_strings_bytes(const struct cprof_strings *strings);
void cprof_strings_done(struct cprof_strings *strings);

#endif
