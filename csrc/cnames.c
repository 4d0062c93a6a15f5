// One walk over what the program has loaded. Of several paths to a function
// the shortest wins, then the first in byte order: the same in every run.
#include "cnames.h"

#include "lua_compat.h"
#include "unwind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES 200u     // of a path like "luacheck.utils.map"
#define ENTRIES_MAX 50000u      // looked at in one scan
#define TABLE_ENTRIES_MAX 4000u // looked at in one table
#define SEARCHERS_MAX 16        // of package.searchers

// ---- table of names ---------------------------------------------------

static bool same_name(const void *owner, uint32_t id, const void *key) {
  const struct cprof_cnames *names = owner;
  return names->items[id].address == *(const void *const *)key;
}

static bool find(const struct cprof_cnames *names, const void *address,
                 uint32_t *id) {
  uint64_t hash = cprof_hash(&address, sizeof address, 1);
  return cprof_table_find(&names->table, hash, same_name, names, &address, id);
}

static bool is_better(const char *name, const char *than) {
  size_t size = strlen(name), than_size = strlen(than);
  return size != than_size ? size < than_size : strcmp(name, than) < 0;
}

static void add_range(struct cprof_cnames *names, const void *address) {
  struct cprof_proc proc;
  uint64_t pc = (uint64_t)(uintptr_t)address;
  if (!cprof_unwind_proc(pc, &proc) || proc.start != pc)
    return;
  if (cprof_grow((void **)&names->ranges, &names->range_capacity,
                 names->range_count + 1, sizeof *names->ranges) != CPROF_OK)
    return;
  struct cprof_crange range = {proc.start, proc.end, address};
  names->ranges[names->range_count++] = range;
}

static void put(struct cprof_cnames *names, const void *address,
                const char *name) {
  uint32_t id, text;
  if (find(names, address, &id)) {
    const char *now =
        cprof_strings_get(&names->strings, names->items[id].name, NULL);
    if (is_better(name, now) &&
        cprof_strings_put(&names->strings, name, strlen(name), &text) ==
            CPROF_OK)
      names->items[id].name = text;
    return;
  }
  if (names->count >= CPROF_CNAMES_MAX ||
      cprof_grow((void **)&names->items, &names->capacity, names->count + 1,
                 sizeof *names->items) != CPROF_OK ||
      cprof_strings_put(&names->strings, name, strlen(name), &text) !=
          CPROF_OK ||
      cprof_table_add(&names->table, cprof_hash(&address, sizeof address, 1),
                      names->count) != CPROF_OK)
    return;
  struct cprof_cname item = {address, text};
  names->items[names->count++] = item;
  add_range(names, address);
}

// ---- walk -------------------------------------------------------------

struct scan {
  struct cprof_cnames *names;
  lua_State *L;
  uint32_t entries;
  char path[PATH_MAX_BYTES];
};

// Without ".__index" at its end, whose entries are methods: "a:b".
static size_t stem_size(const struct scan *scan, size_t size) {
  static const char index[] = ".__index";
  size_t index_size = sizeof index - 1;
  bool is_index = size > index_size && memcmp(scan->path + size - index_size,
                                              index, index_size) == 0;
  return is_index ? size - index_size : size;
}

// Appends a key; returns the new size, 0 when it does not fit.
static size_t extend_path(struct scan *scan, size_t size, const char *mark,
                          const char *key) {
  int added =
      snprintf(scan->path + size, sizeof scan->path - size, "%s%s", mark, key);
  size += added > 0 ? (size_t)added : 0;
  return size < sizeof scan->path ? size : 0;
}

const void *cprof_cnames_address(lua_State *L) {
  lua_CFunction code = lua_tocfunction(L, -1);
  return code != NULL ? (const void *)(uintptr_t)code : lua_topointer(L, -1);
}

static void take_function(struct scan *scan) {
  put(scan->names, cprof_cnames_address(scan->L), scan->path);
}

// Looks at the table on top of the stack, whose path has `size` bytes.
// NOLINTNEXTLINE(misc-no-recursion): CPROF_CNAMES_DEPTH levels at most
static void walk_table(struct scan *scan, size_t size, int depth) {
  lua_State *L = scan->L;
  uint32_t here = 0;
  size_t stem = stem_size(scan, size);
  const char *mark = size == 0 ? "" : stem < size ? ":" : ".";
  if (!lua_checkstack(L, 4))
    return;
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    bool is_named = lua_type(L, -2) == LUA_TSTRING;
    if (++here > TABLE_ENTRIES_MAX || ++scan->entries > ENTRIES_MAX) {
      lua_pop(L, 2);
      return;
    }
    size_t longer =
        is_named ? extend_path(scan, stem, mark, lua_tostring(L, -2)) : 0;
    if (longer > 0 && lua_iscfunction(L, -1))
      take_function(scan);
    else if (longer > 0 && depth > 1 && lua_istable(L, -1))
      walk_table(scan, longer, depth - 1);
    lua_pop(L, 1);
    scan->path[stem] = '\0';
  }
}

