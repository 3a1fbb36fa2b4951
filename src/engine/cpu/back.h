/* The backward ops of the processor's backends. */
#pragma once

#include "engine/back.h"

G_BEGIN_DECLS

/* The formulas of engine/back.h, loop by loop, in double precision. */
extern const EgBackOps eg_reference_back;

/* Vectorised, on a stream's threads. */
extern const EgBackOps eg_cpu_back;

G_END_DECLS
