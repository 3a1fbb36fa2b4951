/* Texts of tokens, and of what else comes from a file, as a person can read them. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A token without the space that it begins with: as a word. Whitespace and control characters are signs (␣ ⇥
 * ↵ ␀), characters that would turn or hide others their numbers (⟨U+202E⟩); never empty. (transfer full) */
char *eg_token_to_label (const char *token);

/* The same with its first space as ␣: how tokens are shown everywhere. (transfer full) */
char *eg_token_to_visible (const char *token);

/* The same within a sentence: at most 40 characters, and, where it is not plain ASCII, within U+2068 …
 * U+2069, so that it turns nothing around it. (transfer full) */
char *eg_token_quote (const char *token);

/* Likewise of a text that is no token: a subject, a name. (transfer full) */
char *eg_text_quote (const char *text);

G_END_DECLS
