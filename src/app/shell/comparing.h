/* "Compare With…": a map beside that of another tab, of a file, or of the same request to another model. */
#pragma once

#include "app/page/trace-page.h"
#include "app/parts/messages.h"

G_BEGIN_DECLS

/* Asks what the page's map is to stand beside, and shows both in a window of their own; what goes wrong is
 * said. others: (element-type EgTracePage): the other pages that have a result. */
void eg_comparing_ask (GtkWindow *window, EgTracePage *page, GPtrArray *others, EgMessages *messages);

G_END_DECLS
