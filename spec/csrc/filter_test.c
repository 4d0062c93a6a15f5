// filter: pprof's worked examples and others of their kind, and random
// profiles against a filter that is as plain as can be.
#include "filter.h"
#include "plain_filter.h"
#include "random_profile.h"
#include "tap.h"

#include <string.h>

// ---- examples ----

// A stack is spelled from the root: "A BC .@" is A, then B with C inlined in
// it, then an address without a function in a mapping; a letter is a function,
// @ the file of the mapping. What an expression matches is a set of these.

static uint32_t put_letter(struct cprof_profile *profile, char letter) {
  uint32_t id = 0;
  cprof_profile_add_string(profile, &letter, 1, &id);
  return id;
}

static uint32_t add_letter(struct cprof_profile *profile, char letter) {
  struct cprof_function function = {.name = put_letter(profile, letter)};
  uint32_t id = 0;
  cprof_profile_add_function(profile, &function, &id);
  return id;
}

// The location spelled by `size` characters; one for each place in a stack.
static uint32_t add_spelled(struct cprof_profile *profile, const char *text,
                            size_t size) {
  struct cprof_location location = {0};
  struct cprof_line lines[8];
  uint32_t count = 0, id = 0;
  for (size_t i = size; i > 0; i--)
    if (text[i - 1] == '@')
      location.mapping = 1;
    else if (text[i - 1] != '.')
      lines[count++] =
          (struct cprof_line){add_letter(profile, text[i - 1]), 1, 0};
  cprof_profile_add_location(profile, &location, lines, count, &id);
  return id;
}

// "-" has no locations.
static struct cprof_profile *spelled_profile(const char *text) {
  struct cprof_profile *profile = cprof_profile_new();
  cprof_profile_add_type(profile, "cpu", "nanoseconds");
  struct cprof_mapping mapping = {.filename = put_letter(profile, '@')};
  cprof_profile_add_mapping(profile, &mapping, NULL);
  uint32_t ids[16], count = 0;
  for (const char *at = text; *at && *text != '-'; at += strspn(at, " ")) {
    size_t size = strcspn(at, " ");
    ids[count++] = add_spelled(profile, at, size);
    at += size;
  }
  for (uint32_t i = 0; i < count / 2; i++) {
    uint32_t id = ids[i];
    ids[i] = ids[count - 1 - i];
    ids[count - 1 - i] = id;
  }
  int64_t value = 1;
  struct cprof_sample_parts parts = {ids, count, NULL, 0, &value};
  cprof_profile_add_sample(profile, &parts);
  return profile;
}

static char *spell_location(const struct cprof_profile *profile, uint32_t id,
                            char *to) {
  const struct cprof_location *location = &profile->locations[id - 1];
  if (location->line_count == 0)
    *to++ = '.';
  for (uint32_t i = location->line_count; i > 0; i--) {
    uint32_t function = profile->lines[location->first_line + i - 1].function;
    uint32_t name = profile->functions[function - 1].name;
    *to++ = *cprof_strings_get(&profile->strings, name, NULL);
  }
  if (location->mapping != 0)
    *to++ = '@';
  return to;
}

// "" when the sample is gone.
static void spell(const struct cprof_profile *profile, char *to) {
  if (profile->sample_count > 0 && profile->samples[0].location_count == 0)
    *to++ = '-';
  else if (profile->sample_count > 0)
    for (uint32_t i = profile->samples[0].location_count; i > 0; i--) {
      const uint32_t *ids =
          profile->location_ids + profile->samples[0].first_location;
      to = spell_location(profile, ids[i - 1], to);
      if (i > 1)
        *to++ = ' ';
    }
  *to = '\0';
}

static const uint8_t *letters_mask(const struct cprof_profile *profile,
                                   const char *letters, uint8_t *mask) {
  if (!letters)
    return NULL;
  for (uint32_t i = 0; i < profile->strings.count; i++) {
    const char *text = cprof_strings_get(&profile->strings, i, NULL);
    mask[i] = *text && strchr(letters, *text) != NULL;
  }
  return mask;
}

struct example {
  const char *stack, *want;
  const char *focus, *ignore, *hide, *show, *show_from;
  const char *prune_from, *drop, *keep;
};

