// session: sums and profiles of random samples against plain arrays. The
// sampler is a fake, so that every sample is known: this program defines the
// functions of cpu and of the VM that a session calls.
#include "session.h"
#include "tap.h"

#include <string.h>

// ---- the fake sampler -------------------------------------------------

static bool is_sampling;
static struct cprof_cpu_stats fake_stats;
static bool is_here = true; // on the thread that started
static enum cprof_result start_result;
static uint64_t fake_carried; // signals of a resting handler
static uint64_t fake_serial = 7;

enum cprof_result cprof_cpu_start(struct cprof_cpu_user *user,
                                  struct cprof_vm *vm, lua_State *L,
                                  const struct cprof_cpu_options *options) {
  (void)L;
  user->vm = vm;
  user->hz = options->hz;
  is_sampling = start_result == CPROF_OK;
  return start_result;
}

bool cprof_cpu_running(const struct cprof_cpu_user *user) {
  return user->vm != NULL && is_sampling;
}

bool cprof_cpu_is_here(const struct cprof_cpu_user *user) {
  (void)user;
  return is_here;
}

void cprof_cpu_prepare(struct cprof_vm *fake, lua_State *L) {
  (void)fake, (void)L;
}

bool cprof_vm_fact(const struct cprof_vm *fake, uint32_t index,
                   const char **name, const char **value) {
  (void)fake;
  *name = "fact";
  *value = "known";
  return index == 0;
}

void cprof_cpu_refresh(struct cprof_cpu_user *user, lua_State *L) {
  (void)user, (void)L;
}

struct cprof_cpu_carried cprof_cpu_carried(const struct cprof_cpu_user *user) {
  (void)user;
  return (struct cprof_cpu_carried){fake_carried, fake_carried * 1000000,
                                    fake_serial};
}

void cprof_cpu_stop(struct cprof_cpu_user *user) {
  (void)user;
  is_sampling = false;
}

void cprof_cpu_stats(const struct cprof_cpu_user *user,
                     struct cprof_cpu_stats *stats) {
  (void)user;
  *stats = fake_stats;
}

void cprof_cnames_scan(struct cprof_cnames *names, lua_State *L) {
  (void)names, (void)L;
}

static const char named_place, unnamed_place, nameless_place;

const char *cprof_cnames_find(const struct cprof_cnames *names,
                              const void *address) {
  (void)names;
  return address == &named_place ? "string.rep" : NULL;
}

const char *cprof_vm_name(void) { return "Lua of a test"; }

// ---- a session --------------------------------------------------------

static struct cprof_vm vm;
static struct cprof_session session;

static void open_session(uint32_t depth_max) {
  struct cprof_session_options with = {{1000, {'l'}}, depth_max};
  memset(&vm, 0, sizeof vm);
  cprof_stream_init(&vm.stream);
  fake_stats = (struct cprof_cpu_stats){.signals = 5, .interval_ns = 1000000};
  start_result = CPROF_OK;
  ok(cprof_session_init(&session, &with) == CPROF_OK &&
         cprof_session_start(&session, &vm, NULL, &with) == CPROF_OK,
     "a session with depth %" PRIu32, depth_max);
}

static void close_session(void) {
  cprof_session_done(&session);
  cprof_session_done(&session);
  cprof_stream_done(&vm.stream);
}

static struct cprof_profile *profile_of_session(void) {
  struct cprof_profile *profile = NULL;
  struct cprof_why why;
  if (cprof_session_profile(&session, NULL, &profile) != CPROF_OK)
    return NULL;
  if (cprof_profile_check(profile, &why) != CPROF_OK)
    printf("# not valid: %s\n", why.text);
  return profile;
}

static const char *text(const struct cprof_profile *profile, uint32_t id) {
  return cprof_strings_get(&profile->strings, id, NULL);
}

static bool has_comment(const struct cprof_profile *profile, const char *want) {
  for (uint32_t i = 0; i < profile->comment_count; i++)
    if (strcmp(text(profile, profile->comments[i]), want) == 0)
      return true;
  return false;
}

