/* Products of gradients with weights as they lie: dx (+)= dy·w. Columns of w are taken a panel at a time,
 * each by some thread, and its rows a piece at a time, so that both stay in the cache; what a piece gives is
 * added to those before, in their order. Nothing is kept: columns side by side are copied faster than weights
 * are read. */
#include "engine/cpu/back.h"

#include "engine/cpu/lane.h"

#include <cblas.h>
#include <string.h>

/* Columns of a panel, and rows of a piece: 384 KiB, as the forward products have them. */
#define PANEL 128
#define PIECE 768

/**
 * @rows: dy, packed piece after piece where the way wants that; else as it lies
 * @piece_floats: of a whole packed piece
 */
typedef struct
{
  EgStream *stream;
  const EgGemmBack *op;
  const float *rows;
  gsize piece_floats;
} Product;

/* Columns column … + n of rows row … + k of w in its own number format, packed or [k, n]. */
static void
copy_piece (const Product *it, void *to, gsize column, gsize n, gsize row, gsize k)
{
  const EgMatrix *w = it->op->w;
  const EgPackedKernels *packed = it->stream->way->packed;
  const gsize element = eg_dtype_get_size (w->dtype), ld = w->transposed ? w->rows : w->cols;
  const guint8 *from
      = (const guint8 *)w->data + (w->transposed ? column * ld + row : row * ld + column) * element;
  if (packed)
    (w->transposed ? packed->pack_panel : packed->pack_columns) (to, from, ld, n, k, element);
  else if (w->transposed)
    eg_cpu_turn (to, from, ld, n, k, element);
  for (gsize j = 0; !packed && !w->transposed && j < k; j++)
    memcpy ((guint8 *)to + j * n * element, from + j * ld * element, n * element);
}

/* Columns column … + n of rows row … + k of w as float32, packed or [k, n]; NULL where there is no memory. */
static const float *
open_piece (const Product *it, gsize thread, gsize column, gsize n, gsize row, gsize k)
{
  const EgMatrix *w = it->op->w;
  const EgPackedKernels *packed = it->stream->way->packed;
  const gsize width = packed ? eg_round_up (n, packed->width) : n;
  void *to = eg_cpu_scratch (it->stream, thread, EG_SCRATCH_PACKED, width * k);
  if (to)
    copy_piece (it, to, column, n, row, k);
  if (!to || w->dtype == EG_DTYPE_F32)
    return to;
  float *wide = eg_cpu_scratch (it->stream, thread, EG_SCRATCH_WIDE, width * k);
  const EgMatrix narrow = { to, w->dtype, k, width, FALSE, FALSE };
  if (wide)
    eg_cpu_widen (it->stream, &narrow, 0, k, wide);
  return wide;
}

/* y = dy's piece · w's, both opened. */
static void
multiply (const Product *it, float *y, gsize ldy, const float *w, gsize n, gsize row, gsize k)
{
  const EgGemmBack *op = it->op;
  const EgPanelProduct product = { .y = y,
                                   .ldy = ldy,
                                   .x = it->rows + row / PIECE * it->piece_floats,
                                   .n_rows = op->n_rows,
                                   .panel = w,
                                   .n = n,
                                   .k = k };
  if (it->stream->way->packed)
    it->stream->way->multiply (&product);
  else
    cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)op->n_rows, (blasint)n, (blasint)k, 1.0f,
                 it->rows + row, (blasint)op->lddy, w, (blasint)n, 0.0f, y, (blasint)ldy);
}

static void
multiply_panel (gpointer data, gsize index, gsize thread)
{
  const Product *it = data;
  const EgGemmBack *op = it->op;
  const gsize column = index * PANEL, n = MIN (PANEL, op->w->cols - column);
  float *dx = op->dx + column;
  for (gsize row = 0; row < op->w->rows; row += PIECE)
    {
      const gsize k = MIN (PIECE, op->w->rows - row);
      const gboolean first = row == 0 && !op->add;
      float *found = first ? dx : eg_cpu_scratch (it->stream, thread, EG_SCRATCH_OP, op->n_rows * n);
      const float *w = open_piece (it, thread, column, n, row, k);
      if (!found || !w)
        return;
      multiply (it, found, first ? op->lddx : n, w, n, row, k);
      for (gsize r = 0; !first && r < op->n_rows; r++)
        it->stream->kernels->add (dx + r * op->lddx, found + r * n, n);
    }
}

/* dy in pieces, by one thread for all. */
static const float *
open_rows (Product *it)
{
  const EgGemmBack *op = it->op;
  const EgPackedKernels *packed = it->stream->way->packed;
  if (!packed)
    return op->dy;
  it->piece_floats = op->n_rows * eg_round_up (PIECE, packed->deep);
  const gsize n_pieces = (op->w->rows + PIECE - 1) / PIECE;
  float *rows = eg_cpu_scratch (it->stream, 0, EG_SCRATCH_ROWS, n_pieces * it->piece_floats);
  for (gsize i = 0; rows && i < n_pieces; i++)
    packed->pack_rows (rows + i * it->piece_floats, op->dy + i * PIECE, op->lddy, op->n_rows,
                       MIN (PIECE, op->w->rows - i * PIECE));
  return rows;
}

void
eg_cpu_back_gemm (EgStream *stream, const EgGemmBack *op)
{
  Product product = { .stream = stream, .op = op };
  if (op->n_rows == 0)
    return;
  product.rows = open_rows (&product);
  if (product.rows)
    eg_team_run (stream->team, (op->w->cols + PANEL - 1) / PANEL, multiply_panel, &product);
}
