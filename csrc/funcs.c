// Functions by content: equal chunk name and line give the same number in
// every run of the program, whatever addresses it got.
#include "funcs.h"

#include <stdlib.h>
#include <string.h>

struct key {
  enum cprof_func_kind kind;
  const char *text;
  size_t size;
  int32_t line;
  const void *address;
};

static bool same_func(const void *owner, uint32_t id, const void *key_) {
  const struct cprof_funcs *funcs = owner;
  const struct cprof_func *func = &funcs->items[id];
  const struct key *key = key_;
  if (func->kind != key->kind)
    return false;
  if (key->kind == CPROF_FUNC_C)
    return func->address == key->address;
  size_t size = 0;
  const char *text = cprof_strings_get(&funcs->strings, func->text, &size);
  return func->line == key->line && size == key->size &&
         memcmp(text, key->text, size) == 0;
}

static uint64_t hash_key(const struct key *key) {
  if (key->kind == CPROF_FUNC_C)
    return cprof_hash(&key->address, sizeof key->address, 2);
  return cprof_hash(key->text, key->size, (uint64_t)(uint32_t)key->line);
}

static uint32_t add(struct cprof_funcs *funcs, const struct key *key,
                    uint64_t hash) {
  struct cprof_func func = {key->kind, 0, key->line, key->address};
  if (funcs->count >= CPROF_FUNCS_MAX ||
      funcs->strings.size + key->size > CPROF_FUNCS_BYTES_MAX ||
      cprof_grow((void **)&funcs->items, &funcs->capacity, funcs->count + 1,
                 sizeof *funcs->items) != CPROF_OK ||
      cprof_strings_put(&funcs->strings, key->text, key->size, &func.text) !=
          CPROF_OK ||
      cprof_table_add(&funcs->table, hash, funcs->count) != CPROF_OK)
    return CPROF_MARK_OTHER;
  funcs->items[funcs->count] = func;
  return funcs->count++;
}

enum cprof_result cprof_funcs_init(struct cprof_funcs *funcs) {
  memset(funcs, 0, sizeof *funcs);
  enum cprof_result result = cprof_strings_init(&funcs->strings);
  if (result == CPROF_OK)
    result = cprof_grow((void **)&funcs->items, &funcs->capacity, 64,
                        sizeof *funcs->items);
  if (result != CPROF_OK) {
    cprof_funcs_done(funcs);
    return result;
  }
  memset(funcs->items, 0, CPROF_MARKER_COUNT * sizeof *funcs->items);
  funcs->count = CPROF_MARKER_COUNT;
  return CPROF_OK;
}

static uint32_t put(struct cprof_funcs *funcs, const struct key *key) {
  uint64_t hash = hash_key(key);
  uint32_t number;
  if (cprof_table_find(&funcs->table, hash, same_func, funcs, key, &number))
    return number;
  return add(funcs, key, hash);
}

// A chunk loaded from text carries that text as its name: a prefix tells
// chunks apart well enough, and bounds the work.
static size_t source_max(const char *source) {
  bool is_name = source[0] == '@' || source[0] == '=';
  return is_name ? CPROF_FUNC_TEXT_MAX : CPROF_CHUNK_TEXT_MAX;
}

static bool is_lua(const struct cprof_funcs *funcs, uint32_t number,
                   const char *source, int line) {
  const struct cprof_func *func = &funcs->items[number];
  const char *text = cprof_strings_get(&funcs->strings, func->text, NULL);
  return func->kind == CPROF_FUNC_LUA && func->line == line &&
         strncmp(text, source, source_max(source)) == 0;
}

uint32_t cprof_funcs_lua(struct cprof_funcs *funcs, const char *source,
                         int line) {
  uint64_t at = (uint64_t)(uintptr_t)source >> 4 ^ (uint64_t)line * 31u;
  struct cprof_func_memo *memo = &funcs->memos[at % CPROF_FUNC_MEMOS];
  if (memo->source == source && is_lua(funcs, memo->number, source, line))
    return memo->number;
  struct key key = {CPROF_FUNC_LUA, source, strnlen(source, source_max(source)),
                    line, NULL};
  uint32_t number = put(funcs, &key);
  *memo = (struct cprof_func_memo){source, number};
  return number;
}

bool cprof_funcs_find_c(const struct cprof_funcs *funcs, const void *address,
                        uint32_t *number) {
  struct key key = {CPROF_FUNC_C, "", 0, 0, address};
  return cprof_table_find(&funcs->table, hash_key(&key), same_func, funcs, &key,
                          number);
}

uint32_t cprof_funcs_c(struct cprof_funcs *funcs, const void *address,
                       const char *name) {
  struct key key = {CPROF_FUNC_C, name, strnlen(name, CPROF_FUNC_TEXT_MAX), 0,
                    address};
  return put(funcs, &key);
}

size_t cprof_funcs_bytes(const struct cprof_funcs *funcs) {
  return funcs->capacity * sizeof *funcs->items +
         cprof_strings_bytes(&funcs->strings) +
         cprof_table_bytes(&funcs->table);
}

void cprof_funcs_done(struct cprof_funcs *funcs) {
  free(funcs->items);
  cprof_strings_done(&funcs->strings);
  cprof_table_done(&funcs->table);
  memset(funcs, 0, sizeof *funcs);
}
