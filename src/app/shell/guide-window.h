/* The user guide in a window of its own. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Shows it, beside this window; the one that is open already comes to the front. */
void eg_guide_window_show (GtkWindow *parent);

/* Puts a text of Markdown, as far as docs/guide.md uses it, into an empty buffer: headings, paragraphs,
 * lists, tables, blocks of code, and within lines code, strong and emphasized words, and links by their text.
 */
void eg_guide_render (GtkTextBuffer *buffer, const char *markdown);

G_END_DECLS
