/* What an earlier start has left behind: offered once, and reopened or discarded. */
#pragma once

#include "app/shell/opener.h"

G_BEGIN_DECLS

#define EG_TYPE_RECOVERY (eg_recovery_get_type ())
G_DECLARE_FINAL_TYPE (EgRecovery, eg_recovery, EG, RECOVERY, GObject)

/* unsaved: NULL: nothing was kept; must outlive the recovery. */
EgRecovery *eg_recovery_new (EgUnsaved *unsaved, EgOpener *opener, EgMessages *messages);

/* Asks, if there is anything; the button activates "win.recover". What is declined is gone a while later. */
void eg_recovery_offer (EgRecovery *self);

/* Reopens what was offered, or was declined just now. */
void eg_recovery_accept (EgRecovery *self);

G_END_DECLS
