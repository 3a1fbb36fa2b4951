/* The backward ops of the processor's backends. */
#pragma once

#include "engine/back.h"

G_BEGIN_DECLS

/* reference.c: a weight's number, however it lies. */
float eg_reference_element (const EgMatrix *w, gsize row, gsize col);

/* The formulas of engine/back.h, loop by loop, in double precision. */
extern const EgBackOps eg_reference_back;

/* reference-back-heads.c */
void eg_reference_back_scan_heads (EgStream *stream, const EgHeadScanBack *op);
void eg_reference_back_step_size (EgStream *stream, const EgStepSizeBack *op);
void eg_reference_back_group_norm (EgStream *stream, const EgGroupNormBack *op);

/* Vectorised, on a stream's threads. */
extern const EgBackOps eg_cpu_back;

/* back-products.c */
void eg_cpu_back_gemm (EgStream *stream, const EgGemmBack *op);

G_END_DECLS
