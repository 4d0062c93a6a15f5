// modules: names of machine code that are the same in every run. The program
// runs itself with an argument to ask for its own names once more.
#include "modules.h"
#include "tap.h"

#include <dlfcn.h> // dlsym
#include <string.h>
#include <zlib.h>

static int hidden(int value) { return value + 1; } // no dynamic symbol

static const void *hidden_address(void) {
  int (*volatile code)(int) = hidden;
  return (const void *)(uintptr_t)code;
}

static void name_of(const void *address, char *out, size_t size) {
  memset(out, '?', size);
  cprof_modules_name(address, out, size);
}

static void is_text(const char *got, const char *want, const char *name) {
  ok(strcmp(got, want) == 0, "%s", name);
  if (strcmp(got, want) != 0)
    printf("# got \"%s\", wanted \"%s\"\n", got, want);
}

static void test_exported(void) {
  char name[200];
  const char *code = dlsym(RTLD_DEFAULT, "deflate");
  name_of(code, name, sizeof name);
  is_text(name, "deflate", "an exported function has its name");
  name_of(code + 1, name, sizeof name);
  ok(strncmp(name, "libz.so", 7) == 0 && strstr(name, "+0x") != NULL,
     "what does not begin there has not (%s)", name);
}

static void test_nowhere(void) {
  char name[200];
  name_of((const void *)16, name, sizeof name);
  is_text(name, "0x10", "outside of every object: the address");
}

static void test_generation(void) {
  uint64_t before = cprof_modules_generation();
  is_int((int64_t)cprof_modules_generation(), (int64_t)before,
         "nothing was loaded");
  void *object = dlopen("libresolv.so.2", RTLD_NOW);
  uint64_t loaded = cprof_modules_generation();
  if (object == NULL) {
    ok(true, "loads and unloads # skip no libresolv.so.2 here");
    return;
  }
  ok(loaded > before, "a load counts");
  dlclose(object);
  ok(cprof_modules_generation() > loaded, "an unload too");
}

static void test_room(void) {
  char name[8];
  name_of(dlsym(RTLD_DEFAULT, "deflateInit2_"), name, sizeof name);
  is_text(name, "deflate", "a long name is cut to the room");
  memset(name, '?', sizeof name);
  cprof_modules_name(hidden_address(), name, 3);
  ok(name[2] == '\0' && name[3] == '?', "and nothing is written behind it");
}

// What another run of this program calls the hidden function.
static void ask_again(const char *program, char *out, size_t size) {
  char command[4096];
  snprintf(command, sizeof command, "'%s' again", program);
  FILE *pipe = popen(command, "r");
  if (pipe == NULL || fgets(out, (int)size, pipe) == NULL)
    out[0] = '\0';
  if (pipe != NULL)
    pclose(pipe);
}

static void test_runs(const char *program) {
  char first[200], second[200], third[200];
  name_of(hidden_address(), first, sizeof first);
  ask_again(program, second, sizeof second);
  ask_again(program, third, sizeof third);
  ok(strncmp(first, "modules_test+0x", 15) == 0, "object and offset: %s",
     first);
  is_text(second, first, "another run says the same");
  is_text(third, first, "and another");
}

int main(int count, char **arguments) {
  char name[200];
  if (count > 1) {
    name_of(hidden_address(), name, sizeof name);
    printf("%s", name);
    return 0;
  }
  ok(zlibVersion() != NULL, "zlib is loaded");
  test_exported();
  test_nowhere();
  test_room();
  test_generation();
  test_runs(arguments[0]);
  return tap_done();
}
