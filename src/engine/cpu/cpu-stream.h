/* What the files of the processor's backend share. */
#pragma once

#include "engine/cpu/kernels.h"
#include "engine/cpu/team.h"

G_BEGIN_DECLS

/* The set that was chosen for this processor, once eg_backend_cpu() was called. */
const EgCpuKernels *eg_cpu_get_kernels (void);

/* A stream's threads. */
EgTeam *eg_cpu_stream_get_team (EgStream *stream);

/* Scratch of at least n floats, valid until the thread's next call. */
float *eg_cpu_stream_scratch (EgStream *stream, gsize thread, gsize n);

G_END_DECLS
