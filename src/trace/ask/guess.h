/* A first proposal for the subject of a prompt. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the subject of a prompt may be: its longest run of capitalised words, without an article or the like
 * before them and punctuation after them; "" when there is none. (transfer full) */
char *eg_guess_subject (const char *prompt);

G_END_DECLS
