// unwind: procedures against function pointers and the symbol table.
#include "tap.h"
#include "unwind.h"

#include <dlfcn.h> // dladdr1
#include <link.h>  // ElfW
#include <zlib.h>  // functions of known size in another object

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

int main(void) {
  ok(zlibVersion() != NULL, "zlib is loaded");
  test_here();
  test_room();
  test_own_proc();
  agrees("deflate");
  agrees("inflate");
  agrees("deflateInit2_");
  test_nowhere();
  return tap_done();
}
