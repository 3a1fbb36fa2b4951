/* How far something is that takes long, with a button that ends it. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define EG_TYPE_PROGRESS_VIEW (eg_progress_view_get_type ())

/* Signal "stop" (): a person wants an end of it, or has read why there is one. */
G_DECLARE_FINAL_TYPE (EgProgressView, eg_progress_view, EG, PROGRESS_VIEW, GtkBox)

/* title: what is done, a line. */
GtkWidget *eg_progress_view_new (const char *title);

/* fraction: of 1; text: what is known of it, as how long it takes. */
void eg_progress_view_show (EgProgressView *self, double fraction, const char *text);

/* It has come to its end, with this sentence in place of all else: nothing is to be stopped any more. */
void eg_progress_view_end (EgProgressView *self, const char *sentence);

/* The line under the title. (transfer none) */
const char *eg_progress_view_get_text (EgProgressView *self);

/* Of 1; as it is shown. */
double eg_progress_view_get_fraction (EgProgressView *self);

G_END_DECLS
