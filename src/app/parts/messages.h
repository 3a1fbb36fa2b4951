/* What a window tells the person who sits before it: an error or a question in its banner, and short texts
 * that go by themselves. */
#pragma once

#include "app/parts/banner.h"

G_BEGIN_DECLS

#define EG_TYPE_MESSAGES (eg_messages_get_type ())
G_DECLARE_FINAL_TYPE (EgMessages, eg_messages, EG, MESSAGES, GObject)

/* Neither widget is kept alive: when they are gone, nothing is shown any more. */
EgMessages *eg_messages_new (EgBanner *banner, AdwToastOverlay *toasts);

/* The window closes: no function of those below is called any more. */
void eg_messages_end (EgMessages *self);

/* object: that which was given with the function. */
typedef void (*EgMessageFunc) (gpointer object);

/* A text takes the place of the one before: toasts would queue, and be read too late. */
void eg_messages_show (EgMessages *self, const char *text);

/* The same, with a button that activates an action, for longer. done: called when the text goes, but not
 * before another with the same function and object goes, too. */
void eg_messages_offer (EgMessages *self,
                        const char *text,
                        const char *action,
                        const char *label,
                        EgMessageFunc done,
                        gpointer object);

/* An error, and the button that helps; in place of what the banner showed. */
void eg_messages_show_error (EgMessages *self, const char *text, const char *action, const char *label);

/* A question, and the button that says yes. declined: called when the person closes the banner on it; not
 * when an error takes its place. */
void eg_messages_ask (EgMessages *self,
                      const char *text,
                      const char *action,
                      const char *label,
                      EgMessageFunc declined,
                      gpointer object);

/* The question was answered: it goes, if it is still there. */
void eg_messages_answered (EgMessages *self);

/* An error that does not hold any more goes; a question stays. */
void eg_messages_clear_error (EgMessages *self);

G_END_DECLS
