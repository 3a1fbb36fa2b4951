/* The windows of studies that belong to a window for traces: opened, counted, and opened again after a crash.
 */
#pragma once

#include "app/shell/study-window.h"

G_BEGIN_DECLS

typedef struct _EgStudies EgStudies;

typedef void (*EgStudiesFunc) (gpointer user_data);

/* parts: copied; its folder may be NULL: the usual one. state: the file in which the studies that are open
 * and not finished are noted down, or NULL: nowhere. changed: called when one begins to run, or rests. */
EgStudies *
eg_studies_new (const EgStudyParts *parts, const char *state, EgStudiesFunc changed, gpointer user_data);

/* Closes its windows; what they have under way is paused. */
void eg_studies_free (EgStudies *self);

/* $XDG_STATE_HOME/engram/studies. (transfer full) */
char *eg_studies_get_default_state (void);

/* Shows a window without facts. */
void eg_studies_show (EgStudies *self);

/* Whether a path is one of facts, or a study's folder; opens it in a window. */
gboolean eg_studies_can_open (const char *path);
void eg_studies_open (EgStudies *self, const char *path);

gboolean eg_studies_is_running (EgStudies *self);

/* Opens those that were not finished when the program ended, paused. */
void eg_studies_reopen (EgStudies *self);

G_END_DECLS
