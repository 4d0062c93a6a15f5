// A list of subscribers; a session more or less is no reason for anything
// faster.
#include "stream.h"

#include <string.h>

static void find_depth(struct cprof_stream *stream) {
  stream->depth_max = 0;
  for (struct cprof_subscriber *at = stream->first; at != NULL; at = at->next)
    if (at->depth_max > stream->depth_max)
      stream->depth_max = at->depth_max;
}

enum cprof_result cprof_stream_init(struct cprof_stream *stream) {
  memset(stream, 0, sizeof *stream);
  return cprof_funcs_init(&stream->funcs);
}

static enum cprof_result renew_funcs(struct cprof_stream *stream) {
  struct cprof_funcs fresh;
  enum cprof_result result = cprof_funcs_init(&fresh);
  if (result != CPROF_OK)
    return result;
  cprof_funcs_done(&stream->funcs);
  stream->funcs = fresh;
  return CPROF_OK;
}

enum cprof_result cprof_stream_subscribe(struct cprof_stream *stream,
                                         struct cprof_subscriber *subscriber) {
  enum cprof_result result =
      stream->first == NULL ? renew_funcs(stream) : CPROF_OK;
  if (result != CPROF_OK)
    return result;
  subscriber->next = stream->first;
  stream->first = subscriber;
  find_depth(stream);
  return CPROF_OK;
}

void cprof_stream_unsubscribe(struct cprof_stream *stream,
                              struct cprof_subscriber *subscriber) {
  struct cprof_subscriber **at = &stream->first;
  while (*at != NULL && *at != subscriber)
    at = &(*at)->next;
  if (*at == NULL)
    return;
  *at = subscriber->next;
  subscriber->next = NULL;
  find_depth(stream);
}

void cprof_stream_push(struct cprof_stream *stream,
                       const struct cprof_sample *sample) {
  for (struct cprof_subscriber *at = stream->first; at != NULL; at = at->next)
    at->take(at, sample);
}

void cprof_stream_done(struct cprof_stream *stream) {
  cprof_funcs_done(&stream->funcs);
  stream->first = NULL;
}