static const struct example EXAMPLES[] = {
    // as profile.ShowFrom's comment tells them
    {"A B C B", "A B C B", .show_from = "A"},
    {"A B C B", "B C B", .show_from = "B"},
    {"A B C B", "C B", .show_from = "C"},
    {"A B C B", "", .show_from = "D"},
    // as profile.PruneFrom's: from the leaf on it is A, B, C, B, D
    {"D B C B A", "D B C B A", .prune_from = "A"},
    {"D B C B A", "D B C B", .prune_from = "B"},
    {"D B C B A", "D B C B", .drop = "A"},
    {"D B C B A", "D", .drop = "B"},
    // what is dropped before the first frame that is not stays
    {"B B A", "B B A", .drop = "B"},
    {"B A B A", "B A", .drop = "B"},
    {"B", "B", .drop = "B"},
    {"A B C", "A B C", .drop = "B", .keep = "B"},
    {"A B C D", "A B", .drop = "BC", .keep = "B"},
    // of inlined frames, the outermost that matches and all within it
    {"A BCD E", "A B", .drop = "CD"},
    {"A BCD E", "A", .drop = "BD"},
    {"BCD E", "B E", .drop = "CE"}, // cut, but not a user's frame
    {"A BCD E", "A BC", .prune_from = "BC"},
    {"A BCD E", "D E", .show_from = "D"},
    {"A BCD E", "C E", .show_from = "C", .hide = "D"},
    {"A BCD@ E", "BCD@ E", .show_from = "@"},
    {"A B", "A B", .focus = "A"},
    {"A B", "", .focus = "C"},
    {"A B", "", .ignore = "A"},
    {"A B", "A B", .ignore = "C"},
    {"A B", "", .focus = "A", .ignore = "B"},
    // within one location the frame that is ignored wins
    {"A BC", "", .focus = "B", .ignore = "C"},
    {"A .@", "A .@", .focus = "@"},
    {"-", "-", .show_from = NULL},
    {"-", "", .ignore = "A"},
    {"-", "", .hide = "A"},
    {"-", "", .show_from = "A"},
    {"-", "-", .prune_from = "A"},
    {"-", "-", .drop = "A"},
    {"A BC D", "A B D", .hide = "C"},
    {"A BC D", "A D", .hide = "BC"},
    {"A", "", .hide = "A"},
    {"A B@ C", "A C", .hide = "@"},
    {"A .@ .", "A .", .hide = "@"},
    {"A BC D", "C", .show = "C"},
    {"A BC@ .@", "BC@", .show = "@"}, // what has no function is not shown
    {"A BC D", "B", .hide = "C", .show = "BC"},
    // focus sees what hide takes away, show_from does not
    {"A B C", "A C", .focus = "B", .hide = "B"},
    {"A B C", "", .show_from = "B", .hide = "B"},
    // what was dropped has no focus
    {"A B C", "", .focus = "C", .drop = "B"},
    {"A B C", "A", .drop = "B", .prune_from = "B"},
};

static void test_example(const struct example *example) {
  struct cprof_profile *profile = spelled_profile(example->stack), *result;
  uint8_t masks[8][64];
  struct cprof_filter_found found;
  struct cprof_filter filter = {
      .focus = letters_mask(profile, example->focus, masks[0]),
      .ignore = letters_mask(profile, example->ignore, masks[1]),
      .hide = letters_mask(profile, example->hide, masks[2]),
      .show = letters_mask(profile, example->show, masks[3]),
      .show_from = letters_mask(profile, example->show_from, masks[4]),
      .prune_from = letters_mask(profile, example->prune_from, masks[5]),
      .drop_frames = letters_mask(profile, example->drop, masks[6]),
      .keep_frames = letters_mask(profile, example->keep, masks[7]),
  };
  char got[64] = "error";
  if (cprof_filter_run(profile, &filter, &found, &result) == CPROF_OK) {
    spell(result, got);
    cprof_profile_free(result);
  }
  if (!ok(strcmp(got, example->want) == 0, "%s becomes \"%s\"", example->stack,
          example->want))
    printf("# got \"%s\"\n", got);
  cprof_profile_free(profile);
}

static void test_examples(void) {
  for (size_t i = 0; i < sizeof EXAMPLES / sizeof *EXAMPLES; i++)
    test_example(&EXAMPLES[i]);
}

