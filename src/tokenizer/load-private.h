/* What the readers of a tokenizer's files have in common: they fill an EgTokenizer step by step. */
#pragma once

#include "core/error.h"
#include "formats/json-text.h"
#include "tokenizer/settings.h"
#include "tokenizer/tokenizer-private.h"

G_BEGIN_DECLS

typedef struct
{
  const char *where; /* the file's name, which begins every message */
  EgTokenizer *tokenizer;
  GHashTable *ids;               /* the vocabulary: text → id; the texts belong to the tokenizer */
  guint32 last_added;            /* the largest id of an added token; EG_NO_TOKEN before the first */
  GArray *added;                 /* the added tokens until eg_tokenizer_finish_added() */
  GHashTable *added_places;      /* their texts → place in added */
  gboolean byte_level_processor; /* there is one */
} EgTokenizerLoader;

/* tokenizer: an empty one, which the loader does not keep. */
void eg_tokenizer_loader_init (EgTokenizerLoader *self, const char *where, EgTokenizer *tokenizer);
void eg_tokenizer_loader_clear (EgTokenizerLoader *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EgTokenizerLoader, eg_tokenizer_loader_clear)

/* Returns: (transfer full): without a vocabulary. */
EgTokenizer *eg_tokenizer_new_empty (void);

/* Sets "WHERE: problem". Returns: FALSE. */
gboolean
eg_tokenizer_fail (const EgTokenizerLoader *self, GError **error, EgError code, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* A member that is true or false; fallback if it is null or missing, unless it is required. owner: the
 * object's name for messages. */
gboolean eg_tokenizer_read_flag (const EgTokenizerLoader *self,
                                 JsonObject *object,
                                 const char *owner,
                                 const char *name,
                                 gboolean required,
                                 gboolean fallback,
                                 gboolean *value,
                                 GError **error);

/* A node that is missing or null. */
gboolean eg_tokenizer_is_null (JsonNode *node);

/* The "type" of one of the tokenizer's parts. Returns: (transfer none): NULL with an error. */
const char *
eg_tokenizer_read_kind (const EgTokenizerLoader *self, JsonNode *node, const char *owner, GError **error);
gboolean eg_tokenizer_refuse_kind (
    const EgTokenizerLoader *self, const char *owner, const char *kind, const char *known, GError **error);

/* The elements of a member that is an array. Returns: (transfer none): NULL with an error. */
JsonArray *eg_tokenizer_read_sequence (
    const EgTokenizerLoader *self, JsonNode *node, const char *owner, const char *name, GError **error);

/* ---- vocabulary.c: in this order ---- */

/* json: the text of an object, whose syntax has been checked, with n_values members at most. what: its name
 * for messages. n_added: how many ids after the vocabulary may be needed. */
gboolean eg_tokenizer_read_vocabulary (EgTokenizerLoader *self,
                                       const char *what,
                                       const char *json,
                                       gsize length,
                                       gsize n_values,
                                       guint n_added,
                                       GError **error);

/* json: likewise of an array of pairs. */
gboolean eg_tokenizer_read_merges (
    EgTokenizerLoader *self, const char *json, gsize length, gsize n_values, GError **error);

/* text: merges.txt, a pair a line. */
gboolean
eg_tokenizer_read_merge_lines (EgTokenizerLoader *self, const char *text, gsize length, GError **error);

/* The token of each byte, and the one for bytes that have none. unknown: (nullable). */
gboolean eg_tokenizer_find_bytes (EgTokenizerLoader *self, const char *unknown, GError **error);

/* Returns: the token's id in the vocabulary, or EG_NO_TOKEN. */
guint32 eg_tokenizer_find_id (const EgTokenizerLoader *self, const char *text);

/* The next added token; content: not empty. Its id is the vocabulary's, or the next free one. One of the same
 * text replaces what was said of it. id: (out) (optional). */
gboolean eg_tokenizer_add_token (EgTokenizerLoader *self,
                                 const char *content,
                                 EgAddedToken token,
                                 gboolean normalized,
                                 guint32 *id,
                                 GError **error);

/* After the last one. Fails where two read the same once they are normalized. */
gboolean eg_tokenizer_finish_added (EgTokenizerLoader *self, GError **error);

/* Fails if the id of the token is not good. */
gboolean
eg_tokenizer_check_id (const EgTokenizerLoader *self, gboolean good, const char *token, GError **error);

/* Cuts unused ids off the end and writes down what bytes each token stands for. */
void eg_tokenizer_finish (EgTokenizer *self);

/* ---- the files ---- */

/* load.c: Fails for a JSON text that is too long, or that has what a text cannot hold. */
gboolean
eg_tokenizer_check_text (const EgTokenizerLoader *self, const char *json, gsize length, GError **error);

/* load-json.c: tokenizer.json, with what the files beside it in folder say. json: length bytes. */
gboolean eg_tokenizer_load_json (
    EgTokenizerLoader *self, const char *folder, const char *json, gsize length, GError **error);

/* load-class.c: Fails for a class whose tokenizers Engram does not know. */
gboolean eg_tokenizer_check_class (const EgTokenizerSettings *settings, GError **error);
/* What the class puts in the place of what tokenizer.json said, which has been read. */
gboolean
eg_tokenizer_apply_class (EgTokenizerLoader *self, const EgTokenizerSettings *settings, GError **error);
/* tokens: (element-type EgSettingsToken) */
gboolean eg_tokenizer_add_settings_tokens (EgTokenizerLoader *self, const GPtrArray *tokens, GError **error);

/* parts.c: the small parts of tokenizer.json's root. */
gboolean eg_tokenizer_read_normalizer (EgTokenizerLoader *self, JsonNode *node, GError **error);
gboolean eg_tokenizer_read_pre_tokenizer (EgTokenizerLoader *self, JsonNode *node, GError **error);
gboolean eg_tokenizer_read_post_processor (EgTokenizerLoader *self, JsonNode *node, GError **error);
gboolean eg_tokenizer_check_decoder (const EgTokenizerLoader *self, JsonNode *node, GError **error);

G_END_DECLS
