/* Folders as people have them: the smallest models, in places that the test makes. */
#pragma once

#include <glib.h>

/* A temporary folder, where $XDG_DATA_HOME ("data"), $XDG_CACHE_HOME ("cache") and $HOME lie from now on; to
 * be called first of all, as GLib remembers them. $HF_HOME, $HF_HUB_CACHE and $HUGGINGFACE_HUB_CACHE are
 * unset. (transfer full) */
char *tiny_new_home (void);

/* Removes a folder with all that is in it. */
void tiny_remove (const char *folder);

/* Returns: (transfer full): folder/part/…, with all folders made. The last argument is NULL. */
char *tiny_make_folder (const char *folder, ...) G_GNUC_NULL_TERMINATED;

/* Writes text to folder/name. */
void tiny_write (const char *folder, const char *name, const char *text);

/* A link folder/name to where it says. */
void tiny_link (const char *target, const char *folder, const char *name);

/* config.json and model.safetensors of a Mamba of one layer, all zeros, with that many rows of vocabulary; no
 * tokenizer.json. */
void tiny_write_model (const char *folder, guint vocab_size);
#define TINY_PARAMETERS(vocab_size) ((vocab_size) + 28)

/* tokenizer.json with n tokens: "a", "b", … */
void tiny_write_tokenizer (const char *folder, guint n);
