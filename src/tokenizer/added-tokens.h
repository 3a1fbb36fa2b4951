/* Added tokens: texts that are cut out of the input before it is split into words. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint32 id;
  gboolean single_word; /* only where no \w touches it */
  gboolean lstrip;      /* takes the white space before it along */
  gboolean rstrip;      /* and after it */
} EgAddedToken;

typedef struct _EgAddedTokens EgAddedTokens;

/* Returns: (transfer full): an empty set. */
EgAddedTokens *eg_added_tokens_new (void);
void eg_added_tokens_free (EgAddedTokens *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgAddedTokens, eg_added_tokens_free)

/* content: what to find, NUL-terminated UTF-8, not empty. Returns: FALSE if it is in the set already. */
gboolean eg_added_tokens_add (EgAddedTokens *self, const char *content, EgAddedToken token);

/* A part of the text: an added token's, or (token NULL) what stands between them. */
typedef struct
{
  const EgAddedToken *token; /* valid as long as the set is not changed */
  gsize start;               /* bytes; end exclusive, start < end */
  gsize end;
} EgAddedPart;

/* Splits length bytes of UTF-8: from left to right, the longest added token at each place. The parts cover
 * the text in order. Where white space belongs both to the token before it (rstrip) and to one found in it,
 * it is in both parts, as in the library. Returns: (transfer full) (element-type EgAddedPart). */
GArray *eg_added_tokens_split (const EgAddedTokens *self, const char *text, gsize length);

G_END_DECLS
