// What filter.h promises, done as plainly as can be: for every sample a copy of
// all that it uses, changed step by step. For filter's test.
#ifndef CPROF_PLAIN_FILTER_H
#define CPROF_PLAIN_FILTER_H

#include "filter.h"
#include "merge.h"

// A sample with everything it uses, changed step by step.
struct place {
  struct cprof_location location;
  struct cprof_line lines[3];
  uint32_t count;
  bool is_hidden;
};

struct plain {
  const struct cprof_profile *profile;
  const struct cprof_filter *filter;
  struct cprof_filter_found *found;
  struct place places[64]; // leaf first
  uint32_t count;
};

static void load(struct plain *plain, const uint32_t *ids, uint32_t count) {
  plain->count = count;
  for (uint32_t i = 0; i < count; i++) {
    struct place *place = &plain->places[i];
    *place = (struct place){plain->profile->locations[ids[i] - 1], .count = 0,
                            .is_hidden = false};
    for (uint32_t j = 0; j < place->location.line_count; j++)
      place->lines[place->count++] =
          plain->profile->lines[place->location.first_line + j];
  }
}

static void remove_places(struct plain *plain, uint32_t first, uint32_t count) {
  for (uint32_t i = first; i + count < plain->count; i++)
    plain->places[i] = plain->places[i + count];
  plain->count -= count;
}

static void remove_lines(struct place *place, uint32_t first, uint32_t count) {
  for (uint32_t i = first; i + count < place->count; i++)
    place->lines[i] = place->lines[i + count];
  place->count -= count;
}

static bool in_line(const struct plain *plain, const uint8_t *mask,
                    const struct cprof_line *line) {
  const struct cprof_function *function =
      &plain->profile->functions[line->function - 1];
  return mask[function->name] == 1 || mask[function->filename] == 1;
}

static bool in_name(const struct plain *plain, const uint8_t *mask,
                    const struct cprof_line *line) {
  uint32_t name = plain->profile->functions[line->function - 1].name;
  return mask && name != 0 && mask[name] == 1;
}

static bool in_mapping(const struct plain *plain, const uint8_t *mask,
                       const struct place *place) {
  uint32_t id = place->location.mapping;
  return id != 0 && mask[plain->profile->mappings[id - 1].filename] == 1;
}

static bool in_place(const struct plain *plain, const uint8_t *mask,
                     const struct place *place) {
  bool is_in = in_mapping(plain, mask, place);
  for (uint32_t i = 0; i < place->count; i++)
    is_in |= in_line(plain, mask, &place->lines[i]);
  return is_in;
}

// The number of frames, from the leaf on, that drop_frames takes of a place.
static uint32_t dropped_lines(const struct plain *plain,
                              const struct place *place) {
  uint32_t dropped = 0;
  for (uint32_t i = 0; i < place->count; i++)
    if (in_name(plain, plain->filter->drop_frames, &place->lines[i]) &&
        !in_name(plain, plain->filter->keep_frames, &place->lines[i]))
      dropped = i + 1;
  return dropped;
}

static void drop(struct plain *plain) {
  bool is_user = false;
  uint32_t cut = 0, i = plain->count;
  while (plain->filter->drop_frames && i > 0 && cut == 0) {
    uint32_t dropped = dropped_lines(plain, &plain->places[--i]);
    if (dropped == 0)
      is_user = true;
    else if (is_user)
      cut = dropped == plain->places[i].count ? i + 1 : i;
    if (dropped > 0 && is_user && cut == 0)
      break; // it is the leaf, and stays with what is left of it
  }
  remove_places(plain, 0, cut);
  for (i = 0; i < plain->count; i++) {
    uint32_t dropped = dropped_lines(plain, &plain->places[i]);
    if (dropped < plain->places[i].count)
      remove_lines(&plain->places[i], 0, dropped);
  }
}

static bool focus(struct plain *plain) {
  const struct cprof_filter *filter = plain->filter;
  bool is_focused = false, is_ignored = false;
  for (uint32_t i = 0; i < plain->count; i++) {
    const struct place *place = &plain->places[i];
    if (filter->ignore && in_place(plain, filter->ignore, place))
      is_ignored = true;
    else if (!filter->focus || in_place(plain, filter->focus, place))
      is_focused = true;
  }
  plain->found->focus |= is_focused;
  plain->found->ignore |= is_ignored;
  return is_focused && !is_ignored;
}

