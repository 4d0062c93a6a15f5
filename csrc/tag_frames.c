// Frames named after labels. First every frame gets its location, then every
// stack its frames. See tag_frames.h.
#include "tag_frames.h"

#include "merge.h"
#include <stdlib.h>

// One run.
struct tagger {
  const struct cprof_tag_frames *asked;
  struct cprof_profile *places; // of the source and ours; no samples
  struct cprof_profile view;    // the source with these places
  uint32_t *location_of;        // frame i of set j: location_of[j * count + i]
  struct cprof_strings pairs;   // frames by (name, filename): these are equal
  uint32_t *ids;                // of the stack at hand
};

// ---- places ----

static enum cprof_result copy_strings(struct cprof_profile *to,
                                      const struct cprof_strings *from) {
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = 0; i < from->count && result == CPROF_OK; i++) {
    size_t size;
    const char *bytes = cprof_strings_get(from, i, &size);
    result = cprof_profile_add_string(to, bytes, size, NULL); // the same id
  }
  return result;
}

static enum cprof_result copy_places(struct cprof_profile *to,
                                     const struct cprof_profile *from) {
  enum cprof_result result = copy_strings(to, &from->strings);
  for (uint32_t i = 0; i < from->function_count && result == CPROF_OK; i++)
    result = cprof_profile_add_function(to, &from->functions[i], NULL);
  for (uint32_t i = 0; i < from->location_count && result == CPROF_OK; i++) {
    const struct cprof_location *location = &from->locations[i];
    const struct cprof_line *lines =
        location->line_count > 0 ? from->lines + location->first_line : NULL;
    result = cprof_profile_add_location(to, location, lines,
                                        location->line_count, NULL);
  }
  return result;
}

static enum cprof_result copy_name(struct tagger *tagger, uint32_t name,
                                   uint32_t *id) {
  size_t size;
  const char *bytes = cprof_strings_get(tagger->asked->names, name, &size);
  return cprof_profile_add_string(tagger->places, bytes, size, id);
}

// A location with one frame, of a function that begins nowhere.
static enum cprof_result add_frame(struct tagger *tagger, uint32_t name,
                                   uint32_t key) {
  static const struct cprof_location location;
  struct cprof_function function = {0};
  struct cprof_line line = {0};
  enum cprof_result result = copy_name(tagger, name, &function.name);
  if (result == CPROF_OK)
    result = copy_name(tagger, key, &function.filename);
  if (result == CPROF_OK)
    result =
        cprof_profile_add_function(tagger->places, &function, &line.function);
  if (result == CPROF_OK)
    result =
        cprof_profile_add_location(tagger->places, &location, &line, 1, NULL);
  return result;
}

// The location of a frame, made when it is the first of its kind. Pair i has
// the i-th location behind the source's, which are `base`.
static enum cprof_result find_frame(struct tagger *tagger, uint32_t base,
                                    uint32_t name, uint32_t key,
                                    uint32_t *location) {
  uint32_t pair[2] = {name, key};
  uint32_t known = tagger->pairs.count, id;
  enum cprof_result result =
      cprof_strings_put(&tagger->pairs, (const char *)pair, sizeof pair, &id);
  if (result == CPROF_OK && id == known)
    result = add_frame(tagger, name, key);
  if (result == CPROF_OK)
    *location = base + id; // string 0 is ""
  return result;
}

static enum cprof_result find_frames(struct tagger *tagger) {
  const struct cprof_tag_frames *asked = tagger->asked;
  uint32_t base = tagger->places->location_count;
  size_t total = (size_t)asked->sets->count * asked->count;
  tagger->location_of = calloc(total + 1, sizeof *tagger->location_of);
  enum cprof_result result = tagger->location_of ? CPROF_OK : CPROF_ENOMEM;
  for (size_t i = 0; i < total && result == CPROF_OK; i++)
    result = find_frame(tagger, base, asked->texts[i],
                        asked->keys[i % asked->count], &tagger->location_of[i]);
  return result;
}

// ---- stacks ----

