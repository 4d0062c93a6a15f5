// A host of Lua states, as a C program: host SCENARIO. Prints what happened as
// `key value` lines for spec/host_spec.lua, which judges; ends with 0 when the
// scenario could be played. Built by the Makefile against each VM's library.
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h> // a timer that is not ours
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// ---- helpers ----------------------------------------------------------

static double thread_cpu_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void must(lua_State *L, int status) {
  if (status == 0)
    return;
  fprintf(stderr, "host: %s\n", lua_tostring(L, -1));
  exit(1);
}

static void must_be(int truth) {
  if (truth)
    return;
  perror("host");
  exit(1);
}

static void run(lua_State *L, const char *code) {
  must(L, luaL_loadstring(L, code));
  must(L, lua_pcall(L, 0, 0, 0));
}

// Functions and sums of the profile in the global `set`.
static const char PRELUDE[] =
    "cprof = require 'cprof'\n"
    "function start(hz) session, message, code ="
    "  cprof.start{cpu = {hz = hz or 1000}} return session end\n"
    "function work_A(n) local x = 0 for i = 1, n do x = x + i % 7 end"
    "  return x end\n"
    "work_B = assert((loadstring or load)('local n = ... local x = 0 '"
    "  .. 'for i = 1, n do x = x + i % 7 end return x', '=work_B'))\n"
    "function sum(set, pattern) local all, own = 0, 0\n"
    "  for _, s in ipairs(set.cpu:stacks()) do\n"
    "    local hit = false\n"
    "    for _, f in ipairs(s.frames) do\n"
    "      hit = hit or f.name:find(pattern) ~= nil end\n"
    "    all = all + s.values[2]\n"
    "    own = own + (hit and s.values[2] or 0)\n"
    "  end return all, own end\n"
    "function tell(name) local set = assert(session:stop())\n"
    "  assert(set.cpu:check())\n"
    "  for _, p in ipairs{'work_A', 'work_B'} do\n"
    "    local all, own = sum(set, p)\n"
    "    print(name .. '_' .. p, own) print(name .. '_total', all) end end\n";

static lua_State *new_state(void) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  run(L, PRELUDE);
  return L;
}

static void work(lua_State *L, const char *name) {
  lua_getglobal(L, name);
  lua_pushnumber(L, 300000);
  must(L, lua_pcall(L, 1, 0, 0));
}

static int resume(lua_State *co, lua_State *from, int arguments) {
#if LUA_VERSION_NUM >= 504
  int results = 0;
  int status = lua_resume(co, from, arguments, &results);
  lua_pop(co, results);
  return status;
#else
  (void)from;
  return lua_resume(co, arguments);
#endif
}

// Its body is loaded, not yet run; it is on top of L.
static lua_State *new_coroutine(lua_State *L, const char *code) {
  lua_State *co = lua_newthread(L);
  must(L, luaL_loadstring(co, code));
  return co;
}

// How a child ended: its exit code, or 128 + its signal.
static int in_child(void (*play)(void)) {
  int status = 0;
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    play();
    fflush(stdout);
    _exit(0);
  }
  while (waitpid(pid, &status, 0) != pid)
    continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void burn_cpu(double ns) {
  static volatile uint64_t sink;
  for (double end = thread_cpu_ns() + ns; thread_cpu_ns() < end;)
    for (int i = 0; i < 10000; i++)
      sink += (uint64_t)i;
}

// ---- states -----------------------------------------------------------

// Two states take turns on one thread, each with a session of its own.
static void two_states(void) {
  lua_State *a = new_state(), *b = new_state();
  double before = thread_cpu_ns();
  run(a, "assert(start())");
  run(b, "start() print('second', tostring(session), code)");
  for (int i = 0; i < 150; i++) {
    work(a, "work_A");
    work(b, "work_B");
  }
  printf("cpu_ns %.0f\n", thread_cpu_ns() - before);
  fflush(stdout);
  run(a, "tell('a')");
  run(b, "if session then tell('b') end");
  lua_close(a);
  lua_close(b);
}

// The first goes on although the second was refused; then the second may.
static void second_later(void) {
  lua_State *a = new_state(), *b = new_state();
  run(a, "assert(start())");
  run(b, "start() print('while_first', tostring(session), code)");
  work(a, "work_A");
  run(a, "for i = 1, 100 do work_A(300000) end tell('a')");
  run(b, "start() print('after_first', tostring(session ~= nil), code)");
  run(b, "for i = 1, 100 do work_B(300000) end if session then tell('b') end");
  lua_close(a);
  lua_close(b);
}

static void *play_thread(void *name) {
  lua_State *L = new_state();
  lua_pushstring(L, name);
  lua_setglobal(L, "name");
  run(L, "assert(start())\n"
         "for i = 1, 100 do _G['work_' .. name](300000) end tell(name)");
  for (int i = 0; i < 100; i++)
    run(L, "local s = assert(cprof.start{cpu = {hz = 1000}}) work_A(1000)"
           "if math.random(2) == 1 then s:stop() end");
  lua_close(L);
  return NULL;
}

