/* The facts of a study as a table that can be sorted, searched and filtered; it fills as the study runs. */
#pragma once

#include "app/study/fact-row.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_FACT_LIST (eg_fact_list_get_type ())

/* Signals: "open" (EgFactRow *row): a person wants to see its trace; "relation-changed" (): other facts are
 * listed. */
G_DECLARE_FINAL_TYPE (EgFactList, eg_fact_list, EG, FACT_LIST, AdwBin)

/* rows: of EgFactRow, not copied; relations: those that can be chosen, NULL-terminated; may be empty. */
void eg_fact_list_set_rows (EgFactList *self, GListModel *rows, const char *const *relations);

/* Rows have other numbers: those in view follow a little later, and the order only now and then. */
void eg_fact_list_update (EgFactList *self);

/* Lists one relation's facts alone; NULL: all. */
void eg_fact_list_show_relation (EgFactList *self, const char *relation);
const char *eg_fact_list_get_relation (EgFactList *self);

/* The keyboard goes to the search. */
void eg_fact_list_find (EgFactList *self);

G_END_DECLS
