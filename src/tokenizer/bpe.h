/* Byte pair encoding: merges of two neighbouring symbols into one, the earliest learned first. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _EgMerges EgMerges;

/* capacity: how many merges will be added at most. Returns: (transfer full). */
EgMerges *eg_merges_new (gsize capacity);
void eg_merges_free (EgMerges *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgMerges, eg_merges_free)

/* left and right, in this order, become merged; the lower the rank, the sooner. A pair that is there already
 * gets the new rank. */
void eg_merges_add (EgMerges *self, guint32 left, guint32 right, guint32 rank, guint32 merged);

/* A part of a word: a token, and how long it is (in whatever units; > 0). */
typedef struct
{
  guint32 id;
  gsize length;
} EgSymbol;

/* Merges the symbols of one word until no merge applies: always the one of lowest rank and, of equal ones,
 * the leftmost. O(n log n). symbols: (inout) (element-type EgSymbol). */
void eg_merges_apply (const EgMerges *self, GArray *symbols);

G_END_DECLS
