/* A stream of the CPU backend: its threads and what each has of its own. */
#pragma once

#include "engine/cpu/kernels.h"
#include "engine/cpu/team.h"
#include "engine/cpu/way.h"

G_BEGIN_DECLS

/* What a thread's scratch memory is for: the parts of one op use several at a time. */
typedef enum
{
  EG_SCRATCH_OP,     /* an op's own */
  EG_SCRATCH_ROWS,   /* packed rows of x */
  EG_SCRATCH_PACKED, /* a packed panel */
  EG_SCRATCH_WIDE,   /* a panel as float32 */
  EG_N_SCRATCHES,
} EgScratch;

typedef struct
{
  float *memory;
  gsize n;
} EgScratchMemory;

struct _EgStream
{
  const EgCpuKernels *kernels;
  const EgCpuWay *way;
  EgTeam *team;
  EgScratchMemory (*scratch)[EG_N_SCRATCHES]; /* [threads] */
  int failed;                                 /* there was no memory for scratch; atomic */
};

/* At least n floats, aligned to 64 bytes, valid until the thread's next call for the same; NULL where there
 * is no memory, and then the stream has failed. */
float *eg_cpu_scratch (EgStream *stream, gsize thread, EgScratch which, gsize n);

/* products.c */
void eg_cpu_gemm (EgStream *stream, const EgGemm *op);
void eg_cpu_head (EgStream *stream, const EgHead *op);
/* Rows of a matrix of narrow numbers as float32. */
void eg_cpu_widen (EgStream *stream, const EgMatrix *w, gsize first_row, gsize n_rows, float *to);
/* turn.c: to[c, r] = from[r · ld + c], numbers of 4 or 2 bytes. to: [cols, rows] */
void eg_cpu_turn (void *to, const void *from, gsize ld, gsize rows, gsize cols, gsize element);

G_END_DECLS
