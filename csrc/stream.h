// The one flow of finished samples of a VM: safe points push, sessions (and
// later the recorder) subscribe. Runs on the VM's thread, outside the handler.
#ifndef CPROF_STREAM_H
#define CPROF_STREAM_H

#include "funcs.h"

#define CPROF_NO_SERIAL UINT64_MAX

struct cprof_sample {
  const struct cprof_frame *frames; // leaf first; valid during push only
  uint32_t depth;
  bool truncated; // there are more frames at the root side
  enum cprof_vmstate state;
  uint64_t time_ns;   // CLOCK_MONOTONIC
  uint64_t weight_ns; // CPU time it stands for
  uint64_t signals;   // that it stands for, mostly 1
  uint64_t serial;    // of its tick; CPROF_NO_SERIAL: of none
};

struct cprof_subscriber {
  // Gets every sample while subscribed; must not subscribe or unsubscribe.
  void (*take)(struct cprof_subscriber *self,
               const struct cprof_sample *sample);
  struct cprof_subscriber *next; // the stream's
  uint32_t depth_max;            // frames it wants
};

struct cprof_stream {
  struct cprof_funcs funcs; // what the frames' numbers mean
  struct cprof_subscriber *first;
  uint32_t depth_max; // the most that a subscriber wants; 0: none is there
};

enum cprof_result cprof_stream_init(struct cprof_stream *stream);
// The first subscriber finds the functions emptied: nobody knows their numbers
// any more, and a VM that loads code for ever must not fill them. CPROF_ENOMEM
// leaves it unsubscribed.
enum cprof_result cprof_stream_subscribe(struct cprof_stream *stream,
                                         struct cprof_subscriber *subscriber);
// Does nothing when it is not subscribed.
void cprof_stream_unsubscribe(struct cprof_stream *stream,
                              struct cprof_subscriber *subscriber);
void cprof_stream_push(struct cprof_stream *stream,
                       const struct cprof_sample *sample);
void cprof_stream_done(struct cprof_stream *stream);

#endif
