/* A tokenizer's tokens in alphabetical order, to complete what is typed. */
#pragma once

#include "tokenizer/tokenizer.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _EgTokenIndex EgTokenIndex;

/* Made in a thread: there may be 50,000 tokens. */
void eg_token_index_new_async (EgTokenizer *tokenizer,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
/* (transfer full): NULL when cancelled. */
EgTokenIndex *eg_token_index_new_finish (GAsyncResult *result);
void eg_token_index_free (EgTokenIndex *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTokenIndex, eg_token_index_free)

/* At most `most` tokens that begin with the text, first those that have a space before it, shorter ones
 * first. (transfer container) (element-type utf8) */
GPtrArray *eg_token_index_find (const EgTokenIndex *self, const char *text, gsize most);

G_END_DECLS
