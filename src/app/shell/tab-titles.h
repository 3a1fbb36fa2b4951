/* What tabs are called, so that each can be told from the others. */
#pragma once

#include "app/page/trace-page.h"

G_BEGIN_DECLS

/* What a page has that no other one of the view about the same subject and target has: the name of its file,
 * or settings; "" where nothing does. (transfer full) */
char *eg_tab_titles_tell_apart (AdwTabView *view, EgTracePage *page);

/* All titles anew: what tells one apart depends on the others. */
void eg_tab_titles_show (AdwTabView *view);

G_END_DECLS