static void two_threads(void) {
  static char a[] = "A", b[] = "B";
  pthread_t first, second;
  pthread_create(&first, NULL, play_thread, a);
  pthread_create(&second, NULL, play_thread, b);
  pthread_join(first, NULL);
  pthread_join(second, NULL);
  puts("joined 1");
}

// ---- ends -------------------------------------------------------------

static void close_running(void) {
  for (int i = 0; i < 50; i++) {
    lua_State *L = new_state();
    run(L, "assert(start()) work_A(300000)");
    lua_close(L);
    burn_cpu(2e6); // a late signal would come here
  }
  puts("closed 1");
}

// A coroutine is suspended with the hook of a safe point set.
static void close_armed(void) {
  for (int i = 0; i < 50; i++) {
    lua_State *L = new_state();
    run(L, "assert(start(10000))\n"
           "kept = {} for i = 1, 300 do\n"
           "  kept[i] = coroutine.create(function() while true do\n"
           "    work_A(100) coroutine.yield() end end)\n"
           "  for _ = 1, 5 do coroutine.resume(kept[i]) end end");
    if (i % 2 == 0)
      run(L, "session:stop() for i = 1, #kept do"
             " assert(coroutine.resume(kept[i])) end");
    lua_close(L);
  }
  puts("closed 1");
}

static void reopen(void) {
  for (int i = 0; i < 200; i++) {
    lua_State *L = new_state();
    run(L, "assert(start()) work_A(20000)");
    if (i % 3 > 0)
      run(L, "assert(session:stop())");
    if (i % 3 == 1)
      run(L, "session = nil collectgarbage()");
    lua_close(L);
  }
  puts("reopened 200");
}

static lua_State *left;

static void *leave(void *unused) {
  left = new_state();
  run(left, "assert(start()) work_A(300000)");
  return unused;
}

// The state outlives the thread that began its session.
static void thread_leaves(void) {
  for (int i = 0; i < 20; i++) {
    pthread_t thread;
    pthread_create(&thread, NULL, leave, NULL);
    pthread_join(thread, NULL);
    run(left, "work_A(300000)");
    if (i % 2 == 0)
      run(left, "assert(session:stop())");
    lua_close(left);
  }
  lua_State *L = new_state();
  run(L, "assert(start()) for i = 1, 100 do work_A(300000) end tell('a')");
  lua_close(L);
}

static atomic_int stage;

static void await(int which) {
  while (stage < which)
    sched_yield();
}

// Owns a session, and uses CPU time outside Lua, where signals reach it.
static void *own_session(void *unused) {
  left = new_state();
  run(left, "assert(start(10000)) work_A(300000)");
  stage = 1;
  while (stage < 2)
    burn_cpu(1e6);
  burn_cpu(3e7); // what is still on its way comes here
  return unused;
}

// A session is asked for, and its state closed, on another thread than its own,
// which is in the handler at any time.
static void elsewhere(void) {
  for (int i = 0; i < 20; i++) {
    pthread_t thread;
    stage = 0;
    pthread_create(&thread, NULL, own_session, NULL);
    await(1);
    run(left, "local set, _, code = session:stop() answer = {set, code}\n"
              "local s2, _, code2 = session:snapshot()\n"
              "assert(not set and not s2 and code2 == 'state')\n"
              "print('stop', code)");
    if (i % 2 == 0)
      run(left, "session = nil collectgarbage()");
    lua_close(left);
    stage = 2;
    pthread_join(thread, NULL);
  }
  lua_State *L = new_state();
  run(L, "assert(start()) for i = 1, 100 do work_A(300000) end tell('a')");
  lua_close(L);
}

// ---- coroutines of the host -------------------------------------------

// Strangers: cprof is not told that they run, nor that they end.
static void host_resumes(void) {
  lua_State *L = new_state();
  lua_State *first = new_coroutine(L, "assert(start()) coroutine.yield()\n"
                                      "work_A(300000)");
  resume(first, L, 0);
  for (int i = 0; i < 100; i++) {
    lua_State *co = new_coroutine(
        L, "work_A(100000) coroutine.yield() for x in"
           " coroutine.wrap(function() for i = 1, 20 do work_B(10000)"
           " coroutine.yield(i) end end) do work_A(1000) end work_A(200000)");
    while (resume(co, L, 0) == LUA_YIELD)
      continue;
    lua_pop(L, 1);
    if (i == 10) {
      resume(first, L, 0);
      lua_settop(L, 0); // now it is garbage
    }
    lua_gc(L, LUA_GCCOLLECT, 0);
    work(L, "work_A");
  }
  run(L, "tell('a')");
  lua_close(L);
}

// ---- signals ----------------------------------------------------------

static volatile sig_atomic_t foreign_count;

static void on_foreign(int number) {
  (void)number;
  foreign_count = foreign_count + 1;
}

static void report_handler(const char *name) {
  struct sigaction now;
  sigaction(SIGPROF, NULL, &now);
  printf("%s %s\n", name,
         now.sa_handler == on_foreign ? "foreign"
         : now.sa_handler == SIG_DFL  ? "default"
                                      : "other");
  fflush(stdout);
}

