/* One banner and one toast at a time, and what is to be done when they go. */
#include "app/parts/messages.h"

#define OFFER_SECONDS 8
#define COMING_IN     (G_USEC_PER_SEC * 6 / 10) /* longer than a toast takes to appear */

typedef struct
{
  EgMessageFunc func; /* NULL: nothing is to be done */
  gpointer object;
} Call;

struct _EgMessages
{
  GObject parent_instance;
  EgBanner *banner;        /* NULL: gone */
  AdwToastOverlay *toasts; /* NULL: gone */
  AdwToast *toast;         /* the one that is shown, of the overlay; or NULL */
  gint64 shown;            /* when it was */
  Call done;               /* when it goes */
  gboolean asking;         /* in the banner */
  Call declined;
};

G_DEFINE_FINAL_TYPE (EgMessages, eg_messages, G_TYPE_OBJECT)

/* ---- texts that go by themselves ---- */

static void
on_toast_dismissed (AdwToast *toast, EgMessages *self)
{
  const Call done = self->done;

  if (toast != self->toast)
    return;
  self->toast = NULL;
  self->done = (Call){ 0 };
  if (done.func != NULL)
    done.func (done.object);
}

static void
fill_toast (AdwToast *toast, const char *text, const char *action, const char *label)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  adw_toast_set_title (toast, escaped);
  adw_toast_set_action_name (toast, action);
  adw_toast_set_button_label (toast, label);
}

/* libadwaita 1.2 frees a toast that is dismissed while it still comes in, and then goes on showing it: such a
 * one is given the new text. */
static gboolean
refill_toast (EgMessages *self, const char *text, const char *action, const char *label, Call done)
{
  const Call before = self->done;

  if (self->toast == NULL || g_get_monotonic_time () - self->shown > COMING_IN)
    return FALSE;
  self->done = done;
  fill_toast (self->toast, text, action, label);
  if (before.func != NULL && (before.func != done.func || before.object != done.object))
    before.func (before.object);
  return TRUE;
}

static void
show_toast (EgMessages *self, const char *text, const char *action, const char *label, Call done)
{
  if (self->toasts == NULL || refill_toast (self, text, action, label, done))
    return;
  if (self->done.func == done.func && self->done.object == done.object)
    self->done = (Call){ 0 };
  if (self->toast != NULL)
    adw_toast_dismiss (self->toast);
  self->toast = adw_toast_new ("");
  self->shown = g_get_monotonic_time ();
  self->done = done;
  fill_toast (self->toast, text, action, label);
  if (action != NULL)
    adw_toast_set_timeout (self->toast, OFFER_SECONDS);
  g_signal_connect_object (self->toast, "dismissed", G_CALLBACK (on_toast_dismissed), self, 0);
  adw_toast_overlay_add_toast (self->toasts, self->toast);
}

void
eg_messages_show (EgMessages *self, const char *text)
{
  g_return_if_fail (EG_IS_MESSAGES (self));

  show_toast (self, text, NULL, NULL, (Call){ 0 });
}

void
eg_messages_offer (EgMessages *self,
                   const char *text,
                   const char *action,
                   const char *label,
                   EgMessageFunc done,
                   gpointer object)
{
  g_return_if_fail (EG_IS_MESSAGES (self));

  show_toast (self, text, action, label, (Call){ done, object });
}

/* ---- the banner ---- */

static void
show_in_banner (EgMessages *self, EgBannerKind kind, const char *text, const char *action, const char *label)
{
  self->asking = kind == EG_BANNER_QUESTION;
  if (self->banner != NULL)
    eg_banner_show (self->banner, kind, text, action, label);
}

void
eg_messages_show_error (EgMessages *self, const char *text, const char *action, const char *label)
{
  g_return_if_fail (EG_IS_MESSAGES (self));

  show_in_banner (self, EG_BANNER_ERROR, text, action, label);
}

void
eg_messages_ask (EgMessages *self,
                 const char *text,
                 const char *action,
                 const char *label,
                 EgMessageFunc declined,
                 gpointer object)
{
  g_return_if_fail (EG_IS_MESSAGES (self));

  show_in_banner (self, EG_BANNER_QUESTION, text, action, label);
  self->declined = (Call){ declined, object };
}

void
eg_messages_answered (EgMessages *self)
{
  g_return_if_fail (EG_IS_MESSAGES (self));

  if (self->asking && self->banner != NULL)
    eg_banner_hide (self->banner);
  self->asking = FALSE;
}

void
eg_messages_clear_error (EgMessages *self)
{
  g_return_if_fail (EG_IS_MESSAGES (self));

  if (!self->asking && self->banner != NULL)
    eg_banner_hide (self->banner);
}

static void
on_banner_closed (EgMessages *self)
{
  if (!self->asking)
    return;
  self->asking = FALSE;
  if (self->declined.func != NULL)
    self->declined.func (self->declined.object);
}

/* ---- the object ---- */

void
eg_messages_end (EgMessages *self)
{
  g_return_if_fail (EG_IS_MESSAGES (self));

  self->done = self->declined = (Call){ 0 };
  self->asking = FALSE;
  if (self->banner != NULL)
    g_signal_handlers_disconnect_by_data (self->banner, self);
  g_clear_weak_pointer (&self->banner);
  g_clear_weak_pointer (&self->toasts);
}

static void
eg_messages_dispose (GObject *object)
{
  eg_messages_end (EG_MESSAGES (object));
  G_OBJECT_CLASS (eg_messages_parent_class)->dispose (object);
}

static void
eg_messages_class_init (EgMessagesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = eg_messages_dispose;
}

static void
eg_messages_init (EgMessages *self)
{
}

EgMessages *
eg_messages_new (EgBanner *banner, AdwToastOverlay *toasts)
{
  EgMessages *self = g_object_new (EG_TYPE_MESSAGES, NULL);

  g_set_weak_pointer (&self->banner, banner);
  g_set_weak_pointer (&self->toasts, toasts);
  g_signal_connect_object (banner, "closed", G_CALLBACK (on_banner_closed), self, G_CONNECT_SWAPPED);
  return self;
}
