/* Which of OpenBLAS's kernels multiply. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* OpenBLAS chooses its kernels by the processor's model when it is loaded, and an old version takes those of
 * a much older processor for a model that it does not know (0.3.21 on Zen 4 and 5: AVX2 in place of AVX-512,
 * half of the speed). Where the processor can do better than what OpenBLAS says it has picked, this starts
 * the program anew with OPENBLAS_CORETYPE set; a user's own OPENBLAS_CORETYPE is left alone. To be the first
 * call in main(); again, with %NULL, once what multiplies has been chosen otherwise (--gemm). Nothing is to
 * be gained where OpenBLAS does not multiply. Returns when nothing is to be gained, or when that is done. */
void eg_openblas_choose_core (char **argv);

/* "SkylakeX": the kernels in use. "OpenBLAS 0.3.21 …": how it was built. */
const char *eg_openblas_get_core (void);
const char *eg_openblas_get_config (void);

/* TRUE when eg_openblas_choose_core() has put them in place of OpenBLAS's own choice. */
gboolean eg_openblas_core_was_chosen (void);

G_END_DECLS