// "a:1;b:2 state" of a sample, leaf first.
static void describe(const struct cprof_profile *profile, uint32_t sample,
                     char *out, size_t size) {
  const struct cprof_psample *of = &profile->samples[sample];
  size_t used = 0;
  out[0] = '\0';
  for (uint32_t i = 0; i < of->location_count; i++) {
    uint32_t id = profile->location_ids[of->first_location + i];
    const struct cprof_line *line =
        &profile->lines[profile->locations[id - 1].first_line];
    const struct cprof_function *function =
        &profile->functions[line->function - 1];
    uint32_t name = function->name ? function->name : function->filename;
    used += (size_t)snprintf(out + used, size - used, "%s:%d;",
                             text(profile, name), (int)line->line);
  }
  for (uint32_t i = 0; i < of->label_count; i++)
    used += (size_t)snprintf(
        out + used, size - used, " %s",
        text(profile, profile->labels[of->first_label + i].str));
}

// ---- sums -------------------------------------------------------------

#define KINDS 200u
#define DEPTH 6u

struct kind {
  char want[200]; // as described
  struct cprof_frame frames[DEPTH];
  uint32_t depth;
  enum cprof_vmstate state;
  int64_t signals, weight_ns;
};

static struct kind kinds[KINDS];

static void make_kind(struct kind *kind) {
  size_t used = 0;
  memset(kind, 0, sizeof *kind);
  kind->depth = 1 + tap_below(DEPTH);
  kind->state = tap_below(CPROF_VMSTATE_COUNT);
  for (uint32_t i = 0; i < kind->depth; i++) {
    char source[] = "@a";
    source[1] = (char)('a' + tap_below(3));
    uint32_t line = tap_below(3);
    uint32_t number = cprof_funcs_lua(&vm.stream.funcs, source, 7);
    kind->frames[i] = (struct cprof_frame){number, line};
    used += (size_t)snprintf(kind->want + used, sizeof kind->want - used,
                             "%s:%" PRIu32 ";", source, line);
  }
  if (kind->state != CPROF_VM_UNKNOWN)
    snprintf(kind->want + used, sizeof kind->want - used, " %s",
             cprof_vmstate_name(kind->state));
}

static void push(struct kind *kind) {
  struct cprof_sample sample = {
      kind->frames,    kind->depth,      false,          kind->state, 1,
      tap_below(9999), 1 + tap_below(9), CPROF_NO_SERIAL};
  kind->signals += (int64_t)sample.signals;
  kind->weight_ns += (int64_t)sample.weight_ns;
  cprof_stream_push(&vm.stream, &sample);
}

// What all kinds of this description pushed.
static void sum_kinds(const char *want, int64_t *signals, int64_t *weight_ns) {
  *signals = *weight_ns = 0;
  for (uint32_t i = 0; i < KINDS; i++)
    if (strcmp(kinds[i].want, want) == 0) {
      *signals += kinds[i].signals;
      *weight_ns += kinds[i].weight_ns;
    }
}

static void check_sums(const struct cprof_profile *profile) {
  bool all_equal = true;
  int64_t signals, weight_ns, total = 0, pushed = 0;
  for (uint32_t i = 0; i < profile->sample_count; i++) {
    char got[400];
    describe(profile, i, got, sizeof got);
    sum_kinds(got, &signals, &weight_ns);
    all_equal &= profile->values[2 * i] == signals && signals > 0 &&
                 profile->values[2 * i + 1] == weight_ns;
    total += profile->values[2 * i];
  }
  for (uint32_t i = 0; i < KINDS; i++)
    pushed += kinds[i].signals;
  ok(all_equal, "%" PRIu32 " stacks have the sums of what was pushed",
     profile->sample_count);
  is_int(total, pushed, "nothing is missing or double");
}

static void test_sums(void) {
  open_session(DEPTH);
  for (uint32_t i = 0; i < KINDS; i++)
    make_kind(&kinds[i]);
  for (uint32_t i = 0; i < 20000; i++)
    push(&kinds[tap_below(KINDS)]);
  struct cprof_profile *profile = profile_of_session();
  check_sums(profile);
  cprof_profile_free(profile);
  push(&kinds[0]);
  is_int(cprof_session_flush(&session, NULL), CPROF_OK, "flushed");
  profile = profile_of_session();
  check_sums(profile);
  cprof_profile_free(profile);
  close_session();
}

// ---- depth ------------------------------------------------------------

static void push_depth(uint32_t depth, bool truncated) {
  static struct cprof_frame frames[CPROF_DEPTH_MAX];
  struct cprof_sample sample = {frames, depth, truncated, CPROF_VM_UNKNOWN,
                                1,      10,    1,         CPROF_NO_SERIAL};
  for (uint32_t i = 0; i < depth; i++)
    frames[i] =
        (struct cprof_frame){cprof_funcs_lua(&vm.stream.funcs, "@d", 1), i + 1};
  cprof_stream_push(&vm.stream, &sample);
}

