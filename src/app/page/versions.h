/* The traces that one page has shown, in their order: a new one leaves those before it as they are. */
#pragma once

#include "app/page/tracing.h"

G_BEGIN_DECLS

/**
 * EgVersion: a trace of a page
 * @tracing: owned
 * @model: only to tell it from others; %NULL: of a file
 * @key: under which it is kept while it is not saved (unsaved.h), or %NULL
 * @file_name: where it was read from or saved to, or %NULL
 */
typedef struct
{
  EgTracing *tracing;
  EgModel *model;
  char *key, *file_name;
} EgVersion;

typedef struct _EgVersions EgVersions;

/* One version, in which nothing is traced yet. (transfer full) */
EgVersions *eg_versions_new (void);
void eg_versions_free (EgVersions *self);

/* The one that is shown; never NULL. (transfer none): until it is dropped. */
EgVersion *eg_versions_get_shown (EgVersions *self);

/* A new one behind all others, which is shown from now on; the one that was shown, if it has no result. */
EgVersion *eg_versions_add (EgVersions *self);

/* Whether there is one before (step −1) or after (1) the one that is shown; and shows it. */
gboolean eg_versions_can_go (EgVersions *self, int step);
EgVersion *eg_versions_go (EgVersions *self, int step);

/* Shows the one before in place of the one that is shown, which is gone. */
EgVersion *eg_versions_drop_shown (EgVersions *self);

/* The keys of all that have one. May be empty. (transfer full) */
GStrv eg_versions_get_keys (EgVersions *self);

G_END_DECLS
