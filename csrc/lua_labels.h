// Labels of samples as Lua sees them: core.match_samples, core.tag_frames, and
// the method label_sets of profiles.
#ifndef CPROF_LUA_LABELS_H
#define CPROF_LUA_LABELS_H

#include "lua_compat.h"

// Adds them to the module table on top of the stack, which has profile_methods.
void cprof_lua_labels_open(lua_State *L);

#endif