static void handler_before(void) {
  signal(SIGPROF, on_foreign);
  lua_State *L = new_state();
  run(L, "start() print('session', tostring(session), code)");
  report_handler("kept");
  lua_close(L);
  report_handler("after");
}

static void handler_after(void) {
  lua_State *L = new_state();
  run(L, "assert(start()) work_A(300000)");
  signal(SIGPROF, on_foreign);
  run(L, "for i = 1, 30 do work_A(300000) end");
  run(L, "assert(session:stop())");
  report_handler("kept");
  lua_close(L);
  report_handler("after");
  burn_cpu(2e7);
  printf("signals %s\n", foreign_count > 0 ? "some" : "none");
}

// A SIGPROF that no timer of cprof sent, while it runs.
static void strays(void) {
  lua_State *L = new_state();
  run(L, "assert(start())");
  for (int i = 0; i < 200; i++) {
    raise(SIGPROF);
    work(L, "work_A");
  }
  run(L, "tell('a')");
  lua_close(L);
}

// A timer of another library, with a cookie that is no address.
static void foreign_timer(void) {
  lua_State *L = new_state();
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                           .sigev_signo = SIGPROF,
                           .sigev_value.sival_ptr = (void *)(uintptr_t)1};
  struct itimerspec when = {{0, 500000}, {0, 500000}};
  timer_t timer;
  run(L, "assert(start())");
  must_be(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  must_be(timer_settime(timer, 0, &when, NULL) == 0);
  double before = thread_cpu_ns();
  for (int i = 0; i < 600; i++) // that a tick is far below 3 percent
    work(L, "work_A");
  printf("cpu_ns %.0f\n", thread_cpu_ns() - before);
  fflush(stdout);
  timer_delete(timer);
  run(L, "tell('a')");
  lua_close(L);
}

// ---- processes --------------------------------------------------------

static void fork_body(void) {
  lua_State *L = left;
  run(L, "work_A(300000) assert(not session:running())\n"
         "local s = assert(cprof.start{cpu = true}) work_A(300000)\n"
         "assert(s:stop())");
  lua_close(L);
}

static void forks(void) {
  left = new_state();
  run(left, "assert(start())");
  int worst = 0;
  for (int i = 0; i < 30; i++) {
    int code = in_child(fork_body);
    worst = code > worst ? code : worst;
    for (int j = 0; j < 5; j++) // a busy machine has few ticks for us
      work(left, "work_A");
  }
  printf("child %d\n", worst);
  fflush(stdout);
  run(left, "tell('a')");
  lua_close(left);
}

// One thread is in Lua at any point, another forks: the child has no such
// thread, and must leave that state alone. LuaJIT raises where a trace ends,
// under a lock of libgcc that a child would find taken for ever: no traces.
static void *run_forever(void *unused) {
  lua_State *L = new_state();
  run(L, "if jit then jit.off() end assert(start(10000))");
  stage = 1;
  while (stage < 2)
    run(L, "local co = coroutine.wrap(function() for i = 1, 50 do work_A(100)"
           " coroutine.yield() end end) for i = 1, 50 do co() end");
  lua_close(L);
  return unused;
}

static void fresh_body(void) {
  lua_State *L = new_state();
  run(L, "start() work_A(300000)"
         " if session then assert(session:stop()) end");
  lua_close(L);
}

static void forks_beside(void) {
  pthread_t thread;
  int worst = 0;
  stage = 0;
  pthread_create(&thread, NULL, run_forever, NULL);
  await(1);
  for (int i = 0; i < 100; i++) {
    int code = in_child(fresh_body);
    worst = code > worst ? code : worst;
  }
  stage = 2;
  pthread_join(thread, NULL);
  printf("child %d\n", worst);
}

// What exec leaves: a program that burns CPU and must not get a signal.
static void exec_body(void) {
  lua_State *L = new_state();
  run(L, "assert(start()) work_A(300000)");
  execlp("sh", "sh", "-c", "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done",
         (char *)NULL);
  _exit(98);
}

static void execs(void) {
  int worst = 0;
  for (int i = 0; i < 10; i++) {
    int code = in_child(exec_body);
    worst = code > worst ? code : worst;
  }
  printf("child %d\n", worst);
}

// ---- main -------------------------------------------------------------

static const struct scenario {
  const char *name;
  void (*play)(void);
} scenarios[] = {
    {"close_armed", close_armed},
    {"close_running", close_running},
    {"elsewhere", elsewhere},
    {"execs", execs},
    {"foreign_timer", foreign_timer},
    {"forks", forks},
    {"forks_beside", forks_beside},
    {"handler_after", handler_after},
    {"handler_before", handler_before},
    {"host_resumes", host_resumes},
    {"reopen", reopen},
    {"second_later", second_later},
    {"strays", strays},
    {"thread_leaves", thread_leaves},
    {"two_states", two_states},
    {"two_threads", two_threads},
};

int main(int count, char **arguments) {
  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
    if (count == 2 && strcmp(arguments[1], scenarios[i].name) == 0) {
      scenarios[i].play();
      return 0;
    }
  fputs("host: SCENARIO is what this file's end lists\n", stderr);
  return 2;
}
