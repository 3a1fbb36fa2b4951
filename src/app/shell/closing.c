/* The question of a window with a trace under way, and what keeps a desktop from logging out meanwhile. */
#include "app/shell/closing.h"

#include "app/parts/later.h"

#include <glib/gi18n.h>
#include <string.h>

struct _EgClosing
{
  GtkWindow *window;
  GtkWidget *dialog; /* NULL: nothing is asked */
  guint inhibition;  /* of logging out; 0: none */
};

EgClosing *
eg_closing_new (GtkWindow *window)
{
  EgClosing *self = g_new0 (EgClosing, 1);

  self->window = window;
  return self;
}

static void
on_answered (AdwMessageDialog *dialog, const char *response, gpointer data)
{
  EgClosing *self = data;

  if (self->dialog == NULL)
    return;
  self->dialog = NULL;
  eg_destroy_later (GTK_WINDOW (dialog));
  if (strcmp (response, "close") == 0)
    eg_destroy_later (self->window);
}

void
eg_closing_ask (EgClosing *self)
{
  if (self->dialog != NULL)
    return;
  AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG (
      adw_message_dialog_new (self->window, _ ("Stop the Trace?"),
                              _ ("A trace is under way. What it has computed so far is kept: it is offered "
                                 "at the next start, and can go on from there.")));

  self->dialog = GTK_WIDGET (dialog);
  adw_message_dialog_add_responses (dialog, "cancel", _ ("_Keep Tracing"), "close", _ ("_Stop and Close"),
                                    NULL);
  adw_message_dialog_set_response_appearance (dialog, "close", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (dialog, "cancel");
  adw_message_dialog_set_close_response (dialog, "cancel");
  gtk_window_set_hide_on_close (GTK_WINDOW (dialog), TRUE);
  g_signal_connect (dialog, "response", G_CALLBACK (on_answered), self);
  gtk_window_present (GTK_WINDOW (dialog));
}

void
eg_closing_set_tracing (EgClosing *self, gboolean tracing)
{
  GtkApplication *application = gtk_window_get_application (self->window);

  if (!tracing && self->dialog != NULL)
    gtk_window_close (GTK_WINDOW (self->dialog)); /* which is the answer "cancel" */
  if (application == NULL || tracing == (self->inhibition != 0))
    return;
  if (tracing)
    self->inhibition = gtk_application_inhibit (application, self->window, GTK_APPLICATION_INHIBIT_LOGOUT,
                                                _ ("A trace is under way"));
  else
    gtk_application_uninhibit (application, self->inhibition);
  if (!tracing)
    self->inhibition = 0;
}

void
eg_closing_free (EgClosing *self)
{
  if (self->dialog != NULL)
    g_signal_handlers_disconnect_by_data (self->dialog, self);
  g_free (self);
}