static void hide_place(struct plain *plain, struct place *place) {
  const struct cprof_filter *filter = plain->filter;
  if (filter->hide && in_place(plain, filter->hide, place)) {
    plain->found->hide = true;
    for (uint32_t i = place->count; i > 0; i--)
      if (in_mapping(plain, filter->hide, place) ||
          in_line(plain, filter->hide, &place->lines[i - 1]))
        remove_lines(place, i - 1, 1);
    place->is_hidden |= place->count == 0;
  }
  if (filter->show) {
    for (uint32_t i = place->count; i > 0; i--)
      if (!in_mapping(plain, filter->show, place) &&
          !in_line(plain, filter->show, &place->lines[i - 1]))
        remove_lines(place, i - 1, 1);
    place->is_hidden |= place->count == 0;
    plain->found->show |= place->count > 0;
  }
}

static void hide(struct plain *plain) {
  for (uint32_t i = 0; i < plain->count; i++)
    hide_place(plain, &plain->places[i]);
}

static void remove_hidden(struct plain *plain) {
  for (uint32_t i = plain->count; i > 0; i--)
    if (plain->places[i - 1].is_hidden)
      remove_places(plain, i - 1, 1);
}

// Cuts every place that matches; returns how many places stay.
static uint32_t show_from(struct plain *plain) {
  const uint8_t *mask = plain->filter->show_from;
  uint32_t stay = 0;
  for (uint32_t i = 0; i < plain->count; i++) {
    struct place *place = &plain->places[i];
    if (!in_place(plain, mask, place))
      continue;
    while (!in_mapping(plain, mask, place) &&
           !in_line(plain, mask, &place->lines[place->count - 1]))
      place->count--;
    stay = i + 1;
  }
  plain->found->show_from |= stay > 0;
  return stay;
}

static void prune_from(struct plain *plain) {
  uint32_t cut = plain->count;
  for (uint32_t i = plain->count; i > 0; i--) {
    struct place *place = &plain->places[i - 1];
    uint32_t inner = 0;
    while (inner < place->count &&
           !in_name(plain, plain->filter->prune_from, &place->lines[inner]))
      inner++;
    if (inner == place->count)
      continue;
    remove_lines(place, 0, inner);
    cut = i - 1;
  }
  remove_places(plain, 0, cut == plain->count ? 0 : cut);
}

static bool name_filters_asked(const struct cprof_filter *filter) {
  return filter->focus || filter->ignore || filter->hide || filter->show;
}

// Does the stack stay?
static bool filter_stack(struct plain *plain) {
  struct cprof_filter_found found = *plain->found; // of locations, see below
  drop(plain);
  bool stays = focus(plain) || !name_filters_asked(plain->filter);
  uint32_t before = plain->count;
  hide(plain);
  remove_hidden(plain);
  stays = stays && (plain->count > 0 || before == 0);
  if (plain->filter->show_from) {
    plain->count = show_from(plain);
    stays = stays && plain->count > 0;
  }
  if (plain->filter->prune_from)
    prune_from(plain);
  *plain->found = found;
  return stays;
}

// What is found is found in any location of the profile, used or not.
static void find_in_locations(struct plain *plain) {
  for (uint32_t i = 1; i <= plain->profile->location_count; i++) {
    load(plain, &i, 1);
    drop(plain);
    focus(plain);
    hide(plain);
    if (plain->filter->show_from)
      show_from(plain);
  }
}

static bool tags_match(struct plain *plain, uint32_t sample) {
  const struct cprof_filter *filter = plain->filter;
  bool is_focused = !filter->tag_focus || filter->tag_focus[sample] == 1;
  bool is_ignored = filter->tag_ignore && filter->tag_ignore[sample] == 1;
  plain->found->tag_focus |= is_focused;
  plain->found->tag_ignore |= is_ignored;
  return is_focused && !is_ignored;
}

