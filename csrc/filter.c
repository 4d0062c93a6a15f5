// Filters as `go tool pprof` means them. What an expression does to a location
// is the same in every sample, so locations are marked and cut first; then
// each stack is cut by its locations' marks. See filter.h.
#include "filter.h"

#include "merge.h"
#include <stdlib.h>
#include <string.h>

// What a location's frames have met.
enum {
  DROPPED = 1 << 0,         // its outermost frame is dropped: all of it goes
  DROPPED_BENEATH = 1 << 1, // the inner ones of its frames are: they are gone
  IGNORED = 1 << 2,
  FOCUSED = 1 << 3, // matches focus, or there is no focus
  HIDDEN = 1 << 4,  // hide and show leave none of its frames
  SHOWN_FROM = 1 << 5,
  PRUNED_FROM = 1 << 6,
};

// One run of a filter.
struct work {
  const struct cprof_filter *filter;
  struct cprof_filter_found *found;
  struct cprof_profile view; // the source with own lines and locations
  uint8_t *marks;            // of location i
  bool is_any_hidden;
  uint32_t *ids;              // room for the longest stack
  struct cprof_label *labels; // and for the longest run of labels
};

// A stack while it is cut, leaf first.
struct stack {
  const uint32_t *ids;
  uint32_t count;
};

// malloc that gives a pointer for nothing, too.
static void *allocate(size_t count, size_t size) {
  return calloc(count > 0 ? count : 1, size);
}

// ---- what matches ----

static bool line_matches(const struct work *work, const uint8_t *mask,
                         const struct cprof_line *line) {
  const struct cprof_function *function =
      &work->view.functions[line->function - 1];
  return mask[function->name] || mask[function->filename];
}

static bool mapping_matches(const struct work *work, const uint8_t *mask,
                            const struct cprof_location *location) {
  return location->mapping != 0 &&
         mask[work->view.mappings[location->mapping - 1].filename];
}

static bool matches(const struct work *work, const uint8_t *mask,
                    const struct cprof_location *location) {
  const struct cprof_line *lines = work->view.lines + location->first_line;
  for (uint32_t i = 0; i < location->line_count; i++)
    if (line_matches(work, mask, &lines[i]))
      return true;
  return mapping_matches(work, mask, location);
}

// Does the name of the frame's function match? One without a name does not.
static bool name_matches(const struct work *work, const uint8_t *mask,
                         uint32_t line) {
  uint32_t function = work->view.lines[line].function;
  uint32_t name = work->view.functions[function - 1].name;
  return name != 0 && mask[name];
}

// ---- locations ----

// drop_frames: of the frames that match, the outermost goes and all within it.
// A location of which nothing would be left keeps its frames: where stacks are
// cut, and where they are not, is found in each of them.
static unsigned mark_dropped(struct work *work,
                             struct cprof_location *location) {
  const struct cprof_filter *filter = work->filter;
  for (uint32_t i = location->line_count; i > 0; i--) {
    uint32_t line = location->first_line + i - 1;
    bool is_kept =
        filter->keep_frames && name_matches(work, filter->keep_frames, line);
    if (is_kept || !name_matches(work, filter->drop_frames, line))
      continue;
    if (i == location->line_count)
      return DROPPED;
    location->first_line += i;
    location->line_count -= i;
    return DROPPED_BENEATH;
  }
  return 0;
}

// A location that is ignored is not looked at for focus.
static unsigned mark_focus(struct work *work,
                           const struct cprof_location *location) {
  const struct cprof_filter *filter = work->filter;
  if (filter->ignore && matches(work, filter->ignore, location)) {
    work->found->ignore = true;
    return IGNORED;
  }
  if (filter->focus && !matches(work, filter->focus, location))
    return 0;
  work->found->focus = true;
  return FOCUSED;
}

