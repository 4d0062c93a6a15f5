// stacks: random stacks against plain arrays, the bound; and frame's names.
#include "stacks.h"
#include "tap.h"

#include <string.h>

#define STACKS 4000u
#define DEPTH 12u

struct plain {
  struct cprof_frame frames[DEPTH];
  uint32_t depth, id;
};

static struct plain plains[STACKS];

// Few functions and lines, so that stacks share roots and some are equal.
static void make_plain(struct plain *plain) {
  plain->depth = tap_below(DEPTH + 1);
  for (uint32_t i = 0; i < plain->depth; i++)
    plain->frames[i] = (struct cprof_frame){tap_below(3), tap_below(2)};
}

static bool same_plain(const struct plain *a, const struct plain *b) {
  return a->depth == b->depth &&
         memcmp(a->frames, b->frames, a->depth * sizeof a->frames[0]) == 0;
}

static bool gives_back(const struct cprof_stacks *stacks,
                       const struct plain *plain) {
  struct plain got;
  got.depth = cprof_stacks_get(stacks, plain->id, got.frames, DEPTH);
  return same_plain(&got, plain);
}

// How many different non-empty stacks and ends of stacks there are: what a
// tree from the root must hold, counted without one.
static uint32_t count_ends(uint32_t stacks) {
  static struct plain ends[STACKS * DEPTH];
  uint32_t count = 0;
  for (uint32_t i = 0; i < stacks; i++)
    for (uint32_t cut = 0; cut < plains[i].depth; cut++) {
      struct plain end = {.depth = plains[i].depth - cut};
      memcpy(end.frames, plains[i].frames + cut,
             end.depth * sizeof end.frames[0]);
      uint32_t k = 0;
      while (k < count && !same_plain(&ends[k], &end))
        k++;
      if (k == count)
        ends[count++] = end;
    }
  return count;
}

static void test_random(void) {
  struct cprof_stacks stacks;
  bool all_put = true, all_same = true, equal_ids = true;
  is_int(cprof_stacks_init(&stacks, 1000000), CPROF_OK, "init");
  for (uint32_t i = 0; i < STACKS; i++) {
    make_plain(&plains[i]);
    all_put &= cprof_stacks_put(&stacks, plains[i].frames, plains[i].depth,
                                &plains[i].id) == CPROF_OK;
  }
  for (uint32_t i = 0; i < STACKS; i++)
    all_same &= gives_back(&stacks, &plains[i]);
  for (uint32_t i = 0; i < STACKS; i++)
    for (uint32_t k = i % 7; k < i; k += 7)
      equal_ids &=
          (plains[i].id == plains[k].id) == same_plain(&plains[i], &plains[k]);
  ok(all_put && all_same, "%u stacks come back frame for frame", STACKS);
  ok(equal_ids, "equal stacks have one number, others another");
  ok(cprof_stacks_bytes(&stacks) >= stacks.count * sizeof(struct cprof_node),
     "counts its bytes");
  cprof_stacks_done(&stacks);
  cprof_stacks_done(&stacks);
}

static void test_sharing(void) {
  struct cprof_stacks stacks;
  cprof_stacks_init(&stacks, 1000000);
  for (uint32_t i = 0; i < 300; i++) {
    plains[i].id = 0;
    make_plain(&plains[i]);
    cprof_stacks_put(&stacks, plains[i].frames, plains[i].depth, &plains[i].id);
  }
  is_int(stacks.count - 1, count_ends(300), "a node for each different end");
  cprof_stacks_done(&stacks);
}

