/* The op `top` (backend.h) on host memory. */
#pragma once

#include "engine/backend.h"

G_BEGIN_DECLS

double eg_cpu_top (EgTopValue *found, const float *values, gsize n, gsize k);

G_END_DECLS
