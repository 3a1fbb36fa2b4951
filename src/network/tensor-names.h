/* Which of a checkpoint's tensors are a network's: what stands before their names, which are missing, and
 * which nobody knows. */
#pragma once

#include "formats/checkpoint.h"
#include "network/family.h"

G_BEGIN_DECLS

/* Other tensors that are named; the rest is counted. */
#define EG_MAX_OTHER_TENSORS 8

/**
 * EgTensorNames:
 * @outer: what others have put before all names: "module.", "_orig_mod.", "model.", or some of them
 * @root: that, and the family's root, if this checkpoint has it
 * @embedding, @head, @norm, @norm_bias, @positions: whole names; %NULL for what the family does not have
 */
typedef struct
{
  const EgFamily *family;
  EgCheckpoint *checkpoint;
  char *outer, *root;
  char *embedding, *head, *norm, *norm_bias, *positions;
} EgTensorNames;

/* Looks for the embedding, or else the head. */
void eg_tensor_names_init (EgTensorNames *self, const EgFamily *family, EgCheckpoint *checkpoint);
void eg_tensor_names_clear (EgTensorNames *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EgTensorNames, eg_tensor_names_clear)

/* A layer's tensor. (transfer full) */
char *eg_tensor_names_of_layer (const EgTensorNames *self, gsize layer, const EgTensorSpec *spec);

/* Fails if tensors are missing that sizes want, with the first ten of them: EG_ERROR_NOT_FOUND; or if there
 * are others in a layer or beside the network's own that nobody knows: without them, it would be another
 * network: EG_ERROR_UNSUPPORTED. Those that lie elsewhere are counted, and the first few named in others. */
gboolean eg_tensor_names_check (
    const EgTensorNames *self, const EgSizes *sizes, GPtrArray *others, gsize *n_others, GError **error);

/* Whether a tensor of this name is the network's. */
gboolean eg_tensor_names_has (const EgTensorNames *self, const EgSizes *sizes, const char *name);

G_END_DECLS
