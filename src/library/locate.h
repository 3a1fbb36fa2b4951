/* Where models are kept: $XDG_DATA_HOME/engram/models, and Hugging Face's cache as its library leaves it on
 * the disk. Nothing is downloaded here (hub/). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EgDemo: a demo model, which is installed with the program.
 * @name: "demo": of its folder, and as people name it
 * @title, @label: as a menu and as a sentence have it, to be translated
 */
typedef struct
{
  const char *name, *title, *label;
} EgDemo;

/* A Mamba and a transformer; one without a name at the end. */
extern const EgDemo eg_demos[];

/* The one of this name, or NULL. */
const EgDemo *eg_demo_find (const char *name);

/* The folder of a demo model (core/data.h); of the first one. (transfer full) */
char *eg_demo_get_folder (const EgDemo *self);
char *eg_model_find_demo (void);

/* $XDG_DATA_HOME/engram/models: a model's folder each, or folders of such folders ("state-spaces"). (transfer
 * full) */
char *eg_model_get_store (void);

/* The caches of Hugging Face: $HF_HUB_CACHE (or, by its old name, $HUGGINGFACE_HUB_CACHE), $HF_HOME/hub and
 * ~/.cache/huggingface/hub, as absolute paths (expand-path.h), none twice, whether they are there or not.
 * (transfer full) */
GStrv eg_model_get_caches (void);

/* The folder that name means, the first of these that there is:
 * 1. the folder (or file) with this path;
 * 2. the model NAME in the store;
 * 3. in a cache, the snapshot of models--NAME, with "--" for "/", that eg_model_get_snapshot() says;
 * 4. a demo model, for its name.
 * Returns: (transfer full): NULL with EG_ERROR_NOT_FOUND, which says where it has looked. */
char *eg_model_locate (const char *name, GError **error);

/* repository: a folder models--… of a cache. The snapshot that refs/main names; without refs/main, the
 * newest. Returns: (transfer full): NULL with EG_ERROR_NOT_FOUND or EG_ERROR_FORMAT. */
char *eg_model_get_snapshot (const char *repository, GError **error);

/* What the model in this folder is called: by its repository ("state-spaces/mamba-130m-hf"), its path in the
 * store, or else the folder's base name. (transfer full) */
char *eg_model_get_name_of (const char *folder);

/* "models--state-spaces--mamba-130m-hf" → "state-spaces/mamba-130m-hf"; NULL for what is no model's
 * repository. (transfer full) (nullable) */
char *eg_model_get_repository_name (const char *base_name);

/* Why there is no whole model in this folder: a link that leads nowhere, a part that is still being fetched;
 * or what eg_folder_explain() says. Returns: (transfer full) (nullable): a sentence; NULL if nothing says so.
 */
char *eg_model_explain_missing (const char *folder);

G_END_DECLS
