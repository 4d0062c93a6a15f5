// os: clocks, memory that may not be there, the timer and who has SIGPROF.
// Signals of a timer are also sent by hand, so that every field is known.
#include "os.h"
#include "tap.h"
#include "unwind.h" // where a function ends

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h> // mkstemp
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h> // futimens
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

// ---- facts ------------------------------------------------------------

static volatile uint64_t spun;

__attribute__((noinline)) static void spin_until(uint64_t cpu_ns) {
  while (cprof_os_cpu_ns() < cpu_ns)
    for (int i = 0; i < 1000; i++)
      spun += (uint64_t)i;
}

static void test_clocks(void) {
  uint64_t wall = cprof_os_wall_ns(), cpu = cprof_os_cpu_ns();
  spin_until(cpu + 20000000);
  uint64_t wall_took = cprof_os_wall_ns() - wall;
  ok(wall_took >= 20000000, "CPU time takes wall time");
  cpu = cprof_os_cpu_ns();
  usleep(30000);
  ok(cprof_os_cpu_ns() - cpu < 25000000, "sleep takes no CPU time");
  int64_t now_s = (int64_t)(cprof_os_time_ns() / 1000000000u);
  ok(now_s - time(NULL) >= -1 && now_s - time(NULL) <= 1, "since 1970");
}

static void *end_at_once(void *tid) {
  *(int *)tid = cprof_os_tid();
  return NULL;
}

static void test_threads(void) {
  pthread_t thread;
  int tid = 0;
  ok(cprof_os_thread_lives(cprof_os_tid()), "this thread lives");
  pthread_create(&thread, NULL, end_at_once, &tid);
  pthread_join(thread, NULL);
  for (int i = 0; i < 1000 && cprof_os_thread_lives(tid); i++)
    usleep(1000); // join is earlier than the kernel's end
  ok(!cprof_os_thread_lives(tid), "one that has ended does not");
  ok(!cprof_os_thread_lives(0), "nor does number 0");
}

static void test_identity(void) {
  is_int(cprof_os_pid(), getpid(), "the process");
  is_int(cprof_os_tid(), getpid(), "its first thread has its number");
  ok(!cprof_os_isatty(-1), "no descriptor is no terminal");
  ok(cprof_os_random() != cprof_os_random(), "random numbers differ");
  size_t before = cprof_os_resident_bytes();
  size_t size = 64u << 20;
  char *block = mmap(NULL, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(block, 1, size);
  ok(cprof_os_resident_bytes() >= before + size / 2, "memory touched counts");
  munmap(block, size);
}

static void test_modified(void) {
  char path[] = "/tmp/cprof-os-XXXXXX";
  int fd = mkstemp(path);
  struct timespec when[2] = {{1, 0}, {1700000000, 500000000}};
  double seconds = 0;
  futimens(fd, when);
  close(fd);
  ok(cprof_os_modified_s(path, &seconds) && seconds == 1700000000.5,
     "when a file was written");
  unlink(path);
  ok(!cprof_os_modified_s(path, &seconds), "not of one that is gone");
  ok(!cprof_os_modified_s("", &seconds), "nor of none");
  ok(cprof_os_modified_s("/tmp", &seconds) && seconds > 1700000000.5,
     "of a folder, too");
}

static void test_peek(void) {
  uint64_t value = 42, copy = 0;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  ok(cprof_os_peek(&value, &copy, sizeof copy) && copy == 42, "reads memory");
  ok(!cprof_os_peek((void *)16, &copy, sizeof copy), "none in the zero page");
  ok(!cprof_os_peek((void *)(UINT64_MAX - 7), &copy, 8), "none at the end");
  char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(pages + page, page, PROT_NONE);
  ok(cprof_os_peek(pages + page - 8, &copy, 8), "up to a page's end");
  ok(!cprof_os_peek(pages + page - 4, &copy, 8), "not into a closed page");
  munmap(pages, 2 * page);
}

static void *check_stack(void *unused) {
  uint64_t low, high, here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
  ok(cprof_os_stack(&low, &high) && low < here && here < high,
     "a thread's stack holds its frame");
  return unused;
}

static void test_stack(void) {
  pthread_t thread;
  check_stack(NULL);
  pthread_create(&thread, NULL, check_stack, NULL);
  pthread_join(thread, NULL);
}

// ---- signals ----------------------------------------------------------

static volatile uint64_t ours, ours_ns, theirs, plain_theirs, wrong;
static uint64_t interval;
static int cookie;

static void on_ours(const struct cprof_signal *signal) {
  ours++;
  ours_ns += interval * (1 + (uint64_t)signal->overrun);
  wrong += signal->cookie != &cookie || signal->context == NULL;
  errno = 77;
}

static void on_theirs(int number, siginfo_t *info, void *context) {
  theirs++;
  wrong += number != SIGPROF || info == NULL || context == NULL;
}

static void on_plain(int number) {
  plain_theirs++;
  wrong += number != SIGPROF;
}

static void install(void (*action)(int, siginfo_t *, void *),
                    void (*handler)(int)) {
  struct sigaction with;
  memset(&with, 0, sizeof with);
  if (action != NULL)
    with.sa_sigaction = action;
  else
    with.sa_handler = handler;
  with.sa_flags = action != NULL ? SA_SIGINFO : 0;
  sigaction(SIGPROF, &with, NULL);
}

static bool is_default(void) {
  struct sigaction now;
  sigaction(SIGPROF, NULL, &now);
  return !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL;
}

// A signal as a timer sends it.
static void send_timer(void *value, int overrun) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_signo = SIGPROF;
  info.si_code = SI_TIMER;
  info.si_value.sival_ptr = value;
  info.si_overrun = overrun;
  if (syscall(SYS_rt_tgsigqueueinfo, getpid(), cprof_os_tid(), SIGPROF,
              &info) != 0)
    printf("# rt_tgsigqueueinfo: %s\n", strerror(errno));
  usleep(1000); // valgrind delivers a little later
}

