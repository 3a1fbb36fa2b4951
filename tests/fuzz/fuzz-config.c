/* config.json: what a family reads from it must be sizes of a network whose tensors can be counted. */
#include "fuzz.h"
#include "network/family.h"

/* Of one layer's tensors: their numbers of elements, by the family's table, fit into a size in bytes. */
static void
check_tensors (const EgFamily *family, const EgSizes *sizes)
{
  gsize dims[EG_MAX_DIMS] = { 0 };
  family->get_dims (sizes, dims);
  for (guint i = 0; i < family->n_tensors; i++)
    {
      const EgTensorSpec *spec = &family->tensors[i];
      gsize n_bytes = sizeof (double);
      for (guint d = 0; d < spec->n_dims; d++)
        if (spec->dims[d] != 0)
          g_assert (g_size_checked_mul (&n_bytes, n_bytes, dims[spec->dims[d]]));
    }
}

static void
check_sizes (const EgFamily *family, const EgSizes *sizes)
{
  g_assert (sizes->n_layers >= 1 && sizes->d_model >= 1 && sizes->vocab_size >= 1 && sizes->d_input >= 1);
  g_assert (sizes->norm_eps >= 0 && sizes->norm_eps <= 1);
  check_tensors (family, sizes);
  for (gsize i = 0; i < family->n_fields; i++)
    g_assert (!family->fields[i].is_flag || eg_size_field_get (&family->fields[i], sizes) <= 1);
  for (EgSite site = 0; site < family->n_sites; site++)
    g_assert ((eg_family_site_width (family, sizes, site) == 0) == (family->sites[site].width == 0));
  const EgFlops flops = family->get_flops (sizes);
  g_assert (flops.row >= 0 && flops.output >= 0 && flops.known_row <= flops.row
            && flops.known_output <= flops.output);
  g_assert (family->row_width (sizes) >= 1);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  GError *error = NULL;
  const EgFamily *family = NULL;
  g_autofree EgSizes *sizes = eg_family_read_config (fuzz_file (data, size), &family, &error);
  fuzz_check (sizes != NULL, &error);
  if (sizes != NULL)
    check_sizes (family, sizes);
  return 0;
}
