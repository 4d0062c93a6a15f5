// The functions that occurred in samples, numbered; one set per VM. A Lua
// function is (source, line defined), a C function its address, a marker is
// itself: so a number means the same function in every stack. Written at safe
// points, read when a profile is made. Bounded: beyond the cap every new
// function is [other].
#ifndef CPROF_FUNCS_H
#define CPROF_FUNCS_H

#include "frame.h"
#include "table.h"

#define CPROF_FUNCS_MAX 65536u    // functions
#define CPROF_FUNC_TEXT_MAX 4096u // bytes kept of a chunk or function name
#define CPROF_CHUNK_TEXT_MAX 256u // bytes kept of a chunk that is its source
#define CPROF_FUNCS_BYTES_MAX (16u << 20) // of all names together

enum cprof_func_kind { CPROF_FUNC_MARKER, CPROF_FUNC_LUA, CPROF_FUNC_C };

struct cprof_func {
  enum cprof_func_kind kind;
  uint32_t text;       // string: the chunk name (Lua), the call-site name (C)
  int32_t line;        // line defined (Lua)
  const void *address; // what tells C functions apart
};

// The number that this chunk name at this address had last; believed only
// when the name still is the same.
struct cprof_func_memo {
  const char *source;
  uint32_t number; // 0: none
};

#define CPROF_FUNC_MEMOS 256u // power of two

struct cprof_funcs {
  struct cprof_func *items; // the first CPROF_MARKER_COUNT are markers
  uint32_t count, capacity;
  struct cprof_strings strings;
  struct cprof_table table;
  struct cprof_func_memo memos[CPROF_FUNC_MEMOS];
};

enum cprof_result cprof_funcs_init(struct cprof_funcs *funcs);
// The number of the Lua function defined at this line of this chunk (name as
// Lua gives it, "@file", "=name" or the text itself). Never fails: what does
// not fit is CPROF_MARK_OTHER.
uint32_t cprof_funcs_lua(struct cprof_funcs *funcs, const char *source,
                         int line);
// The number of a known C function, or CPROF_MARK_OTHER.
bool cprof_funcs_find_c(const struct cprof_funcs *funcs, const void *address,
                        uint32_t *number);
// The number of a C function, with the name under which it was called first.
uint32_t cprof_funcs_c(struct cprof_funcs *funcs, const void *address,
                       const char *name);
size_t cprof_funcs_bytes(const struct cprof_funcs *funcs);
void cprof_funcs_done(struct cprof_funcs *funcs);

#endif
