// Reports as tables. Entry points run on the Lua thread; what they count lies
// in one userdata, so that it is freed when a push raises. Each string of the
// profile is pushed once a call. See lua_reports.h.
#include "lua_reports.h"

#include "folded.h"
#include "graph.h"
#include "lua_edge.h"
#include "lua_profile.h"
#include "rows.h"
#include <stdlib.h>
#include <string.h>

#define REPORT_TYPE "cprof.report"

enum { SELF = 1, ARG, ARG_2 }; // positions of arguments

// ---- what a call counts ----

struct report {
  struct cprof_nodes nodes;
  struct cprof_rows rows;
  struct cprof_graph graph;
  uint8_t *kept;      // of each node: is it wanted? NULL: all are
  uint8_t *centers;   // of each node: are its edges wanted? NULL: all are
  uint8_t *calls;     // of each node: how it was called
  uint32_t *position; // of each node: its row in the answer, 0: none
};

static int report_gc(lua_State *L) {
  struct report *report = lua_touserdata(L, SELF);
  cprof_graph_done(&report->graph);
  cprof_rows_done(&report->rows);
  cprof_nodes_done(&report->nodes);
  free(report->kept);
  free(report->centers);
  free(report->calls);
  free(report->position);
  *report = (struct report){0};
  return 0;
}

