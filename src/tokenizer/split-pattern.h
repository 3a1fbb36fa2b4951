/* The patterns of a tokenizer's Split: a text, or a regular expression of Oniguruma, which `tokenizers` takes
 * them for (https://github.com/kkos/oniguruma/blob/master/doc/RE). GLib's engine, PCRE2, reads some
 * constructs otherwise; those are written anew for it, and what has no equal there is refused by name. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _EgSplitPattern EgSplitPattern;

/* A part of a text, bytes start … end (exclusive): a match, or what stands between matches. */
typedef struct
{
  gsize start, end;
  gboolean is_match;
} EgSplitPart;

/* pattern: UTF-8. Returns: (transfer full): NULL with a sentence about the pattern alone, EG_ERROR_FORMAT or
 * EG_ERROR_UNSUPPORTED. */
EgSplitPattern *eg_split_pattern_new_regex (const char *pattern, GError **error);
EgSplitPattern *eg_split_pattern_new_text (const char *text);

void eg_split_pattern_free (EgSplitPattern *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgSplitPattern, eg_split_pattern_free)

/* Cuts length bytes of UTF-8 into matches and what stands between, in order and without gaps; an empty text
 * is one empty part. Returns: (transfer full) (element-type EgSplitPart): NULL with EG_ERROR_INVALID if the
 * search takes too long. */
GArray *eg_split_pattern_cut (const EgSplitPattern *self, const char *text, gsize length, GError **error);

G_END_DECLS
