/* Where a person gets a model from Hugging Face's Hub: chosen from those that people have of each family, or
 * typed; asked for what there is; fetched. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_GET_MODEL_DIALOG (eg_get_model_dialog_get_type ())
G_DECLARE_FINAL_TYPE (EgGetModelDialog, eg_get_model_dialog, EG, GET_MODEL_DIALOG, AdwWindow)

/* A model is here, in this folder. */
typedef void (*EgGotModelFunc) (const char *folder, gpointer user_data);

/* Shows the dialog over its parent, which can be used meanwhile. name: what is looked for at once, or NULL.
 * func: called when a model is whole, or one that is here is chosen, if the dialog is still there; the dialog
 * then goes. (transfer none) */
GtkWindow *
eg_get_model_dialog_show (GtkWindow *parent, const char *name, EgGotModelFunc func, gpointer user_data);

G_END_DECLS