static enum cprof_result make_room(struct tagger *tagger,
                                   const struct cprof_profile *source) {
  uint64_t longest = 0;
  for (uint32_t i = 0; i < source->sample_count; i++)
    if (source->samples[i].location_count > longest)
      longest = source->samples[i].location_count;
  longest += tagger->asked->count;
  if (longest > UINT32_MAX)
    return CPROF_ELIMIT;
  tagger->ids = calloc(longest + 1, sizeof *tagger->ids);
  return tagger->ids ? CPROF_OK : CPROF_ENOMEM;
}

static enum cprof_result tag_sample(struct tagger *tagger, uint32_t index,
                                    struct cprof_merge *merge) {
  const struct cprof_tag_frames *asked = tagger->asked;
  const struct cprof_profile *view = &tagger->view;
  const struct cprof_psample *sample = &view->samples[index];
  const uint32_t *frames =
      tagger->location_of + (size_t)asked->sets->set_of[index] * asked->count;
  uint32_t count = 0;
  for (uint32_t i = asked->count; i > asked->root_count; i--)
    tagger->ids[count++] = frames[i - 1];
  for (uint32_t i = 0; i < sample->location_count; i++)
    tagger->ids[count++] = view->location_ids[sample->first_location + i];
  for (uint32_t i = asked->root_count; i > 0; i--)
    tagger->ids[count++] = frames[i - 1];
  struct cprof_sample_parts parts = {
      .locations = tagger->ids,
      .location_count = count,
      .labels =
          sample->label_count > 0 ? view->labels + sample->first_label : NULL,
      .label_count = sample->label_count,
      .values = view->values + (size_t)index * view->type_count,
  };
  return cprof_merge_sample(merge, &parts);
}

// ---- public ----

static void set_view(struct tagger *tagger,
                     const struct cprof_profile *source) {
  const struct cprof_profile *places = tagger->places;
  tagger->view = *source;
  tagger->view.strings = places->strings;
  tagger->view.functions = places->functions;
  tagger->view.function_count = places->function_count;
  tagger->view.lines = places->lines;
  tagger->view.line_count = places->line_count;
  tagger->view.locations = places->locations;
  tagger->view.location_count = places->location_count;
}

static enum cprof_result tag_all(struct tagger *tagger,
                                 struct cprof_merge **merge,
                                 struct cprof_profile **tagged) {
  struct cprof_merge_head head;
  struct cprof_merge_source source;
  cprof_merge_head_of(&tagger->view, &head);
  cprof_merge_source_of(&tagger->view, &source);
  enum cprof_result result = cprof_merge_new(&head, merge);
  if (result == CPROF_OK)
    result = cprof_merge_begin(*merge, &source);
  for (uint32_t i = 0; i < tagger->view.sample_count && result == CPROF_OK; i++)
    result = tag_sample(tagger, i, *merge);
  return result == CPROF_OK ? cprof_merge_finish(*merge, tagged) : result;
}

static enum cprof_result add_places(struct tagger *tagger,
                                    const struct cprof_profile *source) {
  tagger->places = cprof_profile_new();
  if (!tagger->places)
    return CPROF_ENOMEM;
  enum cprof_result result = cprof_strings_init(&tagger->pairs);
  if (result == CPROF_OK)
    result = copy_places(tagger->places, source);
  if (result == CPROF_OK)
    result = find_frames(tagger);
  if (result == CPROF_OK)
    set_view(tagger, source);
  return result;
}

enum cprof_result cprof_tag_frames_add(const struct cprof_profile *profile,
                                       const struct cprof_tag_frames *frames,
                                       struct cprof_profile **tagged) {
  struct tagger tagger = {.asked = frames};
  struct cprof_merge *merge = NULL;
  enum cprof_result result = add_places(&tagger, profile);
  if (result == CPROF_OK)
    result = make_room(&tagger, profile);
  if (result == CPROF_OK)
    result = tag_all(&tagger, &merge, tagged);
  cprof_merge_free(merge);
  cprof_profile_free(tagger.places);
  cprof_strings_done(&tagger.pairs);
  free(tagger.location_of);
  free(tagger.ids);
  return result;
}
