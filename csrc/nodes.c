// The frames of a profile, numbered by what a report counts as one thing.
// Called by rows, graph, folded and the edge; only reads the profile. See
// nodes.h.
#include "nodes.h"

#include <stdlib.h>
#include <string.h>

// ---- paths ----

#define WORKING_FOLDER "/proc/self/cwd/" // pprof takes it away

// Takes the last element from what is written, but not what lies below.
static size_t drop_element(const char *out, size_t written, size_t below) {
  while (written > below && out[written - 1] != '/')
    written--;
  return written > below ? written - 1 : written;
}

// Writes the path without empty elements, `.`, and `..` behind a name, as Go's
// filepath.Clean does. `out` has room for one byte more than the path.
static size_t clean_path(const char *path, size_t size, char *out) {
  bool is_rooted = size > 0 && path[0] == '/';
  size_t written = 0;
  if (is_rooted)
    out[written++] = '/';
  size_t fixed = written; // no `..` takes this away
  for (size_t at = 0, end; at < size; at = end + 1) {
    for (end = at; end < size && path[end] != '/';)
      end++;
    size_t length = end - at;
    bool is_up = length == 2 && memcmp(path + at, "..", 2) == 0;
    if (length == 0 || (length == 1 && path[at] == '.'))
      continue;
    if (is_up && written > fixed) {
      written = drop_element(out, written, fixed);
    } else if (!is_up || !is_rooted) {
      if (written > is_rooted)
        out[written++] = '/';
      memcpy(out + written, path + at, length);
      written += length;
      fixed = is_up ? written : fixed;
    }
  }
  if (written == 0)
    out[written++] = '.';
  return written;
}

static enum cprof_result put_file(struct cprof_nodes *nodes, uint32_t string,
                                  uint32_t *file) {
  size_t size;
  const char *path = cprof_strings_get(&nodes->profile->strings, string, &size);
  size_t skip = strlen(WORKING_FOLDER);
  if (size > skip && memcmp(path, WORKING_FOLDER, skip) == 0) {
    path += skip;
    size -= skip;
  }
  char *out = malloc(size + 1);
  if (!out)
    return CPROF_ENOMEM;
  enum cprof_result result =
      cprof_strings_put(&nodes->files, out, clean_path(path, size, out), file);
  free(out);
  return result;
}

// The cleaned path of a filename; 0 stays 0.
static enum cprof_result file_of(struct cprof_nodes *nodes, uint32_t string,
                                 uint32_t *file) {
  uint32_t *known = &nodes->file_of[string];
  enum cprof_result result = CPROF_OK;
  if (string != 0 && *known == 0)
    result = put_file(nodes, string, known);
  *file = *known;
  return result;
}

// ---- nodes ----

static bool same_node(const void *owner, uint32_t id, const void *key) {
  const struct cprof_node *a = &((const struct cprof_nodes *)owner)->nodes[id];
  const struct cprof_node *b = key;
  return a->name == b->name && a->filename == b->filename &&
         a->start_line == b->start_line && a->line == b->line &&
         a->column == b->column && a->address == b->address &&
         a->object == b->object;
}

static uint64_t hash_node(const struct cprof_node *node) {
  uint64_t parts[] = {
      node->name,           node->filename,         (uint64_t)node->start_line,
      (uint64_t)node->line, (uint64_t)node->column, node->address,
      node->object};
  return cprof_hash(parts, sizeof parts, 0);
}

// The number of the node like this one, added when new.
static enum cprof_result intern_node(struct cprof_nodes *nodes,
                                     const struct cprof_node *node,
                                     uint32_t *number) {
  uint64_t hash = hash_node(node);
  if (cprof_table_find(&nodes->table, hash, same_node, nodes, node, number))
    return CPROF_OK;
  enum cprof_result result =
      cprof_grow((void **)&nodes->nodes, &nodes->capacity, nodes->count + 1,
                 sizeof *nodes->nodes);
  if (result == CPROF_OK)
    result = cprof_table_add(&nodes->table, hash, nodes->count);
  if (result != CPROF_OK)
    return result;
  nodes->nodes[nodes->count] = *node;
  *number = nodes->count++;
  return CPROF_OK;
}

static uint32_t object_of(const struct cprof_nodes *nodes,
                          const struct cprof_location *location) {
  const struct cprof_profile *profile = nodes->profile;
  return location->mapping == 0
             ? 0
             : profile->mappings[location->mapping - 1].filename;
}

// Is this field of a function part of what it is?
static bool has_name(enum cprof_granularity by) { return by != CPROF_BY_FILE; }
static bool has_file(enum cprof_granularity by) {
  return by != CPROF_BY_FUNCTION;
}
static bool has_line(enum cprof_granularity by) {
  return by == CPROF_BY_LINE || by == CPROF_BY_ADDRESS;
}

