/* Traces by the CUDA kernels on cuda-host, beside the processor's. */
#pragma once

#include "golden.h"

#include "control.h"
#include "engine/cuda/cuda.h"
#include "library/model.h"

const EgCudaModule *eg_cuda_module (void);

/* The committed demo model. (transfer full) */
EgModel *cuda_open_demo (void);

/* The model on cuda-host. (transfer full) */
EgModel *cuda_place (EgModel *model, EgPrecision precision);

/* Every site's scores in each metric, with the ends that they lie between, are within a tolerance of what is
 * expected: probabilities within `tolerance`, the others, which are larger numbers, 20 times that, and a rank
 * may change by one where two logits are so near. */
void cuda_compare (const EgTraceResult *found, const EgTraceResult *expected, double tolerance);

/* The same trace by both. */
void cuda_compare_traces (EgModel *model, EgModel *placed, const EgTraceRequest *request, double tolerance);
