/* The models that are on this machine: the demo model, those in the store and those in Hugging Face's caches
 * (locate.h says where that is). */
#pragma once

#include "library/tokenizer-choice.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  EG_PLACE_DEMO,
  EG_PLACE_STORE,
  EG_PLACE_CACHE,
} EgModelPlace;

/**
 * EgModelEntry:
 * @name: what eg_model_locate() finds it by, unless another model of that name is found before
 * @folder: its folder; of a repository that has no snapshot, the repository
 * @n_bytes: its weights on disk, 0 if there are none
 * @n_parameters: 0 if they are not known
 * @problem: why it cannot be traced, a sentence; %NULL if it can
 */
typedef struct
{
  char *name, *folder;
  EgModelPlace place;
  guint64 n_bytes;
  gsize n_parameters;
  char *problem;
} EgModelEntry;

void eg_model_entry_free (EgModelEntry *self);

/* Looks into each model as eg_model_check() does; reads no weights, but may take a moment: not for a thread
 * that draws. choice: (nullable). Returns: (transfer full) (element-type EgModelEntry): by place, then by
 * name; NULL only when cancelled. */
GPtrArray *eg_model_list (const EgTokenizerChoice *choice, GCancellable *cancellable, GError **error);

/* For documents: "demo", "store", "cache". */
const char *eg_model_place_get_name (EgModelPlace place);

G_END_DECLS