// Pushes an empty one, which the garbage collector releases.
static struct report *push_report(lua_State *L) {
  struct report *report = lua_newuserdatauv(L, sizeof *report, 0);
  *report = (struct report){0};
  if (luaL_newmetatable(L, REPORT_TYPE)) {
    lua_pushcfunction(L, report_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return report;
}

// ---- arguments ----

bool cprof_lua_get_index(lua_State *L, const struct cprof_profile *profile,
                         int position, uint32_t *index) {
  *index = cprof_profile_default_index(profile);
  if (!lua_isnoneornil(L, position)) {
    lua_Integer wanted = luaL_checkinteger(L, position);
    if (wanted < 1 || wanted > (lua_Integer)profile->type_count)
      return false;
    *index = (uint32_t)(wanted - 1);
  }
  return *index < profile->type_count;
}

int cprof_lua_fail_index(lua_State *L) {
  return cprof_lua_fail(L, CPROF_ERANGE, "sample type index");
}

static enum cprof_granularity get_granularity(lua_State *L, int position) {
  static const char *const names[] = {
      [CPROF_BY_DEFINITION] = "definitions",
      [CPROF_BY_FUNCTION] = "functions",
      [CPROF_BY_FILEFUNCTION] = "filefunctions",
      [CPROF_BY_FILE] = "files",
      [CPROF_BY_LINE] = "lines",
      [CPROF_BY_ADDRESS] = "addresses",
      NULL,
  };
  return (enum cprof_granularity)luaL_checkoption(L, position, names[0], names);
}

// What the table in ARG asks for.
struct asked {
  uint32_t index;
  enum cprof_granularity granularity;
  bool has_noise;
  bool has_edges;
};

// False when the index is out of range. ARG becomes a table.
static bool get_asked(lua_State *L, const struct cprof_profile *profile,
                      struct asked *asked) {
  if (lua_isnoneornil(L, ARG)) {
    lua_settop(L, SELF);
    lua_newtable(L);
  }
  luaL_checktype(L, ARG, LUA_TTABLE);
  lua_settop(L, ARG);
  lua_getfield(L, ARG, "granularity");
  asked->granularity = get_granularity(L, -1);
  lua_getfield(L, ARG, "noise");
  asked->has_noise = lua_toboolean(L, -1);
  lua_getfield(L, ARG, "edges");
  asked->has_edges = lua_isnil(L, -1) || lua_toboolean(L, -1);
  lua_getfield(L, ARG, "index");
  bool is_fine = cprof_lua_get_index(L, profile, lua_gettop(L), &asked->index);
  lua_settop(L, ARG);
  return is_fine;
}

// ---- pushing strings ----

// The stack positions of the tables that keep strings.
struct kept {
  int strings; // of the profile
  int files;   // of nodes
};

// Pushes the two tables.
static struct kept push_kept(lua_State *L) {
  lua_newtable(L);
  lua_newtable(L);
  return (struct kept){lua_gettop(L) - 1, lua_gettop(L)};
}

void cprof_lua_push_string(lua_State *L, const struct cprof_strings *strings,
                           int kept, uint32_t id) {
  int key = (int)id + 1;
  lua_rawgeti(L, kept, key);
  if (!lua_isnil(L, -1))
    return;
  lua_pop(L, 1);
  size_t size;
  const char *bytes = cprof_strings_get(strings, id, &size);
  lua_pushlstring(L, bytes, size);
  lua_pushvalue(L, -1);
  lua_rawseti(L, kept, key);
}

// table[key] = string; the table is on top.
static void set_string(lua_State *L, const struct cprof_strings *strings,
                       int kept, const char *key, uint32_t id) {
  cprof_lua_push_string(L, strings, kept, id);
  lua_setfield(L, -2, key);
}

static void set_number(lua_State *L, const char *key, double value) {
  lua_pushnumber(L, value);
  lua_setfield(L, -2, key);
}

// ---- rows ----

// {name=, filename=, start_line=, line=, object=, node=}, and what few have:
// column=, address=.
static void push_node(lua_State *L, const struct cprof_nodes *nodes,
                      const struct kept *kept, uint32_t index) {
  const struct cprof_strings *strings = &nodes->profile->strings;
  const struct cprof_node *node = &nodes->nodes[index];
  lua_createtable(L, 0, 8);
  set_string(L, strings, kept->strings, "name", node->name);
  set_string(L, &nodes->files, kept->files, "filename", node->filename);
  set_string(L, strings, kept->strings, "object", node->object);
  cprof_lua_set_integer(L, "start_line", node->start_line);
  cprof_lua_set_integer(L, "line", node->line);
  cprof_lua_set_integer(L, "node", index + 1ll);
  if (node->column != 0)
    cprof_lua_set_integer(L, "column", node->column);
  if (node->address != 0)
    cprof_lua_set_address(L, "address", node->address);
}

static void push_row(lua_State *L, const struct report *report,
                     const struct kept *kept, uint32_t index, bool has_noise) {
  const struct cprof_row *row = &report->rows.rows[index];
  push_node(L, &report->nodes, kept, index);
  cprof_lua_set_integer(L, "flat", row->flat);
  cprof_lua_set_integer(L, "cum", row->cum);
  if (has_noise) {
    set_number(L, "flat_variance", row->flat_variance);
    set_number(L, "cum_variance", row->cum_variance);
  }
  uint8_t calls = report->calls ? report->calls[index] : 0;
  if (calls & CPROF_CALLED_INLINE) {
    lua_pushstring(L, calls & CPROF_CALLED ? "partial-inline" : "inline");
    lua_setfield(L, -2, "inline");
  }
}

// pprof drops what adds up to nothing.
static bool is_shown(const struct cprof_row *row) {
  return row->flat != 0 || row->cum != 0;
}

static enum cprof_result count_rows(struct report *report,
                                    const struct cprof_profile *profile,
                                    const struct asked *asked) {
  enum cprof_result result =
      cprof_nodes_init(&report->nodes, profile, asked->granularity);
  if (result == CPROF_OK)
    result = cprof_rows_count(&report->nodes, asked->index, asked->has_noise,
                              &report->rows);
  return result;
}

// With the answer on top: adds the total and, if asked for, what the noise is.
static int answer(lua_State *L, const struct report *report,
                  const struct asked *asked) {
  const struct cprof_profile *profile = report->nodes.profile;
  lua_pushinteger(L, (lua_Integer)cprof_rows_total(profile, asked->index));
  if (!asked->has_noise)
    return 2;
  lua_pushstring(L, cprof_noise_name(report->rows.noise));
  return 3;
}

// p:rows({index = 1.. | nil, granularity = "definitions" | "functions" |
// "filefunctions" | "files" | "lines" | "addresses" | nil, noise = bool | nil})
// -> {{name=, filename=, start_line=, line=, column= | nil, address= | nil,
// object=, node=, flat=, cum=, flat_variance= | nil, cum_variance= | nil},
// ...}, total, "signals" | "bytes" | "none" | nil  | nil, message, code
static int profile_rows(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, SELF);
  struct asked asked;
  if (!get_asked(L, profile, &asked))
    return cprof_lua_fail_index(L);
  struct report *report = push_report(L);
  enum cprof_result result = count_rows(report, profile, &asked);
  if (result != CPROF_OK)
    return cprof_lua_fail(L, result, "rows");
  struct kept kept = push_kept(L);
  lua_newtable(L);
  int count = 0;
  for (uint32_t i = 0; i < report->rows.count; i++) {
    if (!is_shown(&report->rows.rows[i]))
      continue;
    push_row(L, report, &kept, i, asked.has_noise);
    lua_rawseti(L, -2, ++count);
  }
  return answer(L, report, &asked);
}

// ---- graph ----

// Marks the nodes whose numbers are in the table ARG[field]; without one *marks
// stays NULL. CPROF_ERANGE for a number that no node has.
static enum cprof_result read_marks(lua_State *L, const char *field,
                                    const struct report *report,
                                    uint8_t **marks) {
  lua_getfield(L, ARG, field);
  if (lua_isnil(L, -1))
    return CPROF_OK;
  luaL_checktype(L, -1, LUA_TTABLE);
  *marks = calloc(report->nodes.count + (size_t)1, 1);
  if (!*marks)
    return CPROF_ENOMEM;
  int count = (int)lua_rawlen(L, -1);
  for (int i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, i);
    lua_Number number = lua_tonumber(L, -1);
    lua_pop(L, 1);
    if (!(number >= 1 && number <= report->nodes.count))
      return CPROF_ERANGE;
    (*marks)[(uint32_t)number - 1] = 1;
  }
  return CPROF_OK;
}

