// Somebody else's SIGPROF handler, for specs.
#include <lauxlib.h>
#include <lua.h>

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t count;

static void on_signal(int number) {
  (void)number;
  count++;
}

// sigprof.install(on): a handler that counts, or the default one
static int sigprof_install(lua_State *L) {
  signal(SIGPROF, lua_toboolean(L, 1) ? on_signal : SIG_DFL);
  return 0;
}

// sigprof.raise() -> how many the handler has seen
static int sigprof_raise(lua_State *L) {
  raise(SIGPROF);
  lua_pushinteger(L, count);
  return 1;
}

// sigprof.is_default() -> boolean
static int sigprof_is_default(lua_State *L) {
  struct sigaction now;
  sigaction(SIGPROF, NULL, &now);
  lua_pushboolean(L, !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL);
  return 1;
}

__attribute__((visibility("default"))) int luaopen_sigprof(lua_State *L);

int luaopen_sigprof(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, sigprof_install);
  lua_setfield(L, -2, "install");
  lua_pushcfunction(L, sigprof_raise);
  lua_setfield(L, -2, "raise");
  lua_pushcfunction(L, sigprof_is_default);
  lua_setfield(L, -2, "is_default");
  return 1;
}