// Leaves the frames of which `mask` says `wanted`.
static void keep_lines(struct work *work, const uint8_t *mask, bool wanted,
                       struct cprof_location *location) {
  struct cprof_line *lines = work->view.lines + location->first_line;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < location->line_count; i++)
    if (line_matches(work, mask, &lines[i]) == wanted)
      lines[kept++] = lines[i];
  location->line_count = kept;
}

static unsigned mark_hide(struct work *work, struct cprof_location *location) {
  const uint8_t *mask = work->filter->hide;
  if (!matches(work, mask, location))
    return 0;
  work->found->hide = true;
  if (mapping_matches(work, mask, location))
    location->line_count = 0;
  else
    keep_lines(work, mask, false, location);
  return location->line_count == 0 ? HIDDEN : 0;
}

// A location without a function is never shown, not even by its mapping.
static unsigned mark_show(struct work *work, struct cprof_location *location) {
  const uint8_t *mask = work->filter->show;
  if (!mapping_matches(work, mask, location))
    keep_lines(work, mask, true, location);
  if (location->line_count == 0)
    return HIDDEN;
  work->found->show = true;
  return 0;
}

// Cuts off the frames above the outermost that matches.
static unsigned mark_show_from(struct work *work,
                               struct cprof_location *location) {
  const uint8_t *mask = work->filter->show_from;
  uint32_t count = location->line_count;
  if (!mapping_matches(work, mask, location)) {
    const struct cprof_line *lines = work->view.lines + location->first_line;
    while (count > 0 && !line_matches(work, mask, &lines[count - 1]))
      count--;
    if (count == 0)
      return 0;
  }
  location->line_count = count;
  work->found->show_from = true;
  return SHOWN_FROM;
}

// Cuts off the frames beneath the innermost that matches.
static unsigned mark_prune_from(struct work *work,
                                struct cprof_location *location) {
  for (uint32_t i = 0; i < location->line_count; i++) {
    if (!name_matches(work, work->filter->prune_from, location->first_line + i))
      continue;
    location->first_line += i;
    location->line_count -= i;
    return PRUNED_FROM;
  }
  return 0;
}

// The order matters: each sees the frames that the one before has left.
static void mark_location(struct work *work, uint32_t index) {
  const struct cprof_filter *filter = work->filter;
  struct cprof_location *location = &work->view.locations[index];
  unsigned marks = 0;
  if (filter->drop_frames)
    marks |= mark_dropped(work, location);
  marks |= mark_focus(work, location);
  if (filter->hide)
    marks |= mark_hide(work, location);
  if (filter->show)
    marks |= mark_show(work, location);
  if (filter->show_from)
    marks |= mark_show_from(work, location);
  if (filter->prune_from)
    marks |= mark_prune_from(work, location);
  work->marks[index] = (uint8_t)marks;
  work->is_any_hidden |= (marks & HIDDEN) != 0;
}

// ---- stacks ----

// Each cut_* returns whether the sample stays.

static unsigned marks_at(const struct work *work, const struct stack *stack,
                         uint32_t index) {
  return work->marks[stack->ids[index] - 1];
}

// Takes the innermost `count` locations off.
static void cut_leaf(struct stack *stack, uint32_t count) {
  stack->ids += count;
  stack->count -= count;
}

// From the root on: what is dropped before the first frame that is not stays,
// or nothing might be left.
static void cut_dropped(const struct work *work, struct stack *stack) {
  uint32_t i = stack->count;
  while (i > 0 && marks_at(work, stack, i - 1) & (DROPPED | DROPPED_BENEATH))
    i--;
  while (i > 0 && !(marks_at(work, stack, i - 1) & (DROPPED | DROPPED_BENEATH)))
    i--;
  if (i > 0)
    cut_leaf(stack, marks_at(work, stack, i - 1) & DROPPED ? i : i - 1);
}

static bool is_focused(const struct work *work, const struct stack *stack) {
  unsigned marks = 0;
  for (uint32_t i = 0; i < stack->count; i++)
    marks |= marks_at(work, stack, i);
  return marks & FOCUSED && !(marks & IGNORED);
}

