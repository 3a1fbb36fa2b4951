/* Fields of config.json that families with attention have alike. */
#pragma once

#include "engine/backend.h"
#include "network/fields.h"

G_BEGIN_DECLS

/* An MLP's activation by transformers' name for it, from a field that may be missing: then it is the
 * fallback. EG_ERROR_UNSUPPORTED for one that is not known, with the list of those that are. */
gboolean eg_attention_read_activation (const EgFields *fields,
                                       const char *name,
                                       EgActivation fallback,
                                       EgActivation *activation,
                                       GError **error);

/* n_heads share d_model evenly: each one's d_head. The fields' names are for the error. EG_ERROR_FORMAT */
gboolean eg_attention_share_heads (const EgFields *fields,
                                   const char *width_name,
                                   gsize d_model,
                                   const char *heads_name,
                                   gsize n_heads,
                                   gsize *d_head,
                                   GError **error);

G_END_DECLS
