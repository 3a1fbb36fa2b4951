/* The prompt, its tokens and its subject, as widgets that are in step with each other. */
#pragma once

#include "app/ask/draft.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_PROMPT_PANEL (eg_prompt_panel_get_type ())

/* Signal "activated" (): Enter was pressed. */
G_DECLARE_FINAL_TYPE (EgPromptPanel, eg_prompt_panel, EG, PROMPT_PANEL, AdwBin)

GtkWidget *eg_prompt_panel_new (void);

/* Whose prompt and subject are shown and edited; once. */
void eg_prompt_panel_set_draft (EgPromptPanel *self, EgDraft *draft);

/* What the menu of prompts offers. */
void eg_prompt_panel_set_menu (EgPromptPanel *self, GMenuModel *menu);
void eg_prompt_panel_open_menu (EgPromptPanel *self);

void eg_prompt_panel_focus_prompt (EgPromptPanel *self);

G_END_DECLS
