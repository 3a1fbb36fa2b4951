/* The prompt, its tokens and its subject, in step with each other. */
#pragma once

#include "library/model.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_PROMPT_PANEL (eg_prompt_panel_get_type ())

/* Signals: "changed" (): prompt or subject are others; "activated" (): Enter was pressed. */
G_DECLARE_FINAL_TYPE (EgPromptPanel, eg_prompt_panel, EG, PROMPT_PANEL, AdwBin)

GtkWidget *eg_prompt_panel_new (void);

/* Whose tokens are shown; NULL while none is loaded. */
void eg_prompt_panel_set_model (EgPromptPanel *self, EgModel *model);

void eg_prompt_panel_set_texts (EgPromptPanel *self, const char *prompt, const char *subject);

/* Where the subject stands in the prompt, in characters; −1: its first place. */
void eg_prompt_panel_set_subject_offset (EgPromptPanel *self, gssize offset);

/* (transfer none): until the next change. */
const char *eg_prompt_panel_get_prompt (EgPromptPanel *self);
const char *eg_prompt_panel_get_subject (EgPromptPanel *self);

/* Where the subject begins in the prompt, in characters, or −1 for its first place. */
gssize eg_prompt_panel_get_subject_offset (EgPromptPanel *self);

/* Whether prompt and subject can be traced; the panel itself says what is wrong. */
gboolean eg_prompt_panel_get_valid (EgPromptPanel *self);

/* What the menu of prompts offers. */
void eg_prompt_panel_set_menu (EgPromptPanel *self, GMenuModel *menu);
void eg_prompt_panel_open_menu (EgPromptPanel *self);

void eg_prompt_panel_focus_prompt (EgPromptPanel *self);

G_END_DECLS
