// lua_State holds `int basehookcount; int hookcount;` side by side
// (lstate.h): lua_sethook sets both to the count, instructions count down the
// second.
#include "hookcount_lua54.h"

#include "os.h" // cprof_os_peek

#include "lua_compat.h"

#include <string.h>

#define STATE_BYTES 200u // looked at; 5.4's lua_State has 200 to 208
#define PAIR_BYTES (2 * sizeof(int))

static void no_hook(lua_State *L, lua_Debug *ar) { (void)L, (void)ar; }

static bool read_pair(const lua_State *L, size_t at, int pair[2]) {
  return cprof_os_peek((const char *)L + at, pair, PAIR_BYTES);
}

// Does the pair at this offset follow what lua_sethook was told?
static bool follows(lua_State *L, size_t at, int count) {
  int pair[2];
  lua_sethook(L, no_hook, LUA_MASKCOUNT, count);
  return read_pair(L, at, pair) && pair[0] == count && pair[1] == count;
}

// And do instructions count down its second half alone?
static bool counts_down(lua_State *L, size_t at, int count) {
  int pair[2];
  return luaL_dostring(L, "local a = 1 a = 2 a = 3") == LUA_OK &&
         read_pair(L, at, pair) && pair[0] == count && pair[1] < count &&
         pair[1] > count - 20;
}

size_t cprof_hookcount_calibrate(lua_State *L) {
  size_t found = 0;
  for (size_t at = sizeof(void *); at + PAIR_BYTES <= STATE_BYTES && !found;
       at += sizeof(int))
    if (follows(L, at, 0x1234567) && follows(L, at, 0x2345678) &&
        counts_down(L, at, 0x2345678))
      found = at + sizeof(int);
  lua_sethook(L, NULL, 0, 0);
  return found;
}

int cprof_hookcount_get(const lua_State *L, size_t offset) {
  int count;
  memcpy(&count, (const char *)L + offset, sizeof count);
  return count;
}
