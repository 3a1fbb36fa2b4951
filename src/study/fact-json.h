/* A fact as an object of JSON. */
#pragma once

#include "study/fact-source.h"
#include "study/fact.h"

G_BEGIN_DECLS

/* Of any of the forms of facts.h; a text that is not there is NULL. line: where it begins. (transfer full) */
EgFact *eg_fact_from_json (const EgFactSource *source, gsize line, const GString *text, GError **error);

G_END_DECLS
