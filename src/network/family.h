/* The seam between families of networks and everything else (docs/design.md §11): a family is one constant of
 * this type, in a folder of its own, and a line in families.c. It says which values exist in a layer and how
 * a layer runs; what is common to all networks decides which runs there are, from where, and whose values
 * are put where. */
#pragma once

#include "network/fields.h"
#include "network/site.h"

G_BEGIN_DECLS

typedef struct _EgWorkspace EgWorkspace;
typedef struct _EgLayerRun EgLayerRun;
typedef struct _EgLayerBack EgLayerBack;

/**
 * EgSizes: what all families' sizes begin with.
 * @n_positions: the most tokens that a text may have; 0: any number
 * @d_input: floats of a row that a layer makes of each token's residual row and that later tokens may read:
 * [x | z] of Mamba, [q | k | v] of attention
 * @d_memory: floats of the state that a layer carries from token to token; 0: none
 * @n_state: numbers of that state a channel, which a device may limit
 * @n_heads: of a layer, which a knockout can cut one by one; 0: it has none
 */
typedef struct
{
  gsize n_layers, d_model, vocab_size, n_positions;
  gsize d_input, d_memory, n_state, n_heads;
  gboolean tie_embeddings;
  float norm_eps;
} EgSizes;

/* Of a table of names for the numbers of sizes, for shapes; a family's dims[0] is 0. */
typedef guint8 EgDim;
#define EG_MAX_DIMS 16

/**
 * EgKept: where a run keeps a site's value (run.h).
 * @EG_KEPT_RESID: it is a row of the residual stream
 * @EG_KEPT_INPUT: it is a part of the input rows
 * @EG_KEPT_VALUE: in an array of its own, if it is wanted
 * @EG_KEPT_APART: it is not one row: a state, or several sites together
 */
typedef enum
{
  EG_KEPT_APART,
  EG_KEPT_RESID,
  EG_KEPT_INPUT,
  EG_KEPT_VALUE,
} EgKept;

/**
 * EgSiteInfo: a site, the value at (layer l, position t).
 * @name, @title, @description: as in files; as a person reads it; one sentence that says what it is
 * @parts: the sites that it consists of; 0: it is one by itself
 * @kept, @width, @offset: where it is kept; of EG_KEPT_INPUT, from which number of the row on
 * @after: nothing else of its layer reads it, so that a run where it was put begins with the next layer, with
 * rows to which it is added; @added_to: the site (or the row before the layer, for the residual stream's) to
 * whose value it is added then
 * @stays: it changes its own position alone, in its layer
 * @later: the first position that it changes is so much later
 * @carried: what is put there is read by later positions, too
 */
typedef struct
{
  const char *name, *title, *description;
  EgSiteSet parts;
  EgKept kept;
  EgDim width, offset;
  gboolean after;
  EgSite added_to;
  gboolean stays;
  gsize later;
  gboolean carried;
} EgSiteInfo;

/* Whether a run that begins after the site's layer adds its value to a row. */
static inline gboolean
eg_site_is_added (const EgSiteInfo *self)
{
  return self->after && self->kept == EG_KEPT_VALUE;
}

/**
 * EgTensorRole: what becomes of a checkpoint's tensor.
 * @EG_ROLE_MATRIX: an EgMatrix that stays as it lies there
 * @EG_ROLE_TRANSPOSED_MATRIX: the same, transposed
 * @EG_ROLE_SORTED_MATRIX: an EgMatrix of the same dtype whose rows, [groups, parts, …] there, are put in the
 * order [parts, groups, …]
 * @EG_ROLE_VECTOR: a float32 copy
 * @EG_ROLE_TURNED_VECTOR: a float32 copy of a tensor [rows, …, cols] turned to [cols, rows]
 * @EG_ROLE_SORTED_VECTOR: a float32 copy, sorted as the matrix's rows
 */
typedef enum
{
  EG_ROLE_MATRIX,
  EG_ROLE_TRANSPOSED_MATRIX,
  EG_ROLE_SORTED_MATRIX,
  EG_ROLE_VECTOR,
  EG_ROLE_TURNED_VECTOR,
  EG_ROLE_SORTED_VECTOR,
} EgTensorRole;

/**
 * EgTensorSpec: a tensor of a layer. Loading, checking and the way to a device are all made from it.
 * @name: after the layer's prefix
 * @n_dims, @dims: its shape in the checkpoint; 0 stands for 1
 * @offset: of its EgMatrix or const float * in the family's struct of a layer's weights
 * @map: (nullable): applied to each number of a vector
 * @wanted: offset in the family's sizes of a gboolean that says whether it is there, and @field, the name in
 * config.json; 0: always
 * @groups, @parts: of what is sorted
 */