static enum cprof_result read_wanted(lua_State *L, struct report *report) {
  enum cprof_result result = read_marks(L, "keep", report, &report->kept);
  if (result == CPROF_OK)
    result = read_marks(L, "around", report, &report->centers);
  return result;
}

static bool is_wanted_edge(const struct report *report,
                           const struct cprof_edge *edge) {
  return !report->centers || report->centers[edge->from] ||
         report->centers[edge->to];
}

static bool is_wanted_node(const struct report *report, uint32_t index) {
  return is_shown(&report->rows.rows[index]) &&
         (!report->kept || report->kept[index]) &&
         (!report->centers || report->centers[index]);
}

// Counts edges, and which nodes the answer has: those that are wanted and have
// a value, or an edge that is wanted.
static enum cprof_result count_edges(struct report *report,
                                     const struct asked *asked) {
  size_t nodes = report->nodes.count + (size_t)1;
  report->calls = calloc(nodes, sizeof *report->calls);
  report->position = calloc(nodes, sizeof *report->position);
  if (!report->calls || !report->position)
    return CPROF_ENOMEM;
  struct cprof_graph *graph = &report->graph;
  enum cprof_result result =
      cprof_graph_count(&report->nodes, asked->index, report->kept, graph);
  if (result != CPROF_OK)
    return result;
  cprof_graph_calls(graph, report->calls);
  for (uint32_t i = 0; i < graph->count; i++)
    if (is_wanted_edge(report, &graph->edges[i]))
      report->position[graph->edges[i].from] =
          report->position[graph->edges[i].to] = 1;
  for (uint32_t i = 0; i < report->rows.count; i++)
    if (is_wanted_node(report, i))
      report->position[i] = 1;
  return CPROF_OK;
}

// Pushes the rows of the answer; their places go to report->position.
static void push_graph_nodes(lua_State *L, struct report *report,
                             bool has_noise) {
  struct kept kept = push_kept(L);
  lua_newtable(L);
  uint32_t count = 0;
  for (uint32_t i = 0; i < report->rows.count; i++) {
    if (report->position[i] == 0)
      continue;
    push_row(L, report, &kept, i, has_noise);
    report->position[i] = ++count;
    lua_rawseti(L, -2, (int)count);
  }
}

