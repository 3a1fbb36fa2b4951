/* Which files of a folder are its tokenizer. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The path that eg_tokenizer_load() takes: tokenizer.json; else vocab.json, if that or merges.txt is there;
 * else a file of another kind of tokenizer, which it refuses by name: that it is there means that no other
 * model's tokenizer will do. A link that leads nowhere counts. Returns: (transfer full) (nullable): NULL if
 * there is none. */
char *eg_tokenizer_find (const char *folder);

/* name: a file's base name. Returns: (transfer none) (nullable): whose format it is, "SentencePiece"; NULL
 * for what is no tokenizer's of those that Engram cannot read. */
const char *eg_tokenizer_name_other_kind (const char *name);

/* The files whose contents make the tokenizer of such a path: its own, and those beside it, there or not.
 * Returns: (transfer full): NULL-terminated. */
char **eg_tokenizer_list_files (const char *path);

G_END_DECLS
