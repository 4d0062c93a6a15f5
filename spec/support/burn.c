// C functions for specs and the accuracy run: they burn CPU by counting, so
// that truth is a number of operations. Built by the Makefile for each VM.
#include <lauxlib.h>
#include <lua.h>

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// One operation of every burner: a dependent multiplication chain.
static uint64_t work(uint64_t count) {
  uint64_t value = count | 1;
  for (uint64_t i = 0; i < count * 16; i++)
    value = value * 6364136223846793005u + 1442695040888963407u;
  return value;
}

static uint64_t volatile result; // keeps the work

// burn.a(n), burn.b(n): the same work under two names.
__attribute__((noinline)) static int burn_a(lua_State *L) {
  result = work((uint64_t)luaL_checkinteger(L, 1));
  return 0;
}

__attribute__((noinline)) static int burn_b(lua_State *L) {
  result = work((uint64_t)luaL_checkinteger(L, 1)) + 1;
  return 0;
}

// burn.raise(n): works, then raises.
static int burn_raise(lua_State *L) {
  result = work((uint64_t)luaL_checkinteger(L, 1)) + 2;
  return luaL_error(L, "raised on purpose");
}

// burn.rusage() -> ns of this thread, user and system
static int burn_rusage(lua_State *L) {
  struct rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  lua_pushnumber(
      L,
      (lua_Number)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 +
          (lua_Number)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3);
  return 1;
}

// burn.fork(f) -> exit status: runs f in a child, which exits with what f
// returns
static int burn_fork(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  int status = 0;
  pid_t pid = fork();
  if (pid == 0) {
    int failed = lua_pcall(L, 0, 1, 0);
    _exit(failed ? 99 : (int)lua_tointeger(L, -1));
  }
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
    continue;
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return 1;
}

// burn.usleep(us) -> 0 or errno
static int burn_usleep(lua_State *L) {
  int failed = usleep((useconds_t)luaL_checkinteger(L, 1));
  lua_pushinteger(L, failed == 0 ? 0 : errno);
  return 1;
}

static void foreign_hook(lua_State *L, lua_Debug *ar) { (void)L, (void)ar; }

// burn.foreign_hook(on): a C hook that cprof must not touch
static int burn_foreign_hook(lua_State *L) {
  if (lua_toboolean(L, 1))
    lua_sethook(L, foreign_hook, LUA_MASKCOUNT, 1000);
  else
    lua_sethook(L, NULL, 0, 0);
  return 0;
}

// burn.hook_is_set() -> boolean
static int burn_hook_is_set(lua_State *L) {
  lua_pushboolean(L, lua_gethook(L) != NULL);
  return 1;
}

static void *churn(void *unused) {
  for (int i = 0; i < 2000; i++) {
    void *block = malloc((size_t)(i * 37 % 5000 + 1));
    memset(block, 1, 1);
    free(block);
  }
  return unused;
}

// Loads and unloads an object, too, under the loader's lock.
static void *churn_objects(void *unused) {
  for (int i = 0; i < 20; i++) {
    void *object = dlopen("libresolv.so.2", RTLD_NOW);
    churn(NULL);
    if (object != NULL)
      dlclose(object);
  }
  return unused;
}

#define BESIDE_MAX 8

// burn.beside(n): n threads that allocate, load and unload beside the caller;
// those of the call before are joined
static int burn_beside(lua_State *L) {
  static pthread_t threads[BESIDE_MAX];
  static int count;
  lua_Integer wanted = luaL_checkinteger(L, 1);
  while (count > 0)
    pthread_join(threads[--count], NULL);
  while (count < wanted && count < BESIDE_MAX &&
         pthread_create(&threads[count], NULL, churn_objects, NULL) == 0)
    count++;
  return 0;
}

// burn.threads(n): n threads that allocate, joined
static int burn_threads(lua_State *L) {
  for (lua_Integer i = luaL_checkinteger(L, 1); i > 0; i--) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, churn, NULL) == 0)
      pthread_join(thread, NULL);
  }
  return 0;
}

__attribute__((visibility("default"))) int luaopen_burn(lua_State *L);

int luaopen_burn(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"a", burn_a},
      {"b", burn_b},
      {"raise", burn_raise},
      {"rusage", burn_rusage},
      {"fork", burn_fork},
      {"usleep", burn_usleep},
      {"foreign_hook", burn_foreign_hook},
      {"hook_is_set", burn_hook_is_set},
      {"threads", burn_threads},
      {"beside", burn_beside},
      {NULL, NULL},
  };
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  return 1;
}