typedef struct
{
  const char *name;
  EgTensorRole role;
  guint8 n_dims;
  EgDim dims[3];
  gsize offset;
  float (*map) (float);
  gsize wanted;
  const char *field;
  EgDim groups;
  guint8 parts;
} EgTensorSpec;

/**
 * EgFlops: products of one row with a layer's matrices, in multiplications.
 * @row, @output: in any layer, row + output; in the last one, whose last position alone is read, `row` a row
 * and `output` once
 * @known_row, @known_output: of those, what a run need not compute in its first layer, whose rows other runs
 * had there before
 */
typedef struct
{
  double row, output, known_row, known_output;
} EgFlops;

/* A number of the sizes, by the name that it has in the field's papers. */
typedef struct
{
  const char *name;
  gsize offset; /* of a gsize in the family's sizes, or, with is_flag, a gboolean */
  gboolean is_flag;
} EgSizeField;

/* A model of the family on Hugging Face's Hub: its name there ("owner/name"); how many numbers it has, as its
 * sizes give them; and how many bytes each takes there, 0 where its files were not looked at. */
typedef struct
{
  const char *name;
  guint64 n_parameters;
  guint bytes_each;
} EgKnownModel;

/**
 * EgFamily:
 * @name: "mamba": as documents have it; @title: "Mamba (selective state space model)"
 * @known: (nullable): models that people have of it, one without a name at the end
 * @recognizes: whether a config.json means this family; @read: reads it into sizes, sizes_size bytes whose
 * beginning is an EgSizes
 * @fields: [n_fields] what is said of the sizes
 * @get_dims: fills in the numbers that EgDim stands for
 * @sites: [n_sites] by EgSite; the first is the residual stream's. @knockout_site: whose paths a knockout
 * cuts; -1: none can be cut
 * @root: the name before all tensors but the head, which some checkpoints leave out
 * @embedding, @positions, @norm, @norm_bias, @head (without the root): names after it, alternatives with |
 * between them; NULL for what there is not
 * @layer_prefix: "layers.%zu."; @tensors: [n_tensors] of a layer; @layer_size: of the struct of its weights
 * @ignored: names of tensors of a layer that are no weights, NULL at the end
 * @row_width: floats of a workspace for one row of a group
 * @get_flops: of the products
 * @own_new, @own_free: the family's own part of a workspace; its buffers are the workspace's
 * @reserve: memory for so many rows
 * @run_layer: one layer over the rows of a group, in place (workspace.h)
 * @run_back: back through one layer (back.h); NULL: the family has no gradients, and so no estimates
 */
typedef struct
{
  const char *name, *title;
  const EgKnownModel *known;
  gboolean (*recognizes) (const EgFields *fields);
  gboolean (*read) (const EgFields *fields, gpointer sizes, GError **error);
  gsize sizes_size;
  const EgSizeField *fields;
  gsize n_fields;
  void (*get_dims) (const EgSizes *sizes, gsize dims[EG_MAX_DIMS]);

  const EgSiteInfo *sites;
  guint n_sites;
  int knockout_site;

  const char *root, *embedding, *positions, *norm, *norm_bias, *head;
  const char *layer_prefix;
  const EgTensorSpec *tensors;
  guint n_tensors;
  gsize layer_size;
  const char *const *ignored;

  gsize (*row_width) (const EgSizes *sizes);
  EgFlops (*get_flops) (const EgSizes *sizes);

  gpointer (*own_new) (void);
  void (*own_free) (gpointer own);
  gboolean (*reserve) (EgWorkspace *workspace, gsize n_rows, GError **error);
  gboolean (*run_layer) (EgWorkspace *workspace, const EgLayerRun *run, GError **error);
  gboolean (*run_back) (EgWorkspace *workspace, const EgLayerBack *back, GError **error);
} EgFamily;

/* A size, or a flag, of the table. */
gsize eg_size_field_get (const EgSizeField *self, const EgSizes *sizes);

/* All families; NULL after the last. */
extern const EgFamily *const eg_families[];

/* Reads a config.json: which family it is, and its sizes. EG_ERROR_FORMAT for a missing, mistyped, absurd or
 * contradicting field (named), EG_ERROR_UNSUPPORTED for a model of no family that is known, with the list of
 * those that are. Returns: (transfer full), to be freed by g_free. */
EgSizes *eg_family_read_config (const char *path, const EgFamily **family, GError **error);

/* Floats of a site's value; 0 for those that are not one row. */
gsize eg_family_site_width (const EgFamily *self, const EgSizes *sizes, EgSite site);

/* The same places with its parts in place of a site that has parts. */
EgSiteSet eg_family_expand_sites (const EgFamily *self, EgSiteSet set);

/* All of them. */
EgSiteSet eg_family_all_sites (const EgFamily *self);

/* The sites whose values a run keeps if others, where these sites are put, are to begin after it. */
EgSiteSet eg_family_sites_below (const EgFamily *self, EgSiteSet set);

G_END_DECLS
