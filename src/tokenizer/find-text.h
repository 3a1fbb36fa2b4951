/* A part of a text, found as a person would find it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Where part is in text, from character first on: as it is written; or, if it is not there, in another
 * composition of its characters (é as one or as two) or with other white space for each space (a no-break
 * space). A match begins and ends with whole characters. text, part: UTF-8, part not empty. start, end:
 * (out): characters of text, end exclusive. Returns: FALSE if it is not there. */
gboolean eg_text_find (const char *text, const char *part, gsize first, gsize *start, gsize *end);

/* Whether a match in that sense begins with character first. */
gboolean eg_text_has_at (const char *text, const char *part, gsize first, gsize *end);

/* What part may have been meant to be: without white space round it, in another letter case, or, for parts of
 * four letters and more, with one letter missing, too many or another. Returns: (transfer full) (nullable):
 * the characters of text; NULL if nothing there comes so near. */
char *eg_text_find_near (const char *text, const char *part);

G_END_DECLS