static void is_stack(uint32_t sample, const char *want, const char *name) {
  char got[400] = "none";
  struct cprof_profile *profile = profile_of_session();
  if (sample < profile->sample_count)
    describe(profile, sample, got, sizeof got);
  if (!ok(strcmp(got, want) == 0, "%s", name))
    printf("# got %s\n", got);
  cprof_profile_free(profile);
}

static void test_depth(void) {
  open_session(3);
  push_depth(3, false);
  is_stack(0, "@d:1;@d:2;@d:3;", "as deep as allowed");
  push_depth(5, false);
  is_stack(1, "@d:1;@d:2;@d:3;[truncated]:0;", "deeper: cut at the root");
  push_depth(2, true);
  is_stack(2, "@d:1;@d:2;[truncated]:0;", "cut before it came here");
  push_depth(0, false);
  is_stack(3, "", "a stack without frames");
  close_session();
}

static void test_carried(void) {
  open_session(3);
  push_depth(1, false);
  fake_carried = 4;
  cprof_session_stop(&session);
  fake_carried = 0;
  is_stack(1, "[lost]:0;", "what a resting handler carried is [lost]");
  struct cprof_profile *profile = profile_of_session();
  is_int(profile->values[2], 4, "with its signals");
  is_int(profile->values[3], 4000000, "and their weight");
  ok(has_comment(profile, "cprof.lost_ns=4000000"), "and the comment agrees");
  cprof_profile_free(profile);
  close_session();
}

// A session that starts in the middle of a rest does not get what was before.
static void test_carried_before(void) {
  struct cprof_sample sample = {NULL, 0,       false, CPROF_VM_UNKNOWN,
                                1,    9000000, 9,     0};
  fake_carried = 4;
  open_session(3);
  fake_carried = 0;
  sample.serial = fake_serial + 1; // of a VM beside this one
  cprof_stream_push(&vm.stream, &sample);
  sample.serial = fake_serial;
  cprof_stream_push(&vm.stream, &sample);
  struct cprof_profile *profile = profile_of_session();
  is_int(profile->values[0], 9 + 5, "only its own tick brings it along");
  is_int(profile->values[1], 9000000 + 5000000, "and its weight");
  cprof_profile_free(profile);
  close_session();
  fake_carried = 4;
  open_session(3);
  fake_carried = 6; // two more, and then the end
  cprof_session_stop(&session);
  fake_carried = 0;
  profile = profile_of_session();
  is_int(profile->values[0], 2, "nor at the end is it lost");
  ok(has_comment(profile, "cprof.lost=2"), "and the comment agrees");
  cprof_profile_free(profile);
  close_session();
}

static void test_deepest(void) {
  open_session(CPROF_DEPTH_MAX);
  push_depth(CPROF_DEPTH_MAX, true);
  struct cprof_profile *profile = profile_of_session();
  is_int(profile->samples[0].location_count, CPROF_DEPTH_MAX + 1,
         "the greatest depth, and [truncated]");
  cprof_profile_free(profile);
  close_session();
}

// ---- bounds -----------------------------------------------------------

static void test_other(void) {
  open_session(2);
  session.stacks.nodes_max = 50;
  for (uint32_t line = 1; line <= 1000; line++) {
    struct cprof_frame frame = {cprof_funcs_lua(&vm.stream.funcs, "@o", 1),
                                line};
    struct cprof_sample sample = {&frame, 1,  false, CPROF_VM_C,
                                  1,      10, 1,     CPROF_NO_SERIAL};
    cprof_stream_push(&vm.stream, &sample);
  }
  struct cprof_profile *profile = profile_of_session();
  char got[100];
  describe(profile, 0, got, sizeof got);
  ok(strcmp(got, "[other]:0;") == 0, "what does not fit is [other]");
  is_int(profile->sample_count, 50 - 1, "what fits has its stack");
  is_int(profile->values[0] + profile->sample_count - 1, 1000,
         "no signal is missing");
  ok(has_comment(profile, "cprof.other=952"), "a comment counts them");
  cprof_profile_free(profile);
  close_session();
}

// ---- the rest of a profile --------------------------------------------

