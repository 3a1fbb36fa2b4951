/* The question whether to reopen what was not saved, and what follows from the answer. */
#include "app/shell/recovery.h"

#include <glib/gi18n.h>

struct _EgRecovery
{
  GObject parent_instance;
  EgUnsaved *unsaved; /* or NULL */
  EgOpener *opener;
  EgMessages *messages;
  GStrv left_behind; /* keys of results that are offered, or were declined just now; or NULL */
};

G_DEFINE_FINAL_TYPE (EgRecovery, eg_recovery, G_TYPE_OBJECT)

static void
forget_left_behind (gpointer object)
{
  EgRecovery *self = object;

  for (char **key = self->left_behind; key != NULL && *key != NULL; key++)
    eg_unsaved_forget (self->unsaved, *key);
  g_clear_pointer (&self->left_behind, g_strfreev);
}

static void
on_declined (gpointer object)
{
  EgRecovery *self = object;

  eg_messages_offer (self->messages, _ ("Discarded what was not saved"), "win.recover", _ ("_Undo"),
                     forget_left_behind, self);
}

void
eg_recovery_offer (EgRecovery *self)
{
  g_return_if_fail (EG_IS_RECOVERY (self));

  if (self->unsaved == NULL)
    return;
  g_strfreev (self->left_behind);
  self->left_behind = eg_unsaved_adopt (self->unsaved);
  const guint n = g_strv_length (self->left_behind);
  if (n == 0)
    return;
  g_autofree char *text = g_strdup_printf (
      ngettext ("%u trace of the last time was not saved", "%u traces of the last time were not saved", n),
      n);
  eg_messages_ask (self->messages, text, "win.recover", _ ("_Reopen"), on_declined, self);
}

void
eg_recovery_accept (EgRecovery *self)
{
  g_return_if_fail (EG_IS_RECOVERY (self));

  g_auto (GStrv) keys = g_steal_pointer (&self->left_behind);

  eg_messages_answered (self->messages);
  for (char **key = keys; key != NULL && *key != NULL; key++)
    eg_opener_reopen (self->opener, *key);
}

static void
eg_recovery_finalize (GObject *object)
{
  EgRecovery *self = EG_RECOVERY (object);

  g_object_unref (self->opener);
  g_object_unref (self->messages);
  g_strfreev (self->left_behind);
  G_OBJECT_CLASS (eg_recovery_parent_class)->finalize (object);
}

static void
eg_recovery_class_init (EgRecoveryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = eg_recovery_finalize;
}

static void
eg_recovery_init (EgRecovery *self)
{
}

EgRecovery *
eg_recovery_new (EgUnsaved *unsaved, EgOpener *opener, EgMessages *messages)
{
  EgRecovery *self = g_object_new (EG_TYPE_RECOVERY, NULL);

  self->unsaved = unsaved;
  self->opener = g_object_ref (opener);
  self->messages = g_object_ref (messages);
  return self;
}
