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

/* A weight as its panels are taken. */
typedef struct
{
  EgStream *stream;
  const EgMatrix *w;
  gsize panel_rows, n_panels;
  EgPack *pack; /* NULL: each is packed when it is used, where the way wants that */
} Panels;

static gsize
panel_rows (const EgCpuWay *way, const EgMatrix *w)
{
  const gsize multiple = way->packed ? way->packed->width : 16;
  const gsize rows = way->panel_bytes / sizeof (float) / MAX (w->cols, 1) / multiple * multiple;
  return CLAMP (rows, multiple, MAX (w->rows, multiple));
}

static Panels
panels_of (EgStream *stream, const EgMatrix *w)
{
  Panels it = { .stream = stream, .w = w, .panel_rows = panel_rows (stream->way, w) };
  it.n_panels = (w->rows + it.panel_rows - 1) / it.panel_rows;
  if (stream->way->packed && w->lasting)
    it.pack = eg_packs_find (w, it.panel_rows, stream->way->packed);
  return it;
}

/* A panel as float32, packed where the way wants that, for so many rows of x; valid until the thread's next
 * one; NULL where there is no memory. */
static const float *
open_panel (const Panels *it, gsize index, gsize n_rows_of_x, gsize thread)
{
  const EgMatrix *w = it->w;
  const EgPackedKernels *packed = it->stream->way->packed;
  const gsize first = index * it->panel_rows, n = MIN (it->panel_rows, w->rows - first);
  const gsize element = eg_dtype_get_size (w->dtype);
  gsize n_rows = n;
  const void *panel = (const guint8 *)w->data + first * w->cols * element;
  if (packed)
    {
      const void *ready = it->pack ? eg_pack_get_panel (it->pack, index, n_rows_of_x) : NULL;
      n_rows = (n + packed->width - 1) / packed->width * packed->width;
      if (!ready)
        {
          float *to = eg_cpu_scratch (it->stream, thread, EG_SCRATCH_PACKED, n_rows * w->cols);
          if (!to)
            return NULL;
          packed->pack_panel (to, panel, n, w->cols, element);
          ready = to;
        }
      panel = ready;
    }
  if (w->dtype == EG_DTYPE_F32)
    return panel;
  float *wide = eg_cpu_scratch (it->stream, thread, EG_SCRATCH_WIDE, n_rows * w->cols);
  if (!wide)
    return NULL;
  const EgMatrix narrow = { panel, w->dtype, n_rows, w->cols, FALSE };
  eg_cpu_widen (it->stream, &narrow, 0, n_rows, wide);
  return wide;
}

/* Floats of a packed row of x. */
static gsize
packed_width (const EgPackedKernels *packed, gsize k)
{
  return (k + packed->deep - 1) / packed->deep * packed->deep;
}

/* Rows of x as the way wants them: `step` of them go together. By one thread for all; NULL where there is no
 * memory. */
static const float *
open_rows (EgStream *stream, const float *x, gsize ldx, gsize n_rows, gsize k, gsize step)
{
  const EgPackedKernels *packed = stream->way->packed;
  if (!packed)
    return x;
  const gsize width = packed_width (packed, k);
  float *rows = eg_cpu_scratch (stream, 0, EG_SCRATCH_ROWS, n_rows * width);
  for (gsize r = 0; rows && r < n_rows; r += step)
    packed->pack_rows (rows + r * width, x + r * ldx, ldx, MIN (step, n_rows - r), k);
  return rows;
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
                                   .panel = open_panel (&it->panels, index, op->n_rows, thread),
                                   .n = MIN (it->panels.panel_rows, op->w->rows - first),
                                   .k = op->w->cols,
                                   .bias = op->bias ? op->bias + first : NULL };
  if (product.panel)
    it->panels.stream->way->multiply (&product);
}

void
eg_cpu_gemm (EgStream *stream, const EgGemm *op)
{
  if (op->n_rows == 0)
    return;
  Product product = { panels_of (stream, op->w), op,
                      open_rows (stream, op->x, op->ldx, op->n_rows, op->w->cols, op->n_rows) };
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
  const gsize d = head->cols, n_rows = it->op->n_rows;
  const gsize width = stream->way->packed ? packed_width (stream->way->packed, d) : d;
  float *logits = eg_cpu_scratch (stream, thread, EG_SCRATCH_OP, it->step * part_rows);
  for (gsize r = 0; logits && r < n_rows; r += it->step)
    {
      EgPanelProduct product = { .ldy = n, .x = it->x + r * width, .ldx = d, .k = d };
      product.n_rows = MIN (it->step, n_rows - r);
      for (gsize p = 0; p < n_panels; p++)
        {
          product.y = logits + p * rows;
          product.panel = open_panel (&it->panels, index * it->part_panels + p, n_rows, thread);
          product.n = MIN (rows, n - p * rows);
          if (!product.panel)
            return;
          stream->way->multiply (&product);
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

void
eg_cpu_head (EgStream *stream, const EgHead *op)
{
  const gsize n_rows = op->n_rows, step = stream->way->head_rows > 0 ? stream->way->head_rows : n_rows;
  if (n_rows == 0)
    return;
  Head it = { .panels = panels_of (stream, op->head),
              .op = op,
              .x = open_rows (stream, op->x, op->head->cols, n_rows, op->head->cols, step),
              .step = step,
              .part_panels = stream->way->head_panels };
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