static void test_start_node(void) {
  struct cprof_stacks stacks;
  struct cprof_frame frames[3] = {{30, 3}, {20, 2}, {10, 1}}, got[3];
  uint32_t whole = 0, parts = 0;
  cprof_stacks_init(&stacks, 100);
  is_int(cprof_stacks_put(&stacks, frames, 0, &whole), CPROF_OK, "no frames");
  is_int(whole, 0, "are the stack 0");
  cprof_stacks_put(&stacks, frames, 3, &whole);
  cprof_stacks_put(&stacks, frames + 2, 1, &parts); // the root first
  cprof_stacks_put(&stacks, frames, 2, &parts);     // then what it called
  is_int(parts, whole, "frames on top of a stack are one stack");
  is_int(cprof_stacks_get(&stacks, whole, got, 2), 2, "cut at the root side");
  ok(got[0].function == 30 && got[1].function == 20, "the leaf comes first");
  cprof_stacks_done(&stacks);
}

static void test_limit(void) {
  struct cprof_stacks stacks;
  struct cprof_frame deep[DEPTH];
  for (uint32_t i = 0; i < DEPTH; i++)
    deep[i] = (struct cprof_frame){100 + i, 1};
  uint32_t first = 0, second = 0;
  cprof_stacks_init(&stacks, DEPTH); // node 0 takes one
  is_int(cprof_stacks_put(&stacks, deep + 1, DEPTH - 1, &first), CPROF_OK,
         "as many as fit");
  uint32_t count = stacks.count;
  second = first;
  is_int(cprof_stacks_put(&stacks, deep, 1, &second), CPROF_ELIMIT,
         "one node too many");
  is_int(second, first, "leaves the number as it was");
  is_int(stacks.count, count, "and adds nothing");
  second = 0;
  is_int(cprof_stacks_put(&stacks, deep + 1, DEPTH - 1, &second), CPROF_OK,
         "what is there is still found");
  is_int(second, first, "under its number");
  cprof_stacks_done(&stacks);
}

// A stack that does not fit as a whole, under a bound that takes a part.
static void test_limit_inside(void) {
  struct cprof_stacks stacks;
  struct cprof_frame frames[8], got[8];
  for (uint32_t i = 0; i < 8; i++)
    frames[i] = (struct cprof_frame){i, i};
  uint32_t kept = 0, stack = 0;
  cprof_stacks_init(&stacks, 4);
  cprof_stacks_put(&stacks, frames + 7, 1, &kept);
  is_int(cprof_stacks_put(&stacks, frames, 7, &stack), CPROF_ELIMIT,
         "seven nodes do not fit in two");
  is_int(stack, 0, "there is no stack then");
  ok(stacks.count <= 4, "the bound holds");
  is_int(cprof_stacks_get(&stacks, kept, got, 8), 1, "others are as before");
  cprof_stacks_done(&stacks);
}

// ---- frame ------------------------------------------------------------

static void test_markers(void) {
  bool all_bracketed = true, all_different = true;
  for (int i = 0; i < CPROF_MARKER_COUNT; i++) {
    const char *name = cprof_marker_name(i);
    size_t size = name != NULL ? strlen(name) : 0;
    all_bracketed &= size > 2 && name[0] == '[' && name[size - 1] == ']';
    for (int k = 0; k < i; k++)
      all_different &= strcmp(name, cprof_marker_name(k)) != 0;
  }
  ok(all_bracketed, "markers stand in brackets");
  ok(all_different, "each has its own name");
  ok(strcmp(cprof_marker_name(CPROF_MARK_TAIL_CALL), "[tail call]") == 0,
     "the names are those of the design");
}

static void test_states(void) {
  bool all_different = true;
  for (int i = 0; i < CPROF_VMSTATE_COUNT; i++)
    for (int k = 0; k < i; k++)
      all_different &=
          strcmp(cprof_vmstate_name(i), cprof_vmstate_name(k)) != 0;
  ok(all_different, "VM states have different names");
  ok(cprof_vmstate_name(CPROF_VM_UNKNOWN)[0] == '\0', "unknown has none");
}

int main(void) {
  test_random();
  test_sharing();
  test_start_node();
  test_limit();
  test_limit_inside();
  test_markers();
  test_states();
  return tap_done();
}