static void test_head(void) {
  open_session(8);
  fake_stats.signals = 12;
  vm.counters.lost = session.vm_before.lost + 2;
  fake_stats.interval_ns = 500000;
  vm.counters.late = 3;
  cprof_session_flush(&session, NULL);
  struct cprof_profile *profile = profile_of_session();
  ok(strcmp(text(profile, profile->types[0].type), "samples") == 0 &&
         strcmp(text(profile, profile->types[1].unit), "nanoseconds") == 0,
     "samples and nanoseconds");
  is_int(cprof_profile_default_index(profile), 1, "cpu is shown first");
  is_int(profile->period, 500000, "the sampler's last interval");
  is_int(profile->sample_count, 0, "no samples yet");
  ok(has_comment(profile, "cprof.signals=7"), "signals since the start");
  ok(has_comment(profile, "cprof.lost=2"), "the lost ones");
  ok(has_comment(profile, "cprof.late=3"), "the VM's counters");
  ok(has_comment(profile, "cprof.vm=Lua of a test"), "the VM's name");
  cprof_profile_free(profile);
  close_session();
}

static void push_c(const void *address, const char *called) {
  struct cprof_frame frame = {cprof_funcs_c(&vm.stream.funcs, address, called),
                              0};
  struct cprof_sample sample = {&frame, 1,  false, CPROF_VM_UNKNOWN,
                                1,      10, 1,     CPROF_NO_SERIAL};
  cprof_stream_push(&vm.stream, &sample);
}

static void test_c_names(void) {
  char got[200];
  open_session(8);
  push_c(&named_place, "rep");
  push_c(&unnamed_place, "called");
  push_c(&nameless_place, "");
  is_stack(0, "string.rep:0;", "a C function by its path");
  is_stack(1, "called:0;", "else by how it is called");
  struct cprof_profile *profile = profile_of_session();
  describe(profile, 2, got, sizeof got);
  ok(strncmp(got, "session_test+0x", 15) == 0, "else by its place: %s", got);
  cprof_profile_free(profile);
  close_session();
}

static void test_labels(void) {
  open_session(8);
  cprof_session_label(&session, "service", "gw");
  cprof_session_label_number(&session, "shard", 7);
  char key[] = "a";
  for (uint32_t i = 2; i < CPROF_SESSION_LABELS_MAX; i++, key[0]++)
    cprof_session_label(&session, key, "x");
  is_int(cprof_session_label(&session, "more", "x"), CPROF_ELIMIT,
         "labels have a bound");
  push_depth(1, false);
  struct cprof_profile *profile = profile_of_session();
  const struct cprof_label *labels = profile->labels;
  is_int(profile->samples[0].label_count, CPROF_SESSION_LABELS_MAX,
         "a sample has all of them");
  ok(strcmp(text(profile, labels[0].key), "service") == 0 &&
         strcmp(text(profile, labels[0].str), "gw") == 0,
     "a text label");
  ok(labels[1].num == 7 && labels[1].str == 0 &&
         strcmp(text(profile, labels[1].num_unit), "count") == 0,
     "a number with a unit");
  cprof_profile_free(profile);
  close_session();
}

// ---- life -------------------------------------------------------------

static void test_life(void) {
  struct cprof_session_options with = {{100, {'l'}}, 8};
  open_session(8);
  ok(cprof_session_running(&session), "runs once started");
  is_here = false;
  is_int(cprof_session_flush(&session, NULL), CPROF_ESTATE,
         "another thread may not flush it");
  ok(strstr(cprof_session_why_not(&session), "thread") != NULL, "and is told");
  is_here = true;
  ok(cprof_session_why_not(&session) == NULL, "its own may");
  is_int(vm.stream.depth_max, 8, "and is subscribed");
  cprof_session_stop(&session);
  cprof_session_stop(&session);
  ok(!cprof_session_running(&session), "not once stopped");
  is_int(vm.stream.depth_max, 0, "nor subscribed");
  is_int(cprof_session_flush(&session, NULL), CPROF_ESTATE,
         "a stopped one has nothing to flush");
  close_session();
  start_result = CPROF_EBUSY;
  cprof_session_init(&session, &with);
  is_int(cprof_session_start(&session, &vm, NULL, &with), CPROF_EBUSY,
         "the sampler's refusal is told");
  is_int(vm.stream.depth_max, 0, "nobody is subscribed then");
  ok(!cprof_session_running(&session), "and nothing runs");
  cprof_session_done(&session);
}

int main(void) {
  test_sums();
  test_depth();
  test_carried();
  test_carried_before();
  test_deepest();
  test_other();
  test_head();
  test_c_names();
  test_labels();
  test_life();
  return tap_done();
}
