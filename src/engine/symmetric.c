/* Symmetric matrices by OpenBLAS and its LAPACK. */
#include "engine/symmetric.h"

#include "core/error.h"

#include <glib/gi18n.h>
#include <cblas.h>
#include <math.h>
#include <string.h>

/* LAPACK's divide and conquer, as Fortran sees it: OpenBLAS installs no header for it everywhere. */
void dsyevd_ (const char *job,
              const char *half,
              const blasint *n,
              double *a,
              const blasint *lda,
              double *eigenvalues,
              double *work,
              const blasint *n_work,
              blasint *integer_work,
              const blasint *n_integer_work,
              blasint *info);

void
eg_symmetric_add_outer (double *a, gsize n, const double *rows, gsize n_rows)
{
  cblas_dsyrk (CblasRowMajor, CblasLower, CblasTrans, (blasint)n, (blasint)n_rows, 1.0, rows, (blasint)n, 1.0,
               a, (blasint)n);
}

void
eg_symmetric_complete (double *a, gsize n)
{
  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; j < i; j++)
      a[j * n + i] = a[i * n + j];
}

/* Eigenvectors into a's rows, eigenvalues into s [n]. */
static gboolean
decompose (double *a, double *s, gsize n, GError **error)
{
  const blasint size = (blasint)n, query = -1;
  blasint n_integers = 0, info = 0;
  double n_doubles = 0;
  dsyevd_ ("V", "U", &size, a, &size, s, &n_doubles, &query, &n_integers, &query, &info);
  const blasint n_work = (blasint)n_doubles;
  g_autofree double *work = g_try_new (double, (gsize)n_work);
  g_autofree blasint *integers = g_try_new (blasint, (gsize)n_integers);
  if (!work || !integers)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_MEMORY,
                   _ ("There is no memory left for the root of a matrix of %zu rows"), n);
      return FALSE;
    }
  dsyevd_ ("V", "U", &size, a, &size, s, work, &n_work, integers, &n_integers, &info);
  if (info == 0)
    return TRUE;
  return eg_error_invalid (error, _ ("A matrix of %zu rows has no eigenvalues that can be found"), n);
}

gboolean
eg_symmetric_root (double *a, gsize n, GError **error)
{
  g_return_val_if_fail (n > 0 && n <= 1 << 15, FALSE);
  for (gsize i = 0; i < n * n; i++)
    if (!isfinite (a[i]))
      return eg_error_invalid (error, _ ("A matrix with values that are not finite has no root"));
  g_autofree double *s = g_new (double, n);
  if (!decompose (a, s, n, error))
    return FALSE;
  /* Σ_k √s_k·v_k·v_kᵀ, of rows scaled by the fourth root. */
  for (gsize k = 0; k < n; k++)
    cblas_dscal ((blasint)n, sqrt (sqrt (fmax (s[k], 0.0))), a + k * n, 1);
  g_autofree double *vectors = g_try_new (double, n *n);
  if (!vectors)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_MEMORY, _ ("There is no memory left for a matrix of %zu rows"),
                   n);
      return FALSE;
    }
  memcpy (vectors, a, n * n * sizeof *a);
  cblas_dsyrk (CblasRowMajor, CblasLower, CblasTrans, (blasint)n, (blasint)n, 1.0, vectors, (blasint)n, 0.0,
               a, (blasint)n);
  eg_symmetric_complete (a, n);
  return TRUE;
}

void
eg_symmetric_multiply (const double *a, gsize n, const double *x, double *y)
{
  cblas_dgemv (CblasRowMajor, CblasNoTrans, (blasint)n, (blasint)n, 1.0, a, (blasint)n, x, 1, 0.0, y, 1);
}
