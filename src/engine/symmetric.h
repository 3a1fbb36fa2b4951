/* Symmetric matrices in double precision, by OpenBLAS and the LAPACK in it: for statistics of embeddings, on
 * the host, whatever the backend. Dense [n, n], all of it filled, n at most 2¹⁵. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* a += Σ_r rows[r]·rows[r]ᵀ; rows [n_rows, n]. Only the lower half of a is touched until
 * eg_symmetric_complete(). */
void eg_symmetric_add_outer (double *a, gsize n, const double *rows, gsize n_rows);
void eg_symmetric_complete (double *a, gsize n);

/* In place, a positive semidefinite a becomes its only positive semidefinite root V·diag (√s)·Vᵀ; eigenvalues
 * that rounding made negative count as 0. EG_ERROR_MEMORY, or EG_ERROR_INVALID for NaN or infinite values. */
gboolean eg_symmetric_root (double *a, gsize n, GError **error);

/* y = a·x; y and x [n], not the same. */
void eg_symmetric_multiply (const double *a, gsize n, const double *x, double *y);

G_END_DECLS
