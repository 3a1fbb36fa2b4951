/* Fields of config.json that families with a convolution and a state share. Errors as in network/fields.h. */
#pragma once

#include "network/ssm/selective.h"

G_BEGIN_DECLS

/* The rank of Δ's projection; "auto", or nothing, is ⌈d/16⌉. */
gboolean
eg_ssm_read_rank (const EgFields *fields, const char *name, gsize d_model, gsize *rank, GError **error);

/* D: intermediate_size, or expand·d where there is none. */
gboolean eg_ssm_read_inner (const EgFields *fields, gsize d_model, gsize *d_inner, GError **error);

/* What files of these families call ε, whoever wrote them: transformers, flash-linear-attention, mamba_ssm,
 * or others by hand. */
#define EG_SSM_EPSILON "layer_norm_epsilon|norm_eps|norm_epsilon|rms_norm_eps"

/* All of a selective block in Hugging Face's spelling, but for @norm_selection. */
gboolean eg_selective_read_hugging_face (const EgFields *fields, EgSelectiveSizes *config, GError **error);

/* What follows from a block's own sizes: those of its input row and its state. */
void eg_selective_complete (EgSelectiveSizes *config);

/* Whether it is the original layout: mamba_ssm's MambaConfig, with d_model, n_layer, ssm_cfg. */
gboolean eg_ssm_is_original (const EgFields *fields);

/* Of the original layout, which block it is ("Mamba2"); NULL: not said. */
const char *eg_ssm_get_layer_name (const EgFields *fields);

/* Of the original layout, what is not the block's. known: the fields of ssm_cfg that the family knows, NULL
 * at the end; ssm: (out) that object's fields, without an object where there is none. */
gboolean eg_ssm_read_original (
    const EgFields *fields, const char *const known[], EgSizes *sizes, EgFields *ssm, GError **error);

G_END_DECLS
