// pprof_ids: ids in order, out of order, and both, against a plain array.
#include "pprof_ids.h"
#include "tap.h"

#define IDS 3000u

static bool is_new(const uint64_t *ids, uint32_t count, uint64_t id) {
  for (uint32_t i = 0; i < count; i++)
    if (ids[i] == id)
      return false;
  return id != 0;
}

// The first `in_order` ids count up, those behind are random, some small.
static void test_ids(uint32_t in_order) {
  static uint64_t model[IDS];
  struct cprof_ids ids = {0};
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < IDS; i++) {
    uint64_t id = i + 1;
    while (i >= in_order &&
           !is_new(model, i, id = tap_random() >> tap_below(54)))
      ;
    wrong += cprof_ids_find(&ids, id) != 0;
    wrong += cprof_ids_add(&ids, id) != CPROF_OK;
    model[i] = id;
  }
  for (uint32_t i = 0; i < IDS; i++)
    wrong += cprof_ids_find(&ids, model[i]) != i + 1;
  is_int(wrong, 0, "each id has the number of its entry");
  ok(ids.in_order >= in_order && ids.count == IDS, "of %u, %u are in order",
     ids.count, ids.in_order);
  ok(cprof_ids_find(&ids, 0) == 0, "0 is none");
  ok(in_order < IDS || ids.table.capacity == 0, "those take no memory");
  cprof_ids_done(&ids);
  cprof_ids_done(&ids);
}

int main(void) {
  test_ids(0);
  test_ids(1000);
  test_ids(IDS);
  return tap_done();
}