static bool cut_hidden(struct work *work, struct stack *stack) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < stack->count; i++)
    if (!(marks_at(work, stack, i) & HIDDEN))
      work->ids[count++] = stack->ids[i];
  *stack = (struct stack){work->ids, count};
  return count > 0;
}

static bool cut_show_from(const struct work *work, struct stack *stack) {
  while (stack->count > 0 &&
         !(marks_at(work, stack, stack->count - 1) & SHOWN_FROM))
    stack->count--;
  return stack->count > 0;
}

static void cut_prune_from(const struct work *work, struct stack *stack) {
  for (uint32_t i = 0; i < stack->count; i++)
    if (marks_at(work, stack, i) & PRUNED_FROM) {
      cut_leaf(stack, i);
      return;
    }
}

static bool cut_stack(struct work *work, struct stack *stack) {
  const struct cprof_filter *filter = work->filter;
  if (filter->drop_frames)
    cut_dropped(work, stack);
  // a sample without a stack has no focus, once one of these is asked for
  if ((filter->focus || filter->ignore || filter->hide || filter->show) &&
      !is_focused(work, stack))
    return false;
  if (work->is_any_hidden && !cut_hidden(work, stack))
    return false;
  if (filter->show_from && !cut_show_from(work, stack))
    return false;
  if (filter->prune_from) // nothing below looks at the stack
    cut_prune_from(work, stack);
  return true;
}

// ---- labels ----

// Do the sample's labels let it stay?
static bool has_tags(struct work *work, uint32_t sample) {
  const struct cprof_filter *filter = work->filter;
  bool is_focused = !filter->tag_focus || filter->tag_focus[sample];
  bool is_ignored = filter->tag_ignore && filter->tag_ignore[sample];
  work->found->tag_focus |= is_focused;
  work->found->tag_ignore |= is_ignored;
  return is_focused && !is_ignored;
}

// Copies the labels that stay to work->labels; returns how many.
static uint32_t cut_labels(struct work *work,
                           const struct cprof_psample *sample) {
  const struct cprof_filter *filter = work->filter;
  uint32_t count = 0;
  for (uint32_t i = 0; i < sample->label_count; i++) {
    const struct cprof_label *label =
        &work->view.labels[sample->first_label + i];
    bool is_shown = !filter->tag_show || filter->tag_show[label->key];
    bool is_hidden = filter->tag_hide && filter->tag_hide[label->key];
    work->found->tag_show |= is_shown;
    work->found->tag_hide |= is_hidden;
    if (is_shown && !is_hidden)
      work->labels[count++] = *label;
  }
  return count;
}

// ---- the run ----

// Lines and locations that may be cut: each location gets lines of its own.
static enum cprof_result copy_places(struct work *work,
                                     const struct cprof_profile *source) {
  struct cprof_profile *view = &work->view;
  uint64_t line_count = 0;
  for (uint32_t i = 0; i < source->location_count; i++)
    line_count += source->locations[i].line_count;
  if (line_count > UINT32_MAX)
    return CPROF_ELIMIT;
  view->lines = allocate(line_count, sizeof *view->lines);
  view->locations = allocate(source->location_count, sizeof *view->locations);
  if (!view->lines || !view->locations)
    return CPROF_ENOMEM;
  view->line_count = 0;
  for (uint32_t i = 0; i < source->location_count; i++) {
    struct cprof_location *to = &view->locations[i];
    *to = source->locations[i];
    to->first_line = view->line_count;
    if (to->line_count > 0)
      memcpy(view->lines + to->first_line,
             source->lines + source->locations[i].first_line,
             to->line_count * sizeof *view->lines);
    view->line_count += to->line_count;
  }
  return CPROF_OK;
}

