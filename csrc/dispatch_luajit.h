// Where LuaJIT rewrites its dispatch table. lj_dispatch_update first notes the
// new mode, then writes the table. A signal in between whose handler calls it
// too leaves a table that does not do what the mode says, and since the mode
// seems right, it stays so: no callback and no hook of the user runs any more
// (spec/regress/001-luajit_dispatch_spec.lua). So the handler must know the
// function, which is exported by nobody, and leave LuaJIT alone inside it.
#ifndef CPROF_DISPATCH_LUAJIT_H
#define CPROF_DISPATCH_LUAJIT_H

#include "unwind.h"

// The range of lj_dispatch_update: where both LuaJIT's SIGPROF handler and
// lua_sethook, at these addresses, lead. false, and an empty range, when it
// cannot be found. Not in a handler.
bool cprof_dispatch_find(uint64_t handler, uint64_t sethook,
                         struct cprof_proc *update);

#endif
