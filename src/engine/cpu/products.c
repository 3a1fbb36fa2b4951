/* The ops that multiply by a weight: panel by panel, each on some thread of the stream's team. Panels are the
 * same for any number of threads, and so are the bits. */
#include "engine/cpu/lane.h"
#include "engine/cpu/packs.h"

#include <math.h>
#include <string.h>

void
eg_cpu_widen (EgStream *stream, const EgMatrix *w, gsize first_row, gsize n_rows, float *to)
{
  const guint8 *from = (const guint8 *)w->data + first_row * w->cols * sizeof (guint16);
  if (w->dtype == EG_DTYPE_F16)
    stream->kernels->widen_half (from, n_rows * w->cols, to);
  else
    stream->kernels->widen_bfloat16 (from, n_rows * w->cols, to);
}

/* A weight as its panels are taken.
 * @pack: %NULL: none is kept
 * @turned: they are cut into blocks, and x is packed, rather than the other way round; not where the weight
 * lies transposed, whose columns are packed */
typedef struct
{
  EgStream *stream;
  const EgMatrix *w;
  gsize panel_rows, n_panels;
  EgPack *pack;
  gboolean turned;
} Panels;

static gsize
panel_rows (const EgCpuWay *way, const EgMatrix *w)
{
  const gsize multiple = way->packed ? way->packed->width : 16;
  const gsize rows = way->panel_bytes / sizeof (float) / MAX (w->cols, 1) / multiple * multiple;
  return CLAMP (rows, multiple, MAX (w->rows, multiple));
}

static Panels
panels_of (EgStream *stream, const EgMatrix *w, gsize n_rows_of_x)
{
  Panels it = { .stream = stream, .w = w, .panel_rows = panel_rows (stream->way, w) };
  it.n_panels = (w->rows + it.panel_rows - 1) / it.panel_rows;
  if (stream->way->packed && w->lasting)
    it.pack = eg_packs_find (w, it.panel_rows, stream->way->packed);
  it.turned
      = stream->way->packed && !w->transposed && !(it.pack && eg_pack_is_worth_it (it.pack, n_rows_of_x));
  return it;
}

/* Numbers of w as float32; NULL where there is no memory. */
static const float *
widen (const Panels *it, const void *from, gsize n_rows, gsize thread)
{
  if (it->w->dtype == EG_DTYPE_F32)
    return from;
  float *wide = eg_cpu_scratch (it->stream, thread, EG_SCRATCH_WIDE, n_rows * it->w->cols);
  const EgMatrix narrow = { from, it->w->dtype, n_rows, it->w->cols, FALSE, FALSE };
  if (wide)
    eg_cpu_widen (it->stream, &narrow, 0, n_rows, wide);
  return wide;
}

/* Packed: kept from its first use on, or for this one where another thread is at it or none is kept. */
static const float *
open_packed (const Panels *it, gsize index, gsize first, gsize n, gsize thread)
{
  const EgPackedKernels *packed = it->stream->way->packed;
  const gsize n_rows = eg_round_up (n, packed->width);
  const void *panel = it->pack ? eg_pack_get_panel (it->pack, index) : NULL;
  if (!panel)
    {
      float *to = eg_cpu_scratch (it->stream, thread, EG_SCRATCH_PACKED, n_rows * it->w->cols);
      if (!to)
        return NULL;
      eg_pack_weight (packed, to, it->w, first, n);
      panel = to;
    }
  return widen (it, panel, n_rows, thread);
}

/* Rows of a weight one after the other, [n, k], in its own number format. */
static const void *
open_plain (const Panels *it, gsize first, gsize n, gsize thread)
{
  const gsize element = eg_dtype_get_size (it->w->dtype), k = it->w->cols;
  const guint8 *data = it->w->data;
  if (!it->w->transposed)
    return data + first * k * element;
  float *to = eg_cpu_scratch (it->stream, thread, EG_SCRATCH_PACKED, n * k);
  if (to)
    eg_cpu_turn (to, data + first * element, it->w->rows, k, n, element);
  return to;
}

/* A panel as float32, as the way wants it; valid until the thread's next one; NULL where there is no memory.
 */
