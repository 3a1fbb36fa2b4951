/* Checkpoints made in a test: the tensors of a small network with numbers of their own, to be renamed, left
 * out, spoilt or written in another type; with the config.json and tokenizer.json that belong to them. */
#pragma once

#include "formats/tensor.h"

G_BEGIN_DECLS

typedef struct
{
  char *name;
  EgDType dtype;
  gsize shape[3];
  guint n_dims;
  gsize n;
  float *values;
} Part;

typedef struct
{
  GPtrArray *parts; /* of Part */
  char *config;
} Parts;

/* Two layers of width 4, whose vocabulary is the eight letters a … h: any text of them has as many tokens as
 * letters. Of Mamba; of Mamba-2, four heads in two groups; of GPT-2, two heads and so many positions; of
 * GPT-NeoX, two heads of which one pair is rotated. Names have the family's root. (transfer full) */
Parts *parts_new_mamba (void);
Parts *parts_new_mamba2 (void);
Parts *parts_new_neox (void);
Parts *parts_new_gpt2 (guint n_positions);
void parts_free (Parts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Parts, parts_free)

/* The part of this name, which must be there. */
Part *parts_find (Parts *self, const char *name);

/* One more tensor of zeros [n]. */
void parts_add (Parts *self, const char *name, gsize n);
void parts_remove (Parts *self, const char *name);
/* What all names that begin with `from` begin with instead. */
void parts_rename (Parts *self, const char *from, const char *to);
void parts_set_type (Parts *self, EgDType dtype);

/* Another field in config.json: "\"tie_word_embeddings\":false". */
void parts_configure (Parts *self, const char *field);

/* config.json, model.safetensors and tokenizer.json into a folder. */
void parts_write (const Parts *self, const char *folder);

G_END_DECLS
