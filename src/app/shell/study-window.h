/* A window of one study: many facts, under one request. It takes model and settings from the window for
 * traces that it belongs to, and shows traces there. */
#pragma once

#include "app/ask/draft.h"
#include "app/models/model-loader.h"
#include "app/shell/tabs.h"

G_BEGIN_DECLS

#define EG_TYPE_STUDY_WINDOW (eg_study_window_get_type ())

/* Signal "changed" (): its study began to run, or rests. */
G_DECLARE_FINAL_TYPE (EgStudyWindow, eg_study_window, EG, STUDY_WINDOW, AdwApplicationWindow)

/**
 * EgStudyParts: what it is given of the window for traces; all outlive it.
 * @look: with a property "colormap"; @settings: or %NULL
 * @folder: where studies are made
 */
typedef struct
{
  GtkWindow *window;
  EgDraft *draft;
  EgModelLoader *loader;
  EgTabs *tabs;
  GObject *look;
  GSettings *settings;
  const char *folder;
} EgStudyParts;

EgStudyWindow *eg_study_window_new (const EgStudyParts *parts);

/* Opens a file of facts, or a study's folder, in place of what it shows; not while a study runs. */
void eg_study_window_open (EgStudyWindow *self, const char *path);

/* Whether it shows no facts, so that others can take the place. */
gboolean eg_study_window_is_empty (EgStudyWindow *self);

gboolean eg_study_window_is_running (EgStudyWindow *self);

/* The folder of its study, where that is not finished; NULL: there is none. (transfer none) */
const char *eg_study_window_get_unfinished (EgStudyWindow *self);

G_END_DECLS