static const float *
open_panel (const Panels *it, gsize index, gsize thread)
{
  const EgPackedKernels *packed = it->stream->way->packed;
  const gsize first = index * it->panel_rows, n = MIN (it->panel_rows, it->w->rows - first), k = it->w->cols;
  if (packed && !it->turned)
    return open_packed (it, index, first, n, thread);
  const void *from = open_plain (it, first, n, thread);
  const float *panel = from ? widen (it, from, n, thread) : NULL;
  if (!packed || !panel)
    return panel;
  float *blocks = eg_cpu_scratch (it->stream, thread, EG_SCRATCH_PACKED, n * eg_round_up (k, packed->deep));
  if (blocks)
    packed->pack_rows (blocks, panel, k, n, k);
  return blocks;
}

/* Floats of a row of x as the way wants it. */
static gsize
row_floats (const Panels *it)
{
  const EgPackedKernels *packed = it->stream->way->packed;
  return packed && !it->turned ? eg_round_up (it->w->cols, packed->deep) : it->w->cols;
}

/* Rows of x as the way wants them: `step` of them go together. By one thread for all; NULL where there is no
 * memory. */
static const float *
open_rows (const Panels *it, const float *x, gsize ldx, gsize n_rows, gsize step)
{
  const EgPackedKernels *packed = it->stream->way->packed;
  const gsize width = row_floats (it), k = it->w->cols;
  if (!packed)
    return x;
  const gsize n = it->turned ? eg_round_up (n_rows, packed->width) : n_rows;
  float *rows = eg_cpu_scratch (it->stream, 0, EG_SCRATCH_ROWS, n * width);
  if (rows && it->turned)
    packed->pack_panel (rows, x, ldx, n_rows, k, sizeof *x);
  for (gsize r = 0; rows && !it->turned && r < n_rows; r += step)
    packed->pack_rows (rows + r * width, x + r * ldx, ldx, MIN (step, n_rows - r), k);
  return rows;
}

/* Rows of x by a panel, both opened. */
static void
multiply (const Panels *it, const EgPanelProduct *op)
{
  EgPanelProduct turned = *op;
  turned.x = op->panel;
  turned.n_rows = op->n;
  turned.panel = op->x;
  turned.n = op->n_rows;
  turned.turned = TRUE;
  it->stream->way->multiply (it->turned ? &turned : op);
}

/* ---- gemm ---- */

typedef struct
{
  Panels panels;
  const EgGemm *op;
  const float *x;
} Product;

static void
multiply_panel (gpointer data, gsize index, gsize thread)
{
  const Product *it = data;
  const EgGemm *op = it->op;
  const gsize first = index * it->panels.panel_rows;
  const EgPanelProduct product = { .y = op->y + first,
                                   .ldy = op->ldy,
                                   .x = it->x,
                                   .ldx = op->ldx,
                                   .n_rows = op->n_rows,
                                   .panel = open_panel (&it->panels, index, thread),
                                   .n = MIN (it->panels.panel_rows, op->w->rows - first),
                                   .k = op->w->cols,
                                   .bias = op->bias ? op->bias + first : NULL };
  if (product.panel)
    multiply (&it->panels, &product);
}

void
eg_cpu_gemm (EgStream *stream, const EgGemm *op)
{
  if (op->n_rows == 0)
    return;
  Product product = { panels_of (stream, op->w, op->n_rows), op, NULL };
  product.x = open_rows (&product.panels, op->x, op->ldx, op->n_rows, op->n_rows);
  if (product.x)
    eg_team_run (stream->team, product.panels.n_panels, multiply_panel, &product);
}

/* ---- head ---- */

/* What one part of the head says of one row. */
typedef struct
{
  float max;
  double sum, weighted;
  gsize above;
} HeadPart;

/* The head is asked a part at a time, of a few panels, and each part a few rows at a time. */
typedef struct
{
  Panels panels;
  const EgHead *op;
  const float *x;
  gsize step, part_panels, n_parts;
  HeadPart *parts;         /* [n_parts, n_rows] */
  float *target, *against; /* [n_rows] */
} Head;