static uint32_t filter_labels(struct plain *plain,
                              const struct cprof_psample *sample,
                              struct cprof_label *labels) {
  const struct cprof_filter *filter = plain->filter;
  uint32_t count = 0;
  for (uint32_t i = 0; i < sample->label_count; i++) {
    labels[count] = plain->profile->labels[sample->first_label + i];
    uint32_t key = labels[count].key;
    bool is_shown = !filter->tag_show || filter->tag_show[key] == 1;
    bool is_hidden = filter->tag_hide && filter->tag_hide[key] == 1;
    plain->found->tag_show |= is_shown;
    plain->found->tag_hide |= is_hidden;
    count += is_shown && !is_hidden;
  }
  return count;
}

// Adds the sample with locations of its own.
static void add_plain(struct plain *plain, struct cprof_profile *to,
                      const struct cprof_label *labels, uint32_t label_count,
                      const int64_t *values) {
  uint32_t ids[64];
  for (uint32_t i = 0; i < plain->count; i++) {
    struct place *place = &plain->places[i];
    cprof_profile_add_location(to, &place->location, place->lines, place->count,
                               &ids[i]);
  }
  struct cprof_sample_parts parts = {ids, plain->count, labels, label_count,
                                     values};
  cprof_profile_add_sample(to, &parts);
}

// The profile without locations and samples.
static struct cprof_profile *copy_head(const struct cprof_profile *from) {
  struct cprof_profile *to = cprof_profile_new(), arrays = *to;
  for (uint32_t i = 0; i < from->strings.count; i++) {
    size_t size;
    const char *bytes = cprof_strings_get(&from->strings, i, &size);
    cprof_profile_add_string(to, bytes, size, NULL);
  }
  arrays.strings = to->strings;
  *to = *from;
  to->strings = arrays.strings;
#define NO(items, item)                                                        \
  to->items = NULL, to->item##_count = 0, to->item##_capacity = 0
  NO(comments, comment);
  NO(mappings, mapping);
  NO(functions, function);
  NO(lines, line);
  NO(locations, location);
  NO(location_ids, location_id);
  NO(labels, label);
  NO(samples, sample);
  NO(values, value);
#undef NO
  for (uint32_t i = 0; i < from->comment_count; i++)
    cprof_profile_add_comment(
        to, cprof_strings_get(&from->strings, from->comments[i], NULL));
  for (uint32_t i = 0; i < from->mapping_count; i++)
    cprof_profile_add_mapping(to, &from->mappings[i], NULL);
  for (uint32_t i = 0; i < from->function_count; i++)
    cprof_profile_add_function(to, &from->functions[i], NULL);
  return to;
}

static inline struct cprof_profile *
merge_one(const struct cprof_profile *profile) {
  struct cprof_merge_head head;
  struct cprof_merge_source source;
  struct cprof_merge *merge;
  struct cprof_profile *result = NULL;
  cprof_merge_head_of(profile, &head);
  cprof_merge_source_of(profile, &source);
  cprof_merge_new(&head, &merge);
  cprof_merge_begin(merge, &source);
  cprof_merge_samples(merge);
  cprof_merge_finish(merge, &result);
  cprof_merge_free(merge);
  return result;
}

static inline struct cprof_profile *
filter_plainly(const struct cprof_profile *profile,
               const struct cprof_filter *filter,
               struct cprof_filter_found *found) {
  struct plain plain = {profile, filter, found, .count = 0};
  struct cprof_profile *copy = copy_head(profile);
  *found = (struct cprof_filter_found){0};
  find_in_locations(&plain);
  for (uint32_t i = 0; i < profile->sample_count; i++) {
    const struct cprof_psample *sample = &profile->samples[i];
    struct cprof_label labels[4];
    load(&plain, profile->location_ids + sample->first_location,
         sample->location_count);
    if (!filter_stack(&plain) || !tags_match(&plain, i))
      continue;
    uint32_t count = filter_labels(&plain, sample, labels);
    add_plain(&plain, copy, labels, count,
              profile->values + (size_t)i * profile->type_count);
  }
  struct cprof_profile *result = merge_one(copy);
  cprof_profile_free(copy);
  return result;
}

#endif
