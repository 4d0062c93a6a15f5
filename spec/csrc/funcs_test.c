// funcs: a number is a function, whatever its text looks like; and the caps.
#include "funcs.h"
#include "tap.h"

#include <string.h>

static char big[65537]; // "@aaa…", 64 KiB, and its NUL

static void fill_big(char first) {
  memset(big, 'a', sizeof big - 1);
  big[0] = first;
  big[sizeof big - 1] = '\0';
}

static size_t text_size(const struct cprof_funcs *funcs, uint32_t number) {
  size_t size = 0;
  cprof_strings_get(&funcs->strings, funcs->items[number].text, &size);
  return size;
}

static void test_lua(void) {
  struct cprof_funcs funcs;
  is_int(cprof_funcs_init(&funcs), CPROF_OK, "init");
  is_int(funcs.count, CPROF_MARKER_COUNT, "the markers are there");
  uint32_t a = cprof_funcs_lua(&funcs, "@a.lua", 1);
  is_int(a, CPROF_MARKER_COUNT, "numbers go on after them");
  char copy[] = "@a.lua"; // another address
  is_int(cprof_funcs_lua(&funcs, copy, 1), a, "equal text and line: the same");
  ok(cprof_funcs_lua(&funcs, "@a.lua", 2) != a, "another line: another");
  ok(cprof_funcs_lua(&funcs, "=a.lua", 1) != a, "another text: another");
  ok(cprof_funcs_lua(&funcs, "@a.lua", -1) != a, "a line may be -1");
  ok(cprof_funcs_lua(&funcs, "", 1) != a, "a text may be empty");
  is_int(funcs.items[a].kind, CPROF_FUNC_LUA, "its kind is kept");
  is_int(funcs.items[a].line, 1, "its line too");
  cprof_funcs_done(&funcs);
  cprof_funcs_done(&funcs);
}

static void test_c(void) {
  struct cprof_funcs funcs;
  cprof_funcs_init(&funcs);
  static const char places[2];
  uint32_t number = 0;
  ok(!cprof_funcs_find_c(&funcs, &places[0], &number), "not known yet");
  uint32_t a = cprof_funcs_c(&funcs, &places[0], "first");
  is_int(cprof_funcs_c(&funcs, &places[0], "second"), a,
         "the address alone tells C functions apart");
  ok(cprof_funcs_c(&funcs, &places[1], "first") != a, "another address");
  ok(cprof_funcs_find_c(&funcs, &places[0], &number) && number == a, "found");
  ok(strcmp(cprof_strings_get(&funcs.strings, funcs.items[a].text, NULL),
            "first") == 0,
     "the first name stays");
  ok(cprof_funcs_lua(&funcs, "first", 0) != a, "no Lua function is it");
  cprof_funcs_done(&funcs);
}

static void test_long_names(void) {
  struct cprof_funcs funcs;
  cprof_funcs_init(&funcs);
  fill_big('@');
  uint32_t file = cprof_funcs_lua(&funcs, big, 1);
  is_int((int64_t)text_size(&funcs, file), CPROF_FUNC_TEXT_MAX,
         "of a 64 KiB file name a prefix is kept");
  big[CPROF_FUNC_TEXT_MAX] = 'b';
  is_int(cprof_funcs_lua(&funcs, big, 1), file,
         "what follows is not looked at");
  big[CPROF_FUNC_TEXT_MAX - 1] = 'b';
  ok(cprof_funcs_lua(&funcs, big, 1) != file, "what is kept is");
  uint32_t c = cprof_funcs_c(&funcs, big, big);
  is_int((int64_t)text_size(&funcs, c), CPROF_FUNC_TEXT_MAX, "C names as well");
  cprof_funcs_done(&funcs);
}

static void test_chunk_text(void) {
  struct cprof_funcs funcs;
  cprof_funcs_init(&funcs);
  fill_big('r'); // a chunk that is its own name
  uint32_t chunk = cprof_funcs_lua(&funcs, big, 1);
  is_int((int64_t)text_size(&funcs, chunk), CPROF_CHUNK_TEXT_MAX,
         "of a chunk's text a shorter prefix");
  big[CPROF_CHUNK_TEXT_MAX] = '\0';
  is_int(cprof_funcs_lua(&funcs, big, 1), chunk, "which is all that counts");
  ok(cprof_funcs_lua(&funcs, big, 2) != chunk, "beside the line");
  cprof_funcs_done(&funcs);
}

static void test_count_cap(void) {
  struct cprof_funcs funcs;
  cprof_funcs_init(&funcs);
  uint32_t line = 0;
  while (line < 2 * CPROF_FUNCS_MAX &&
         cprof_funcs_lua(&funcs, "@a", (int)line) != CPROF_MARK_OTHER)
    line++;
  is_int(line, CPROF_FUNCS_MAX - CPROF_MARKER_COUNT, "so many functions fit");
  is_int(cprof_funcs_lua(&funcs, "@a", 5), CPROF_MARKER_COUNT + 5,
         "known ones keep their numbers");
  is_int(cprof_funcs_c(&funcs, &funcs, "c"), CPROF_MARK_OTHER,
         "a new C function is [other] too");
  is_int(funcs.count, CPROF_FUNCS_MAX, "and nothing is added");
  cprof_funcs_done(&funcs);
}

static void test_bytes_cap(void) {
  struct cprof_funcs funcs;
  char name[4001]; // leaves room at the end
  uint32_t count = 0;
  cprof_funcs_init(&funcs);
  memset(name, 'x', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  do
    snprintf(name, 20, "@%06" PRIu32, count), name[7] = 'x';
  while (cprof_funcs_lua(&funcs, name, 1) != CPROF_MARK_OTHER &&
         ++count < 9999);
  ok(count > 4100 && count <= CPROF_FUNCS_BYTES_MAX / 4000,
     "long names fill 16 MiB (%" PRIu32 " of them)", count);
  ok(funcs.strings.size <= CPROF_FUNCS_BYTES_MAX, "the bound holds");
  ok(cprof_funcs_lua(&funcs, "@short", 1) != CPROF_MARK_OTHER,
     "a short one still fits");
  cprof_funcs_done(&funcs);
}

int main(void) {
  test_lua();
  test_c();
  test_long_names();
  test_chunk_text();
  test_count_cap();
  test_bytes_cap();
  return tap_done();
}
