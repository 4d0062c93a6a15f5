// unwind: procedures against function pointers and the symbol table, frames of
// a tick against the calls that were made.
#include "os.h"
#include "tap.h"
#include "unwind.h"

#include <dlfcn.h> // dladdr1
#include <link.h>  // ElfW
#include <signal.h>
#include <string.h>
#include <sys/syscall.h> // tgkill
#include <unistd.h>
#include <zlib.h> // functions of known size in another object

static uint64_t address_of(void (*code)(void)) {
  return (uint64_t)(uintptr_t)code;
}

static struct cprof_proc here[8];
static uint32_t here_count;

__attribute__((noinline)) static void inner(void) {
  here_count = cprof_unwind_here(here, 8);
  __asm__ volatile(""); // no tail call
}

__attribute__((noinline)) static void middle(void) {
  inner();
  __asm__ volatile("");
}

__attribute__((noinline)) static void outer(void) {
  middle();
  __asm__ volatile("");
}

static void test_here(void) {
  outer();
  ok(here_count >= 4, "sees %" PRIu32 " procedures", here_count);
  ok(here[0].start == address_of(inner), "the caller first");
  ok(here[1].start == address_of(middle), "then its caller");
  ok(here[2].start == address_of(outer), "and its caller");
  bool all_sane = true;
  for (uint32_t i = 0; i < here_count; i++)
    all_sane &= here[i].start < here[i].end;
  ok(all_sane, "each has a beginning and an end");
}

__attribute__((noinline)) static void see_two(void) {
  here[2].start = 1;
  here_count = cprof_unwind_here(here, 2);
  __asm__ volatile("");
}

static void test_room(void) {
  see_two();
  is_int((int64_t)here_count, 2, "writes no more than there is room for");
  is_int((int64_t)here[2].start, 1, "and nothing behind it");
}

static void test_own_proc(void) {
  struct cprof_proc proc;
  ok(cprof_unwind_proc(address_of(inner), &proc), "knows a static function");
  is_int((int64_t)proc.start, (int64_t)address_of(inner), "where it begins");
  ok(cprof_unwind_proc(proc.end - 1, &proc) && proc.start == address_of(inner),
     "its last byte belongs to it");
}

// The symbol table says where functions of zlib begin and how long they are.
static void agrees(const char *name) {
  Dl_info info;
  const ElfW(Sym) *symbol = NULL;
  struct cprof_proc proc = {0, 0};
  void *code = dlsym(RTLD_DEFAULT, name);
  if (code == NULL ||
      dladdr1(code, &info, (void **)&symbol, RTLD_DL_SYMENT) == 0 ||
      symbol == NULL) {
    ok(false, "%s has a symbol", name);
    return;
  }
  uint64_t start = (uint64_t)(uintptr_t)code, size = symbol->st_size;
  ok(cprof_unwind_proc(start + size / 2, &proc) && proc.start == start &&
         proc.end == start + size,
     "%s: %" PRIu64 " bytes, as its symbol says", name, size);
}

static void test_nowhere(void) {
  struct cprof_proc proc;
  static const char data[64];
  ok(!cprof_unwind_proc(16, &proc), "no procedure in the zero page");
  ok(!cprof_unwind_proc((uint64_t)(uintptr_t)data, &proc), "nor in data");
  ok(!cprof_unwind_proc((uint64_t)(uintptr_t)&proc, &proc), "nor on the stack");
}

// ---- ticks ------------------------------------------------------------

static struct cprof_tick tick;
static uint64_t stack_low, stack_high;

static void on_signal(int number, siginfo_t *info, void *context) {
  struct cprof_signal signal = {NULL, 0, context};
  (void)number, (void)info;
  cprof_os_capture(&signal, &tick, stack_low, stack_high);
}

__attribute__((noinline)) static void tick_inner(void) {
  syscall(SYS_tgkill, getpid(), cprof_os_tid(), SIGPROF); // raise() is wide
  __asm__ volatile("");
}

// A frame of a size that only its frame pointer tells.
static volatile size_t room_size = 48;

__attribute__((noinline)) static void tick_middle(void) {
  volatile char *room = __builtin_alloca(room_size);
  room[0] = 1;
  tick_inner();
  room[1] = room[0];
}

__attribute__((noinline)) static void tick_outer(void) {
  tick_middle();
  __asm__ volatile("");
}

static bool is_in(uint64_t pc, void (*code)(void)) {
  struct cprof_proc proc;
  return cprof_unwind_proc(pc, &proc) && proc.start == address_of(code);
}

static void test_tick(void) {
  struct sigaction with;
  struct cprof_return frames[CPROF_UNWIND_MAX];
  struct cprof_unwind_end end = {{0, 0}, CPROF_STACK_WORDS};
  uint32_t at = 0;
  memset(&with, 0, sizeof with);
  with.sa_sigaction = on_signal;
  with.sa_flags = SA_SIGINFO;
  sigaction(SIGPROF, &with, NULL);
  ok(cprof_os_stack(&stack_low, &stack_high), "the stack is known");
  tick_outer();
  uint32_t count = cprof_unwind_tick(&tick, &end, frames);
  while (at < count && !is_in(frames[at].pc, tick_inner))
    at++; // raise and what it calls
  ok(at + 2 < count && is_in(frames[at + 1].pc, tick_middle) &&
         is_in(frames[at + 2].pc, tick_outer),
     "the frames of a tick, in order");
  ok(at < count && tick.words[frames[at].word] == frames[at].pc,
     "each tells the word that holds its return");
  end.words = frames[at].word + 1;
  ok(cprof_unwind_tick(&tick, &end, frames) == at + 1,
     "the walk ends at the word that is named");
  end.words = CPROF_STACK_WORDS;
  cprof_unwind_proc(address_of(tick_middle), &end.opaque);
  ok(cprof_unwind_tick(&tick, &end, frames) == at + 2,
     "and at code that is not to be believed");
}

// Code that is gone has no frames, though it had some a moment ago.
static void test_unloaded(void) {
  struct cprof_return frames[CPROF_UNWIND_MAX];
  struct cprof_unwind_end end = {{0, 0}, CPROF_STACK_WORDS};
  void *object = dlopen("libresolv.so.2", RTLD_NOW);
  void *code = object != NULL ? dlsym(object, "inet_net_ntop") : NULL;
  if (code == NULL) {
    ok(true, "unloading # skip no libresolv.so.2 here");
    return;
  }
  memset(&tick, 0, sizeof tick);
  tick.pc = (uint64_t)(uintptr_t)code;
  tick.registers[15] = stack_high; // not used: the words stand for the stack
  tick.words[0] = tick.pc;
  tick.word_count = 2;
  ok(cprof_unwind_tick(&tick, &end, frames) == 2, "code that is loaded");
  ok(dlclose(object) == 0 &&
         dlopen("libresolv.so.2", RTLD_NOW | RTLD_NOLOAD) == NULL,
     "and unloaded");
  ok(cprof_unwind_tick(&tick, &end, frames) == 1, "has no tables any more");
}

int main(void) {
  ok(zlibVersion() != NULL, "zlib is loaded");
  test_here();
  test_room();
  test_own_proc();
  agrees("deflate");
  agrees("inflate");
  agrees("deflateInit2_");
  test_nowhere();
  test_tick();
  test_unloaded();
  return tap_done();
}
