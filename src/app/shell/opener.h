/* Opens saved traces, each in a tab, read in a thread. */
#pragma once

#include "app/shell/tabs.h"

G_BEGIN_DECLS

#define EG_TYPE_OPENER (eg_opener_get_type ())
G_DECLARE_FINAL_TYPE (EgOpener, eg_opener, EG, OPENER, GObject)

/* unsaved: may be NULL; must outlive the opener. */
EgOpener *eg_opener_new (EgTabs *tabs, EgDraft *draft, EgMessages *messages, EgUnsaved *unsaved);

/* A file that cannot be read is shown as an error. */
void eg_opener_open (EgOpener *self, const char *path);

/* The same of a result that is kept under this key, and goes on to be. */
void eg_opener_reopen (EgOpener *self, const char *key);

G_END_DECLS
