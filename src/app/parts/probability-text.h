/* A probability in digits. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "0.412", "< 0.001"; an en dash for NaN. (transfer full) */
char *eg_format_probability (double probability);

G_END_DECLS
