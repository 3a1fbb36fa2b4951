/* What a folder is that a person took for a model's. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Why there are no weights in folder, or no config.json, as far as what does lie there says so: an adapter, a
 * GGUF file, a training program's checkpoints, weights under another name. Returns: (transfer full)
 * (nullable): a sentence that says what to do. */
char *eg_folder_explain (const char *folder);

G_END_DECLS
