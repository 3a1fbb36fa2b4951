/* The token whose probability is followed: typed, and completed from the model's tokens. */
#pragma once

#include "app/ask/draft.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_TARGET_ROW (eg_target_row_get_type ())

/* Signal "entered" (): Enter was pressed. */
G_DECLARE_FINAL_TYPE (EgTargetRow, eg_target_row, EG, TARGET_ROW, AdwActionRow)

/* Whose target is shown and edited; once. message: where it is said what is wrong with it, or worth knowing.
 */
void eg_target_row_set_draft (EgTargetRow *self, EgDraft *draft, GtkLabel *message);

G_END_DECLS