static void test_owner(void) {
  is_int(cprof_signal_owner(), CPROF_SIGNAL_FREE, "SIGPROF is free");
  install(NULL, SIG_IGN);
  is_int(cprof_signal_owner(), CPROF_SIGNAL_FREE, "ignored is free too");
  install(on_theirs, NULL);
  is_int(cprof_signal_owner(), CPROF_SIGNAL_FOREIGN, "a handler is foreign");
  ok(cprof_signal_foreign() == (void *)(uintptr_t)on_theirs, "this one");
  install(NULL, on_plain);
  ok(cprof_signal_foreign() == (void *)(uintptr_t)on_plain, "or that one");
  cprof_signal_restore();
  is_int(cprof_signal_owner(), CPROF_SIGNAL_FOREIGN, "restore leaves it");
  install(NULL, SIG_DFL);
  ok(cprof_signal_foreign() == NULL, "a free one has no address");
}

static void test_passive(void) {
  uint64_t before = cprof_signal_passive_count();
  is_int(cprof_signal_passive(), CPROF_OK, "the passive handler is installed");
  is_int(cprof_signal_owner(), CPROF_SIGNAL_PASSIVE, "and known as ours");
  raise(SIGPROF);
  send_timer(&cookie, 3);
  is_int((int64_t)(cprof_signal_passive_count() - before), 2, "it counts");
  cprof_signal_restore();
  ok(is_default(), "restore puts SIG_DFL back");
  cprof_signal_restore();
  ok(is_default(), "also when called twice");
}

static void test_active(void) {
  ours = ours_ns = wrong = 0;
  interval = 1000;
  cprof_signal_active(on_ours);
  is_int(cprof_signal_owner(), CPROF_SIGNAL_ACTIVE, "the handler is installed");
  errno = 5;
  send_timer(&cookie, 0);
  send_timer(&cookie, 6);
  is_int(errno, 5, "errno is what it was");
  is_int((int64_t)ours, 2, "both signals came");
  is_int((int64_t)ours_ns, 8000, "for eight intervals");
  raise(SIGPROF);
  is_int((int64_t)ours, 2, "a signal that no timer sent is none");
  is_int((int64_t)wrong, 0, "cookie and context arrived");
  cprof_signal_restore();
  ok(is_default(), "SIG_DFL is back");
}

// LuaJIT's order: passive, theirs over it, active over theirs.
static void test_sandwich(void) {
  theirs = ours = 0;
  cprof_signal_passive();
  install(on_theirs, NULL);
  cprof_signal_active(on_ours);
  cprof_signal_active(on_ours); // again, while active
  raise(SIGPROF);
  is_int((int64_t)theirs, 0, "what we replaced gets no strangers");
  send_timer(&cookie, 0);
  is_int((int64_t)ours, 1, "and we get ours");
  cprof_signal_restore();
  ok(is_default(), "restore goes back to before the first install");
}

static void test_drain(void) {
  ours = 0;
  cprof_signal_active(on_ours);
  ok(!cprof_signal_block(), "was not blocked");
  ok(cprof_signal_block(), "now it is");
  send_timer(&cookie, 0);
  cprof_signal_drain();
  cprof_signal_unblock();
  is_int((int64_t)ours, 0, "what was drained never comes");
  cprof_signal_block();
  send_timer(&cookie, 0);
  cprof_signal_unblock();
  is_int((int64_t)ours, 1, "what was not comes when unblocked");
  cprof_signal_restore();
}

// ---- timer ------------------------------------------------------------

