/* What computes, as far as last bits depend on it. */
#pragma once

#include "library/model.h"

G_BEGIN_DECLS

/* "AMD EPYC 9R14; cpu (AVX-512, engram)": the processor, and what computes a model as it is placed. (transfer
 * full) */
char *eg_computer_describe (EgModel *model);

G_END_DECLS
