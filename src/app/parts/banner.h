/* One sentence across the window's or a page's top, with a button that helps. (AdwBanner is of
 * libadwaita 1.3.)
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_BANNER (eg_banner_get_type ())

/* Signal "closed" (): by the person, with the button for it. */
G_DECLARE_FINAL_TYPE (EgBanner, eg_banner, EG, BANNER, AdwBin)

GtkWidget *eg_banner_new (void);

typedef enum
{
  EG_BANNER_QUESTION,
  EG_BANNER_WARNING,
  EG_BANNER_ERROR,
} EgBannerKind;

/* action: a detailed action name ("win.trace", "win.fill('a')") of the button called label, or both NULL. */
void
eg_banner_show (EgBanner *self, EgBannerKind kind, const char *text, const char *action, const char *label);
void eg_banner_hide (EgBanner *self);

G_END_DECLS