// The weights of all signals against the CPU clock; at most one interval and
// a tick (10 ms at HZ=100) are not yet delivered at the end.
static void test_timer(uint64_t interval_ns) {
  struct cprof_timer timer = {0};
  ours = ours_ns = wrong = 0;
  interval = interval_ns;
  cprof_signal_active(on_ours);
  uint64_t start = cprof_os_cpu_ns();
  is_int(cprof_timer_start(&timer, &cookie, interval_ns), CPROF_OK, "started");
  spin_until(start + 1000000000);
  cprof_timer_stop(&timer);
  cprof_timer_stop(&timer);
  int64_t took = (int64_t)(cprof_os_cpu_ns() - start);
  int64_t off = (int64_t)ours_ns - took;
  ok(llabs(off) < took / 50,
     "%" PRIu64 " signals, every %" PRIu64 " us, weigh the CPU time", ours,
     interval_ns / 1000);
  printf("# off by %" PRId64 " of %" PRId64 " ns\n", off, took);
  is_int((int64_t)wrong, 0, "each has the cookie");
  cprof_signal_restore();
}

static void test_timer_change(void) {
  struct cprof_timer timer = {0};
  ours = 0;
  cprof_signal_active(on_ours);
  cprof_timer_start(&timer, &cookie, 100ull * 1000000000);
  is_int(cprof_timer_change(&timer, 1000000), CPROF_OK, "changed");
  spin_until(cprof_os_cpu_ns() + 100000000);
  ok(ours > 2, "the new interval counts");
  cprof_timer_stop(&timer);
  uint64_t after = ours;
  spin_until(cprof_os_cpu_ns() + 30000000);
  is_int((int64_t)ours, (int64_t)after, "none after stop");
  ok(!timer.armed, "stop forgets it");
  cprof_signal_restore();
}

static void *spin_there(void *unused) {
  spin_until(cprof_os_cpu_ns() + 100000000);
  return unused;
}

static void test_timer_thread(void) {
  struct cprof_timer timer = {0};
  pthread_t thread;
  ours = 0;
  cprof_signal_active(on_ours);
  cprof_timer_start(&timer, &cookie, 10000000);
  uint64_t before = cprof_os_cpu_ns();
  pthread_create(&thread, NULL, spin_there, NULL);
  pthread_join(thread, NULL);
  uint64_t mine = cprof_os_cpu_ns() - before;
  ok(ours <= 1 + mine / 10000000, "another thread's CPU time does not count");
  cprof_timer_stop(&timer);
  cprof_signal_restore();
}

// ---- capture ----------------------------------------------------------

static struct cprof_tick whole, little, none;
static volatile uint64_t captures, sp_seen;

static void on_capture(const struct cprof_signal *signal) {
  const ucontext_t *context = signal->context;
  uint64_t sp = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
  sp_seen = sp;
  cprof_os_capture(signal, &whole, sp, sp + 8 * 4096);
  cprof_os_capture(signal, &little, sp - 64, sp + 24);
  cprof_os_capture(signal, &none, sp + 8, sp + 4096);
  captures++;
}

// Spins with a word in a register and one on the stack.
__attribute__((noinline)) static void spin_marked(uint64_t in, uint64_t on) {
  __asm__ volatile("mov %1, %%r12\n push %2\n"
                   "1: cmpq $0, %0\n je 1b\n pop %%r12\n"
                   :
                   : "m"(captures), "r"(in), "r"(on)
                   : "r12", "memory");
}

static bool has(const uint64_t *words, uint32_t count, uint64_t word) {
  for (uint32_t i = 0; i < count; i++)
    if (words[i] == word)
      return true;
  return false;
}

static void test_capture(void) {
  struct cprof_timer timer = {0};
  struct cprof_proc proc = {0, 0};
  uint64_t in = tap_random() | 1, on = tap_random() | 1;
  cprof_signal_active(on_capture);
  cprof_timer_start(&timer, &cookie, 5000000);
  spin_marked(in, on);
  cprof_timer_stop(&timer);
  cprof_signal_restore();
  cprof_unwind_proc((uint64_t)(uintptr_t)spin_marked, &proc);
  ok(proc.start <= whole.pc && whole.pc < proc.end, "the interrupted pc");
  ok(has(whole.registers, CPROF_REGISTERS, in), "a register's value");
  is_int((int64_t)whole.words[0], (int64_t)on, "the word at the stack pointer");
  is_int(whole.word_count, CPROF_STACK_WORDS, "as many words as are kept");
  is_int(little.word_count, 3, "no more than the stack has");
  is_int(none.word_count, 0, "none from outside of it");
}

int main(void) {
  test_clocks();
  test_identity();
  test_threads();
  test_modified();
  test_peek();
  test_stack();
  test_owner();
  test_passive();
  test_active();
  test_sandwich();
  test_drain();
  test_timer(1000000);
  test_timer(10000000);
  test_timer_change();
  test_timer_thread();
  test_capture();
  return tap_done();
}