// pprof tells functions without a name apart by object and first line; a
// definition or a file needs that only where there is no file either.
static void fill_nameless(const struct cprof_nodes *nodes,
                          const struct cprof_location *location,
                          int64_t start_line, struct cprof_node *node) {
  enum cprof_granularity by = nodes->granularity;
  bool is_ours = by == CPROF_BY_DEFINITION || by == CPROF_BY_FILE;
  if (node->name != 0 || (is_ours && node->filename != 0))
    return;
  node->object = object_of(nodes, location);
  if (!is_ours)
    node->start_line = start_line;
}

static enum cprof_result fill_node(struct cprof_nodes *nodes,
                                   const struct cprof_location *location,
                                   const struct cprof_line *line,
                                   struct cprof_node *node) {
  enum cprof_granularity by = nodes->granularity;
  const struct cprof_function *function =
      &nodes->profile->functions[line->function - 1];
  enum cprof_result result = CPROF_OK;
  if (has_name(by))
    node->name = function->name;
  if (has_file(by))
    result = file_of(nodes, function->filename, &node->filename);
  if (has_line(by))
    node->line = line->line;
  if (by == CPROF_BY_ADDRESS)
    node->column = line->column;
  if (by == CPROF_BY_DEFINITION)
    node->start_line = function->start_line;
  fill_nameless(nodes, location, function->start_line, node);
  return result;
}

// The node of a frame; `line` is NULL where only the address is known.
static enum cprof_result number_frame(struct cprof_nodes *nodes,
                                      const struct cprof_location *location,
                                      const struct cprof_line *line,
                                      uint32_t *number) {
  struct cprof_node node = {0};
  if (nodes->granularity == CPROF_BY_ADDRESS)
    node.address = location->address;
  enum cprof_result result = CPROF_OK;
  if (line)
    result = fill_node(nodes, location, line, &node);
  else
    node.object = object_of(nodes, location);
  return result == CPROF_OK ? intern_node(nodes, &node, number) : result;
}

static enum cprof_result number_location(struct cprof_nodes *nodes,
                                         uint32_t index, uint32_t first) {
  const struct cprof_location *location = &nodes->profile->locations[index];
  uint32_t *number = &nodes->node_of[first];
  if (location->line_count == 0)
    return number_frame(nodes, location, NULL, number);
  const struct cprof_line *lines = &nodes->profile->lines[location->first_line];
  enum cprof_result result = CPROF_OK;
  for (uint32_t i = 0; i < location->line_count && result == CPROF_OK; i++)
    result = number_frame(nodes, location, &lines[i], &number[i]);
  return result;
}

// ---- public ----

// Where the frames of each location begin.
static enum cprof_result place_frames(struct cprof_nodes *nodes) {
  const struct cprof_profile *profile = nodes->profile;
  uint64_t total = 0;
  nodes->first_of =
      malloc((profile->location_count + (size_t)1) * sizeof *nodes->first_of);
  if (!nodes->first_of)
    return CPROF_ENOMEM;
  for (uint32_t i = 0; i < profile->location_count; i++) {
    nodes->first_of[i] = (uint32_t)total;
    uint32_t lines = profile->locations[i].line_count;
    total += lines > 0 ? lines : 1;
  }
  if (total > UINT32_MAX)
    return CPROF_ELIMIT;
  nodes->first_of[profile->location_count] = (uint32_t)total;
  nodes->node_of = malloc((size_t)(total + 1) * sizeof *nodes->node_of);
  return nodes->node_of ? CPROF_OK : CPROF_ENOMEM;
}

enum cprof_result cprof_nodes_init(struct cprof_nodes *nodes,
                                   const struct cprof_profile *profile,
                                   enum cprof_granularity granularity) {
  *nodes = (struct cprof_nodes){.profile = profile, .granularity = granularity};
  nodes->file_of = calloc(profile->strings.count, sizeof *nodes->file_of);
  if (!nodes->file_of)
    return CPROF_ENOMEM;
  enum cprof_result result = cprof_strings_init(&nodes->files);
  if (result == CPROF_OK)
    result = place_frames(nodes);
  for (uint32_t i = 0; i < profile->location_count && result == CPROF_OK; i++)
    result = number_location(nodes, i, nodes->first_of[i]);
  return result;
}

void cprof_nodes_done(struct cprof_nodes *nodes) {
  cprof_table_done(&nodes->table);
  cprof_strings_done(&nodes->files);
  free(nodes->nodes);
  free(nodes->file_of);
  free(nodes->first_of);
  free(nodes->node_of);
  *nodes = (struct cprof_nodes){0};
}
