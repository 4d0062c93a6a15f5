// How the core speaks to Lua when work fails, and memory that Lua frees. The
// only place that turns a result into `nil, message, code`.
#ifndef CPROF_LUA_EDGE_H
#define CPROF_LUA_EDGE_H

#include "base.h"
#include "lua_compat.h"

// Pushes nil, "<what>: <text>", code; returns 3. The text is strerror(errno)
// for CPROF_EIO, else cprof_result_text. Nothing that owns memory may be live
// in the caller: it can raise.
int cprof_lua_fail(lua_State *L, enum cprof_result result, const char *what);

// The same with a text of the caller's; NULL: as above. `what` may be NULL:
// only the text is said.
int cprof_lua_fail_ex(lua_State *L, enum cprof_result result, const char *what,
                      const char *text);

// Pushes an empty buffer that the garbage collector releases, for bytes that
// are live across calls that may raise. cprof_buffer_done it when it is no
// longer needed.
struct cprof_buffer *cprof_lua_buffer_new(lua_State *L);

// Pushes `count` zero bytes, aligned for any number; never NULL.
uint8_t *cprof_lua_bytes_new(lua_State *L, size_t count);

#endif