static void simplifies(const char *name, const char *want) {
  size_t size = strlen(name);
  const char *got = cprof_filter_simplify(name, &size);
  ok(size == strlen(want) && memcmp(got, want, size) == 0, "%s is %s", name,
     want);
}

static void test_simplify(void) {
  simplifies("", "");
  simplifies(".f", "f");
  simplifies("..f", ".f");
  simplifies("f(int, char)", "f");
  simplifies("(*T).f", "");
  simplifies("x::operator()(int)", "x::operator()");
  simplifies("(anonymous namespace)::f(int)", "(anonymous namespace)::f");
  simplifies("operator(", "operator");
  simplifies("pkg.(*T).f", "pkg.");
  simplifies("f)", "f)");
}

// ---- random ones ----

// A random mask, or NULL; `to` has room.
static const uint8_t *random_mask(uint8_t *to, uint32_t count) {
  uint32_t odds = 2 + tap_below(6);
  for (uint32_t i = 0; i < count; i++)
    to[i] = tap_below(odds) == 0;
  return tap_below(3) == 0 ? to : NULL;
}

static void random_filter(const struct cprof_profile *profile,
                          struct cprof_filter *filter,
                          uint8_t masks[12][1024]) {
  uint32_t strings = profile->strings.count, samples = profile->sample_count;
  *filter = (struct cprof_filter){
      .focus = random_mask(masks[0], strings),
      .ignore = random_mask(masks[1], strings),
      .hide = random_mask(masks[2], strings),
      .show = random_mask(masks[3], strings),
      .show_from = random_mask(masks[4], strings),
      .tag_focus = random_mask(masks[5], samples),
      .tag_ignore = random_mask(masks[6], samples),
      .tag_show = random_mask(masks[7], strings),
      .tag_hide = random_mask(masks[8], strings),
      .prune_from = random_mask(masks[9], strings),
      .drop_frames = random_mask(masks[10], strings),
      .keep_frames = random_mask(masks[11], strings),
  };
}

static bool same_found(const struct cprof_filter_found *a,
                       const struct cprof_filter_found *b) {
  return a->focus == b->focus && a->ignore == b->ignore && a->hide == b->hide &&
         a->show == b->show && a->show_from == b->show_from &&
         a->tag_focus == b->tag_focus && a->tag_ignore == b->tag_ignore &&
         a->tag_show == b->tag_show && a->tag_hide == b->tag_hide;
}

static void test_random(void) {
  static uint8_t masks[12][1024];
  uint32_t wrong = 0, wrong_found = 0, invalid = 0, kept = 0, all = 0;
  for (uint32_t i = 0; i < 3000; i++) {
    struct cprof_profile *profile = random_profile(1 + tap_below(25));
    struct cprof_filter filter;
    struct cprof_filter_found found, plain_found;
    random_filter(profile, &filter, masks);
    struct cprof_profile *plain =
        filter_plainly(profile, &filter, &plain_found);
    struct cprof_profile *result = NULL;
    if (cprof_filter_run(profile, &filter, &found, &result) != CPROF_OK ||
        !same_profile(result, plain))
      wrong++;
    wrong_found += !same_found(&found, &plain_found);
    invalid += cprof_profile_check(result, NULL) != CPROF_OK;
    kept += result->sample_count;
    all += profile->sample_count;
    cprof_profile_free(plain);
    cprof_profile_free(result);
    cprof_profile_free(profile);
  }
  is_int(wrong, 0, "random profiles are as the plain filter leaves them");
  is_int(wrong_found, 0, "and as much is found");
  is_int(invalid, 0, "and valid");
  ok(kept > all / 10 && kept < all, "%u of %u samples are kept", kept, all);
}

// No filter at all keeps all.
static void test_nothing(void) {
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < 50; i++) {
    struct cprof_profile *profile = random_profile(20), *result = NULL;
    struct cprof_filter filter = {0};
    struct cprof_filter_found found;
    struct cprof_profile *merged = merge_one(profile);
    cprof_filter_run(profile, &filter, &found, &result);
    wrong += !same_profile(result, merged);
    cprof_profile_free(merged);
    cprof_profile_free(result);
    cprof_profile_free(profile);
  }
  is_int(wrong, 0, "without a filter all is left");
}

int main(void) {
  test_examples();
  test_simplify();
  test_nothing();
  test_random();
  return tap_done();
}
