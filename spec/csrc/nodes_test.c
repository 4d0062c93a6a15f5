// nodes: which frames are one thing, at each granularity, and how paths are
// cleaned; expected as `go tool pprof` has it.
#include "known_profile.h"
#include "nodes.h"
#include "random_profile.h"
#include "tap.h"

// ---- paths ----

static const char *const paths[][2] = {
    {"", ""},
    {"a.lua", "a.lua"},
    {"./a.lua", "a.lua"},
    {"a//b/./c.lua", "a/b/c.lua"},
    {"/a/../b.lua", "/b.lua"},
    {"/../a.lua", "/a.lua"},
    {"../../a.lua", "../../a.lua"},
    {"a/../../b.lua", "../b.lua"},
    {"a/b/../..", "."},
    {"/a/..", "/"},
    {"..a/.b/", "..a/.b"},
    {"@x.lua", "@x.lua"},
    {"/proc/self/cwd/src/a.cc", "src/a.cc"},
    {"/proc/self/cwd/./src/a.cc", "src/a.cc"},
};

static void test_paths(void) {
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    struct cprof_profile *profile = cprof_profile_new();
    struct cprof_nodes nodes;
    add_function(profile, "f", paths[i][0], 1);
    add_place(profile, 1, 0, 0);
    cprof_nodes_init(&nodes, profile, CPROF_BY_FILEFUNCTION);
    const char *got =
        cprof_strings_get(&nodes.files, nodes.nodes[0].filename, NULL);
    ok(strcmp(got, paths[i][1]) == 0, "%s is %s: %s", paths[i][0], paths[i][1],
       got);
    cprof_nodes_done(&nodes);
    cprof_profile_free(profile);
  }
}

// ---- which frames are one ----

// Frames that differ in one thing each from the first.
static struct cprof_profile *near_profile(void) {
  struct cprof_profile *profile = cprof_profile_new();
  struct cprof_mapping a = {0}, b = {0};
  cprof_profile_add_string(profile, "a.so", 4, &a.filename);
  cprof_profile_add_string(profile, "b.so", 4, &b.filename);
  cprof_profile_add_mapping(profile, &a, NULL);
  cprof_profile_add_mapping(profile, &b, NULL);
  add_function(profile, "f", "a.lua", 1);   // 1
  add_function(profile, "g", "a.lua", 1);   // 2: name
  add_function(profile, "f", "b.lua", 1);   // 3: file
  add_function(profile, "f", "a.lua", 9);   // 4: start line
  add_function(profile, "f", "./a.lua", 1); // 5: spelling
  add_function(profile, "", "", 1);         // 6: nothing
  add_function(profile, "", "", 2);         // 7: nothing, start line
  return profile;
}

static void put(struct cprof_profile *profile, uint32_t mapping,
                uint64_t address, struct cprof_line line) {
  struct cprof_location location = {.mapping = mapping, .address = address};
  cprof_profile_add_location(profile, &location, &line, line.function != 0,
                             NULL);
}

// How many nodes these two locations are.
static uint32_t count_nodes(struct cprof_profile *profile,
                            enum cprof_granularity by) {
  struct cprof_nodes nodes;
  cprof_nodes_init(&nodes, profile, by);
  uint32_t count = nodes.count;
  cprof_nodes_done(&nodes);
  cprof_nodes_done(&nodes);
  return count;
}

// What the second location has other than the first, and where that makes it
// another node: definitions, functions, filefunctions, files, lines, addresses.
static const struct {
  const char *what;
  uint32_t mapping, function;
  int64_t line, column;
  uint64_t address;
  char is_other[7];
} differences[] = {
    {"nothing", 1, 1, 5, 0, 100, "000000"},
    {"its name", 1, 2, 5, 0, 100, "111011"},
    {"its file", 1, 3, 5, 0, 100, "101111"},
    {"its first line", 1, 4, 5, 0, 100, "100000"},
    {"how its file is spelled", 1, 5, 5, 0, 100, "000000"},
    {"its line", 1, 1, 6, 0, 100, "000011"},
    {"its column", 1, 1, 5, 3, 100, "000001"},
    {"its address", 1, 1, 5, 0, 101, "000001"},
    {"its object", 2, 1, 5, 0, 100, "000000"},
};

static void test_differences(void) {
  for (size_t i = 0; i < sizeof differences / sizeof *differences; i++)
    for (int by = CPROF_BY_DEFINITION; by <= CPROF_BY_ADDRESS; by++) {
      struct cprof_profile *profile = near_profile();
      put(profile, 1, 100, (struct cprof_line){1, 5, 0});
      put(profile, differences[i].mapping, differences[i].address,
          (struct cprof_line){differences[i].function, differences[i].line,
                              differences[i].column});
      is_int(count_nodes(profile, by), 1 + (differences[i].is_other[by] == '1'),
             differences[i].what);
      cprof_profile_free(profile);
    }
}

// Where nothing says what it is, the object does; pprof tells functions apart
// by their first line then.
static void test_nameless(void) {
  for (int by = CPROF_BY_DEFINITION; by <= CPROF_BY_ADDRESS; by++) {
    struct cprof_profile *profile = near_profile();
    put(profile, 1, 100, (struct cprof_line){0});
    put(profile, 1, 200, (struct cprof_line){0});
    bool is_address = by == CPROF_BY_ADDRESS;
    is_int(count_nodes(profile, by), is_address ? 2 : 1, "two addresses");
    put(profile, 2, 200, (struct cprof_line){0});
    is_int(count_nodes(profile, by), is_address ? 3 : 2, "of another object");
    put(profile, 0, 200, (struct cprof_line){0});
    is_int(count_nodes(profile, by), is_address ? 4 : 3, "of none");
    cprof_profile_free(profile);
  }
  struct cprof_profile *profile = near_profile();
  put(profile, 1, 100, (struct cprof_line){6, 0, 0});
  put(profile, 1, 100, (struct cprof_line){7, 0, 0});
  is_int(count_nodes(profile, CPROF_BY_FUNCTION), 2, "by their first lines");
  is_int(count_nodes(profile, CPROF_BY_FILE), 1, "but a file is one");
  cprof_profile_free(profile);
}

// ---- random ones ----

static void test_random(void) {
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < 100; i++) {
    struct cprof_profile *profile = random_profile(25);
    struct cprof_nodes nodes;
    wrong += cprof_nodes_init(&nodes, profile, i % 6) != CPROF_OK;
    uint32_t at = 0;
    for (uint32_t j = 0; j < profile->location_count; j++) {
      uint32_t lines = profile->locations[j].line_count;
      wrong += nodes.first_of[j] != at;
      at += lines > 0 ? lines : 1;
    }
    wrong += nodes.first_of[profile->location_count] != at;
    for (uint32_t j = 0; j < at; j++)
      wrong += nodes.node_of[j] >= nodes.count;
    cprof_nodes_done(&nodes);
    cprof_profile_free(profile);
  }
  is_int(wrong, 0, "every frame of random profiles has a node");
}

int main(void) {
  test_paths();
  test_differences();
  test_nameless();
  test_random();
  return tap_done();
}
