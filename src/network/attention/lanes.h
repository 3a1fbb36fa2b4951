/* What layers with attention share: where the keys and values lie that the rows of a group read. */
#pragma once

#include "network/layer.h"

G_BEGIN_DECLS

/**
 * EgAttentionLanes: a part of a family's part of a workspace.
 * @rows: EgAttentionRows of the group's segments; @spans: their EgAttentionSpan
 */
typedef struct
{
  GArray *rows, *spans;
} EgAttentionLanes;

void eg_attention_lanes_init (EgAttentionLanes *self);
void eg_attention_lanes_clear (EgAttentionLanes *self);

/* Keys and values of each segment's positions: before its own, of the runs that it continues; then of the
 * group's input rows, in which keys begin at key_offset and values at value_offset. Where y goes: every
 * row's, or with only_last each segment's last one's. */
void eg_attention_load (EgWorkspace *workspace,
                        EgAttentionLanes *self,
                        const EgLayerRun *run,
                        gsize key_offset,
                        gsize value_offset);

/* The op over what was loaded; its rows, heads and scale are the family's. */
EgAttention eg_attention_over (const EgAttentionLanes *self);

G_END_DECLS