/* What is asked of rows r … r + n_rows − 1 of the logits [n_rows, n] of the head's rows from `first` on. */
static void
ask_part (const Head *it, gsize index, gsize r, gsize n_rows, const float *logits, gsize first, gsize n)
{
  const EgHeadQuery *query = it->op->query;
  const EgCpuKernels *kernels = it->panels.stream->kernels;
  for (const gsize end = r + n_rows; r < end; r++, logits += n)
    {
      HeadPart *part = &it->parts[index * it->op->n_rows + r];
      *part = (HeadPart){ .max = -INFINITY };
      kernels->log_sum_exp (logits, n, &part->max, &part->sum);
      if (query->target >= first && query->target < first + n)
        it->target[r] = logits[query->target - first];
      if (query->against >= first && query->against < first + n)
        it->against[r] = logits[query->against - first];
      if (query->weights)
        part->weighted = kernels->weighted_sum (logits, query->weights + first, n);
      if (query->rank)
        part->above = kernels->count_above (logits, n, it->target[r]);
    }
}

static void
head_part (const Head *it, gsize index, gsize thread)
{
  EgStream *stream = it->panels.stream;
  const EgMatrix *head = it->op->head;
  const gsize rows = it->panels.panel_rows, part_rows = it->part_panels * rows, first = index * part_rows;
  const gsize n = MIN (part_rows, head->rows - first), n_panels = (n + rows - 1) / rows;
  const gsize d = head->cols, n_rows = it->op->n_rows, width = row_floats (&it->panels);
  float *logits = eg_cpu_scratch (stream, thread, EG_SCRATCH_OP, it->step * part_rows);
  for (gsize r = 0; logits && r < n_rows; r += it->step)
    {
      EgPanelProduct product = { .ldy = n, .x = it->x + r * width, .ldx = d, .k = d };
      product.n_rows = MIN (it->step, n_rows - r);
      for (gsize p = 0; p < n_panels; p++)
        {
          product.y = logits + p * rows;
          product.panel = open_panel (&it->panels, index * it->part_panels + p, thread);
          product.n = MIN (rows, n - p * rows);
          if (!product.panel)
            return;
          multiply (&it->panels, &product);
        }
      ask_part (it, index, r, product.n_rows, logits, first, n);
    }
}

static gsize
target_part (const Head *it)
{
  return it->op->query->target / (it->part_panels * it->panels.panel_rows);
}

/* The target's part goes before the others, which compare their logits with its. */
static void
head_target_part (gpointer data, gsize index, gsize thread)
{
  const Head *it = data;
  head_part (it, target_part (it), thread);
}

static void
head_other_part (gpointer data, gsize index, gsize thread)
{
  const Head *it = data;
  head_part (it, index < target_part (it) ? index : index + 1, thread);
}

static EgHeadRow
join_parts (const Head *it, gsize r)
{
  const gsize n_rows = it->op->n_rows;
  EgHeadRow row = { .max = -INFINITY, .target = (double)it->target[r], .against = (double)it->against[r] };
  for (gsize p = 0; p < it->n_parts; p++)
    row.max = MAX (row.max, (double)it->parts[p * n_rows + r].max);
  for (gsize p = 0; p < it->n_parts; p++)
    {
      const HeadPart *part = &it->parts[p * n_rows + r];
      row.sum += part->sum * exp ((double)part->max - row.max);
      row.weighted += part->weighted;
      row.above += part->above;
    }
  return row;
}

/* Rows that it asks at a time: whole registers of them where x is what is packed. */
static gsize
head_step (const Panels *it, gsize n_rows)
{
  const EgCpuWay *way = it->stream->way;
  if (way->head_rows == 0)
    return n_rows;
  return it->turned ? eg_round_up (way->head_rows, way->packed->width) : way->head_rows;
}

void
eg_cpu_head (EgStream *stream, const EgHead *op)
{
  const gsize n_rows = op->n_rows;
  if (n_rows == 0)
    return;
  Head it
      = { .panels = panels_of (stream, op->head, n_rows), .op = op, .part_panels = stream->way->head_panels };
  it.step = head_step (&it.panels, n_rows);
  it.x = open_rows (&it.panels, op->x, op->head->cols, n_rows, it.step);
  it.n_parts = (it.panels.n_panels + it.part_panels - 1) / it.part_panels;
  g_autofree HeadPart *parts = g_new0 (HeadPart, it.n_parts * n_rows);
  g_autofree float *target = g_new0 (float, n_rows), *against = g_new0 (float, n_rows);
  it.parts = parts;
  it.target = target;
  it.against = against;
  if (it.x)
    {
      eg_team_run (stream->team, 1, head_target_part, &it);
      eg_team_run (stream->team, it.n_parts - 1, head_other_part, &it);
    }
  for (gsize r = 0; r < n_rows; r++)
    op->answers[r] = join_parts (&it, r);
}