static enum cprof_result make_room(struct work *work) {
  uint32_t id_max = 0, label_max = 0;
  for (uint32_t i = 0; i < work->view.sample_count; i++) {
    const struct cprof_psample *sample = &work->view.samples[i];
    if (sample->location_count > id_max)
      id_max = sample->location_count;
    if (sample->label_count > label_max)
      label_max = sample->label_count;
  }
  work->marks = allocate(work->view.location_count, sizeof *work->marks);
  work->ids = allocate(id_max, sizeof *work->ids);
  work->labels = allocate(label_max, sizeof *work->labels);
  return work->marks && work->ids && work->labels ? CPROF_OK : CPROF_ENOMEM;
}

static enum cprof_result filter_sample(struct work *work, uint32_t index,
                                       struct cprof_merge *merge) {
  const struct cprof_profile *view = &work->view;
  const struct cprof_psample *sample = &view->samples[index];
  struct stack stack = {view->location_ids + sample->first_location,
                        sample->location_count};
  if (!cut_stack(work, &stack) || !has_tags(work, index))
    return CPROF_OK;
  struct cprof_sample_parts parts = {
      .locations = stack.ids,
      .location_count = stack.count,
      .labels = work->labels,
      .label_count = cut_labels(work, sample),
      .values = view->values + (size_t)index * view->type_count,
  };
  return cprof_merge_sample(merge, &parts);
}

// An empty merge of the profile's own types that waits for its samples.
static enum cprof_result begin(const struct cprof_profile *profile,
                               struct cprof_merge **merge) {
  struct cprof_merge_head head;
  struct cprof_merge_source source;
  cprof_merge_head_of(profile, &head);
  cprof_merge_source_of(profile, &source);
  enum cprof_result result = cprof_merge_new(&head, merge);
  return result == CPROF_OK ? cprof_merge_begin(*merge, &source) : result;
}

static enum cprof_result filter_all(struct work *work,
                                    struct cprof_merge **merge,
                                    struct cprof_profile **filtered) {
  for (uint32_t i = 0; i < work->view.location_count; i++)
    mark_location(work, i);
  enum cprof_result result = begin(&work->view, merge);
  for (uint32_t i = 0; i < work->view.sample_count && result == CPROF_OK; i++)
    result = filter_sample(work, i, *merge);
  return result == CPROF_OK ? cprof_merge_finish(*merge, filtered) : result;
}

enum cprof_result cprof_filter_run(const struct cprof_profile *profile,
                                   const struct cprof_filter *filter,
                                   struct cprof_filter_found *found,
                                   struct cprof_profile **filtered) {
  struct work work = {.filter = filter, .found = found, .view = *profile};
  struct cprof_merge *merge = NULL;
  *found = (struct cprof_filter_found){0};
  work.view.lines = NULL; // they are the source's
  work.view.locations = NULL;
  enum cprof_result result = copy_places(&work, profile);
  if (result == CPROF_OK)
    result = make_room(&work);
  if (result == CPROF_OK)
    result = filter_all(&work, &merge, filtered);
  cprof_merge_free(merge);
  free(work.view.lines);
  free(work.view.locations);
  free(work.marks);
  free(work.ids);
  free(work.labels);
  return result;
}

// ---- names ----

// How much of the text at `at` is a name that holds a bracket of its own.
static size_t reserved_size(const char *at, size_t size) {
  static const char *const reserved[] = {"(anonymous namespace)", "operator()"};
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
    size_t length = strlen(reserved[i]);
    if (size >= length && memcmp(at, reserved[i], length) == 0)
      return length;
  }
  return 0;
}

const char *cprof_filter_simplify(const char *name, size_t *size) {
  if (*size > 0 && *name == '.') { // of the PPC ELF v1 ABI
    name++;
    (*size)--;
  }
  for (size_t at = 0; at < *size;) {
    size_t skip = reserved_size(name + at, *size - at);
    if (skip == 0 && name[at] == '(')
      *size = at;
    at += skip > 0 ? skip : 1;
  }
  return name;
}
