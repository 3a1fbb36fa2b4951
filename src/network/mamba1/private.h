/* What the files of Mamba-1 share. */
#pragma once

#include "network/mamba1/mamba1.h"
#include "network/ssm/selective.h"

G_BEGIN_DECLS

/* config.c */
gboolean eg_mamba1_recognizes (const EgFields *fields);
gboolean eg_mamba1_read (const EgFields *fields, gpointer sizes, GError **error);

G_END_DECLS