static void push_edge(lua_State *L, const struct report *report,
                      const struct cprof_edge *edge) {
  lua_createtable(L, 0, 5);
  cprof_lua_set_integer(L, "from", report->position[edge->from]);
  cprof_lua_set_integer(L, "to", report->position[edge->to]);
  cprof_lua_set_integer(L, "value", edge->value);
  lua_pushboolean(L, edge->is_inline);
  lua_setfield(L, -2, "is_inline");
  lua_pushboolean(L, edge->is_residual);
  lua_setfield(L, -2, "is_residual");
}

static void push_edges(lua_State *L, const struct report *report) {
  const struct cprof_graph *graph = &report->graph;
  lua_createtable(L, report->centers ? 0 : (int)graph->count, 0);
  int count = 0;
  for (uint32_t i = 0; i < graph->count; i++) {
    if (!is_wanted_edge(report, &graph->edges[i]))
      continue;
    push_edge(L, report, &graph->edges[i]);
    lua_rawseti(L, -2, ++count);
  }
}

// p:graph({index=, granularity=, noise= as for rows; keep = {node, ...} | nil,
// around = {node, ...} | nil, edges = false | nil}) -> {nodes = rows with
// inline = "inline" | "partial-inline" | nil, edges = {{from=, to=, value=,
// is_inline=, is_residual=}, ...} | nil}, total, noise | nil, message, code;
// from and to are places in nodes. With keep the other nodes are left out, and
// edges lead over them; with around the answer has these nodes and their
// neighbours, and only the edges that touch these; edges = false leaves the
// edges out. Nodes that only an edge leads to may be 0 and 0.
static int profile_graph(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, SELF);
  struct asked asked;
  if (!get_asked(L, profile, &asked))
    return cprof_lua_fail_index(L);
  struct report *report = push_report(L);
  enum cprof_result result = count_rows(report, profile, &asked);
  if (result == CPROF_OK)
    result = read_wanted(L, report);
  if (result == CPROF_OK)
    result = count_edges(report, &asked);
  if (result != CPROF_OK)
    return cprof_lua_fail(L, result, "graph");
  lua_newtable(L);
  int graph = lua_gettop(L);
  push_graph_nodes(L, report, asked.has_noise);
  lua_setfield(L, graph, "nodes");
  lua_settop(L, graph);
  if (asked.has_edges) {
    push_edges(L, report);
    lua_setfield(L, graph, "edges");
  }
  return answer(L, report, &asked);
}

// ---- folded and total ----

// p:fold([index[, granularity]]) -> string, the lines of folded stacks | nil,
// message, code
static int profile_fold(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, SELF);
  uint32_t index;
  if (!cprof_lua_get_index(L, profile, ARG, &index))
    return cprof_lua_fail_index(L);
  enum cprof_granularity granularity = get_granularity(L, ARG_2);
  struct cprof_buffer *out = cprof_lua_buffer_new(L);
  struct report *report = push_report(L);
  enum cprof_result result =
      cprof_nodes_init(&report->nodes, profile, granularity);
  if (result == CPROF_OK)
    result = cprof_folded_write(&report->nodes, index, cprof_buffer_sink(out));
  if (result != CPROF_OK)
    return cprof_lua_fail(L, result, "folded stacks");
  lua_pushlstring(L, out->size > 0 ? (const char *)out->bytes : "", out->size);
  cprof_buffer_done(out);
  return 1;
}

// p:total([index]) -> integer | nil, message, code: what percentages are of
static int profile_total(lua_State *L) {
  const struct cprof_profile *profile = cprof_lua_profile_check(L, SELF);
  uint32_t index;
  if (!cprof_lua_get_index(L, profile, ARG, &index))
    return cprof_lua_fail_index(L);
  lua_pushinteger(L, (lua_Integer)cprof_rows_total(profile, index));
  return 1;
}

// ---- public ----

void cprof_lua_reports_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"rows", profile_rows}, {"graph", profile_graph},
      {"fold", profile_fold}, {"total", profile_total},
      {NULL, NULL},
  };
  luaL_setfuncs(L, methods, 0);
}