// One module of package.loaded: its name and value are on top of the stack.
static void walk_module(struct scan *scan) {
  if (lua_type(scan->L, -2) != LUA_TSTRING || !lua_istable(scan->L, -1))
    return;
  const char *key = lua_tostring(scan->L, -2);
  size_t size = extend_path(scan, 0, "", key);
  if (strcmp(key, "_G") == 0) // its entries go by their own names
    walk_table(scan, 0, 2);
  else if (size > 0)
    walk_table(scan, size, CPROF_CNAMES_DEPTH);
}

// One entry of the registry: a metatable, when it has a name.
static void walk_metatable(struct scan *scan) {
  if (lua_type(scan->L, -2) != LUA_TSTRING || !lua_istable(scan->L, -1))
    return;
  const char *key = lua_tostring(scan->L, -2);
  size_t size = extend_path(scan, 0, "", key);
  if (key[0] != '_' && size > 0)
    walk_table(scan, size, 2);
}

// package.searchers (LuaJIT: loaders), a list of functions, below _LOADED on
// top of the stack.
static void walk_searchers(struct scan *scan) {
  static const char *const names[] = {"searchers", "loaders"};
  lua_State *L = scan->L;
  lua_getfield(L, -1, "package");
  for (size_t i = 0; i < 2 && lua_istable(L, -1); i++) {
    lua_pushstring(L, names[i]);
    lua_rawget(L, -2);
    for (int n = 1; n <= SEARCHERS_MAX && lua_istable(L, -1); n++) {
      lua_rawgeti(L, -1, n);
      snprintf(scan->path, sizeof scan->path, "package.%s[%d]", names[i], n);
      if (lua_iscfunction(L, -1))
        take_function(scan);
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

// Hands each entry of the table at this index to `walk`.
static void walk_each(struct scan *scan, int index,
                      void (*walk)(struct scan *scan)) {
  lua_pushnil(scan->L);
  while (lua_next(scan->L, index)) {
    walk(scan);
    lua_pop(scan->L, 1);
  }
}

static int compare_ranges(const void *a, const void *b) {
  uint64_t left = ((const struct cprof_crange *)a)->start;
  uint64_t right = ((const struct cprof_crange *)b)->start;
  return (left > right) - (left < right);
}

// ---- public -----------------------------------------------------------

enum cprof_result cprof_cnames_init(struct cprof_cnames *names) {
  memset(names, 0, sizeof *names);
  return cprof_strings_init(&names->strings);
}

void cprof_cnames_fix(struct cprof_cnames *names, const void *address,
                      const char *name) {
  put(names, address, name);
}

static void find_iterator(struct cprof_cnames *names, lua_State *L,
                          const char *name) {
  if (lua_iscfunction(L, -1)) {
    lua_pushliteral(L, "");
    lua_pushliteral(L, "");
    if (lua_pcall(L, 2, 1, 0) == 0 && lua_iscfunction(L, -1))
      put(names, cprof_cnames_address(L), name);
  }
  lua_pop(L, 1);
}

void cprof_cnames_iterators(struct cprof_cnames *names, lua_State *L) {
  lua_getglobal(L, "ipairs");
  find_iterator(names, L, "ipairs.iterator");
  lua_getglobal(L, "string");
  if (lua_istable(L, -1)) {
    lua_getfield(L, -1, "gmatch");
    find_iterator(names, L, "string.gmatch.iterator");
  }
  lua_pop(L, 1);
}

void cprof_cnames_scan(struct cprof_cnames *names, lua_State *L) {
  struct scan scan = {names, L, 0, ""};
  if (!lua_checkstack(L, 16))
    return;
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  if (lua_istable(L, -1)) {
    walk_each(&scan, lua_gettop(L), walk_module);
    walk_searchers(&scan);
  }
  lua_pop(L, 1);
  walk_each(&scan, LUA_REGISTRYINDEX, walk_metatable);
  if (names->range_count > 1)
    qsort(names->ranges, names->range_count, sizeof *names->ranges,
          compare_ranges);
}

const char *cprof_cnames_find(const struct cprof_cnames *names,
                              const void *address) {
  uint32_t id;
  if (!find(names, address, &id))
    return NULL;
  return cprof_strings_get(&names->strings, names->items[id].name, NULL);
}

const void *cprof_cnames_at(const struct cprof_cnames *names, uint64_t pc) {
  uint32_t low = 0, high = names->range_count;
  while (low < high) { // the first range that starts beyond pc
    uint32_t middle = low + (high - low) / 2;
    if (names->ranges[middle].start <= pc)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0 || pc >= names->ranges[low - 1].end)
    return NULL;
  return names->ranges[low - 1].address;
}

size_t cprof_cnames_bytes(const struct cprof_cnames *names) {
  return names->capacity * sizeof *names->items +
         names->range_capacity * sizeof *names->ranges +
         cprof_strings_bytes(&names->strings) +
         cprof_table_bytes(&names->table);
}

void cprof_cnames_done(struct cprof_cnames *names) {
  free(names->items);
  free(names->ranges);
  cprof_strings_done(&names->strings);
  cprof_table_done(&names->table);
  memset(names, 0, sizeof *names);
}
