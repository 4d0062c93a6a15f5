// Names of C functions: the path under which package.loaded holds them
// ("string.rep"), by address; and which of them an instruction belongs to, by
// the ranges that the unwind tables give. Filled outside the handler, read at
// safe points (LuaJIT, raised C functions) and when a profile is made.
#ifndef CPROF_CNAMES_H
#define CPROF_CNAMES_H

#include "table.h"

#include <lua.h>

#define CPROF_CNAMES_MAX 16384u // functions remembered
#define CPROF_CNAMES_DEPTH 3    // tables below package.loaded

struct cprof_cname {
  const void *address; // as cprof_level's
  uint32_t name;       // string
};

// [start, end) of the machine code of the function at address.
struct cprof_crange {
  uint64_t start, end;
  const void *address;
};

struct cprof_cnames {
  struct cprof_cname *items;
  uint32_t count, capacity;
  struct cprof_strings strings;
  struct cprof_table table;    // by address
  struct cprof_crange *ranges; // sorted by start
  uint32_t range_count, range_capacity;
};

// The address that tells the function on top of the stack apart: of the code
// of a C function, of the object of a LuaJIT built-in or a Lua function.
const void *cprof_cnames_address(lua_State *L);

enum cprof_result cprof_cnames_init(struct cprof_cnames *names);
// Gives this address a name that no scan changes.
void cprof_cnames_fix(struct cprof_cnames *names, const void *address,
                      const char *name);
// Names what Lua's own `ipairs` and `string.gmatch` return, which no table
// holds: calls them, so only while they are Lua's own. May raise.
void cprof_cnames_iterators(struct cprof_cnames *names, lua_State *L);
// Walks package.loaded and the metatables of the registry, without
// metamethods. L's stack stays as it was; needs 16 slots; raises nothing.
void cprof_cnames_scan(struct cprof_cnames *names, lua_State *L);
// The name, or NULL. Valid until the next scan.
const char *cprof_cnames_find(const struct cprof_cnames *names,
                              const void *address);
// The C function whose machine code holds pc, or NULL.
const void *cprof_cnames_at(const struct cprof_cnames *names, uint64_t pc);
size_t cprof_cnames_bytes(const struct cprof_cnames *names);
void cprof_cnames_done(struct cprof_cnames *names);

#endif
