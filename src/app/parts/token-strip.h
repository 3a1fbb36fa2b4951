/* A prompt's tokens as chips, with the subject marked; dragging over chips marks it anew. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define EG_TYPE_TOKEN_STRIP (eg_token_strip_get_type ())

/* Signal "subject-marked" (guint first, guint last): the tokens a person dragged over, inclusive, last ≥
 * first; while the drag goes on, for each change. */
G_DECLARE_FINAL_TYPE (EgTokenStrip, eg_token_strip, EG, TOKEN_STRIP, GtkWidget)

GtkWidget *eg_token_strip_new (void);

/* texts and ids: [n]. */
void eg_token_strip_set_tokens (EgTokenStrip *self, const char *const *texts, const guint32 *ids, gsize n);

/* Inclusive; first < 0: none. */
void eg_token_strip_set_subject (EgTokenStrip *self, gssize first, gssize last);

/* Whether each chip shows its position, for those who want to name it elsewhere. */
void eg_token_strip_set_numbered (EgTokenStrip *self, gboolean numbered);

G_END_DECLS
