// The messages of proto/profile.proto under names short enough to read; only
// for pprof.c, pprof_read.c and pprof_unpack, which alone know protobuf-c.
#ifndef CPROF_PPROF_PB_H
#define CPROF_PPROF_PB_H

#include "proto/profile.pb-c.h"

typedef Perftools__Profiles__Profile pb_profile;
typedef Perftools__Profiles__ValueType pb_type;
typedef Perftools__Profiles__Sample pb_sample;
typedef Perftools__Profiles__Label pb_label;
typedef Perftools__Profiles__Mapping pb_mapping;
typedef Perftools__Profiles__Location pb_location;
typedef Perftools__Profiles__Line pb_line;
typedef Perftools__Profiles__Function pb_function;

#endif
