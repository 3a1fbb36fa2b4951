/* Lines and columns for a person: labels and cells are padded by the columns that they take in a terminal,
 * which in translations are neither bytes nor characters. Machine output has none of this. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The columns that text takes: two for a wide character, none for a combining one. */
gsize cli_text_width (const char *text);

/* text with spaces before or after it up to width; wider ones as they are. */
void cli_print_padded (const char *text, gsize width, gboolean to_the_right);

/* What labels, the last of them NULL, take with two spaces behind the longest; at least min. */
gsize cli_label_width (const char *const *labels, gsize min);

/* A line: the label, padded to width, and the text. */
void cli_field (gsize width, const char *label, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* (element-type utf8): the parts with commas between them. (transfer full) */
char *cli_join (GPtrArray *parts);

G_END_DECLS
