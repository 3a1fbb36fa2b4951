/* What a trace would take on an H100, on paper: the plan's own groups, layer by layer, each op at the bound
 * that rules it. Prints the table of kernels/README.md; with --check FILE, fails where that has another one.
 *
 * A trace of 8 tokens whose subject begins at the second, site resid, 10 samples. */
#include "network/mamba1/private.h"
#include "launches.h"

#include "trace/plan/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One H100 SXM by its data sheet, and what parts of it kernels usually reach. */
#define MULTIPROCESSORS  132
#define FLOPS            67e12 /* a second, in FP32 */
#define BYTES            3.35e12
#define BYTES_REACHED    0.8
#define GROUP_ROWS       8192
#define SECONDS_A_LAUNCH 4e-6 /* of a kernel, a product or a table's copy, where nothing hides it */

/* Square tiles of a product, and what part of a multiprocessor's rate such a tile's loop reaches. */
static const struct
{
  double size, reached;
} tiles[] = { { 128, 0.8 }, { 64, 0.6 }, { 32, 0.35 } };

typedef struct
{
  const char *name;
  EgSelectiveSizes config;
} Size;

static const Size sizes[] = {
  { "130m",
    { .sizes = { .n_layers = 24,
                 .d_model = 768,
                 .vocab_size = 50280,
                 .d_input = 3072,
                 .d_memory = 24576,
                 .n_state = 16 },
      .d_inner = 1536,
      .d_state = 16,
      .d_conv = 4,
      .dt_rank = 48 } },
  { "1.4b",
    { .sizes = { .n_layers = 48,
                 .d_model = 2048,
                 .vocab_size = 50280,
                 .d_input = 8192,
                 .d_memory = 65536,
                 .n_state = 16 },
      .d_inner = 4096,
      .d_state = 16,
      .d_conv = 4,
      .dt_rank = 128 } },
  { "2.8b",
    { .sizes = { .n_layers = 64,
                 .d_model = 2560,
                 .vocab_size = 50280,
                 .d_input = 10240,
                 .d_memory = 81920,
                 .n_state = 16 },
      .d_inner = 5120,
      .d_state = 16,
      .d_conv = 4,
      .dt_rank = 160 } },
};
#define N_SIZES G_N_ELEMENTS (sizes)

enum
{
  PRODUCTS,
  HEAD,
  SCAN,
  CONV,
  SOFTPLUS,
  ADD,
  COPIES,
  NORM,
  LOGITS,
  N_PARTS,
};

typedef struct
{
  const EgSelectiveSizes *config;
  double flops[N_PARTS], bytes[N_PARTS], seconds[N_PARTS];
  double row_layers;
  gsize n_groups, visits, widest;
} Roofline;

/* [rows, n] = [rows, k] · [k, n]: whole waves of whole tiles, at least as long as its factors take to read.
 */
static void
add_product (Roofline *self, int part, double rows, double n, double k)
{
  double best = INFINITY;
  if (rows == 0)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (tiles); i++)
    {
      const double size = tiles[i].size, n_tiles = ceil (rows / size) * ceil (n / size);
      const double waves = ceil (n_tiles / MULTIPROCESSORS);
      best = fmin (best, waves * 2 * size * size * k * MULTIPROCESSORS / FLOPS / tiles[i].reached);
    }
  self->flops[part] += 2 * rows * n * k;
  self->seconds[part] += fmax (best, 4 * (rows * n + rows * k + n * k) / (BYTES * BYTES_REACHED));
}

static void
add_bytes (Roofline *self, int part, double floats)
{
  self->bytes[part] += 4 * floats;
  self->seconds[part] += 4 * floats / (BYTES * BYTES_REACHED);
}

/* A group's way through one layer: all its rows and segments that are at work there, and those that begin.
 * Their in_proj is known. In the last layer only what the segments' last rows need. */
static void
add_layer (Roofline *self, double rows, double segments, double new_rows, gboolean known, gboolean last)
{
  const EgSelectiveSizes *it = self->config;
  const double d = (double)it->sizes.d_model, D = (double)it->d_inner, N = (double)it->d_state,
               R = (double)it->dt_rank;
  const double projected = known ? rows - new_rows : rows, out = last ? segments : rows;
  self->row_layers += rows;
  add_bytes (self, NORM, 3 * d * projected);
  add_product (self, PRODUCTS, projected, last ? D : 2 * D, d);
  if (last)
    add_product (self, PRODUCTS, segments, D, d);
  add_bytes (self, COPIES,
             2 * (new_rows * d + (known ? new_rows * 2 * D : 0) + segments * (double)(it->d_conv - 1) * D));
  add_bytes (self, CONV, rows * 2 * D + segments * (double)(it->d_conv - 1) * D);
  add_product (self, PRODUCTS, rows, R + 2 * N, D);
  add_bytes (self, NORM, 2 * rows * D); /* Δ's bias, and what the product that it is added to reads of it */
  add_product (self, PRODUCTS, rows, D, R);
  add_bytes (self, SOFTPLUS, 2 * rows * D);
  add_bytes (self, SCAN, rows * (2 * D + 2 * N) + out * 2 * D + segments * N * D);
  add_product (self, PRODUCTS, out, d, D);
  add_bytes (self, ADD, 3 * out * d);
}

static void
add_head (Roofline *self, double segments)
{
  const double V = (double)self->config->sizes.vocab_size, d = (double)self->config->sizes.d_model;
  add_product (self, HEAD, segments, V, d);
  add_bytes (self, LOGITS, 3 * segments * V); /* written, and read twice */
}

static void
add_group (Roofline *self, const EgGrid *grid, const EgGroup *group)
{
  const gsize L = self->config->sizes.n_layers, n_samples = group->sample_end - group->sample_first;
  gsize rows = 0, i = 0;
  for (gsize l = eg_grid_start_layer (grid, g_array_index (group->cells, gsize, 0)); l < L; l++)
    {
      const gsize before = rows;
      for (; i < group->cells->len; i++)
        {
          const gsize cell = g_array_index (group->cells, gsize, i);
          if (eg_grid_start_layer (grid, cell) > l)
            break;
          rows += (grid->n_tokens - eg_grid_start_position (grid, cell)) * n_samples;
        }
      add_layer (self, (double)rows, (double)(i * n_samples), (double)(rows - before), TRUE, l + 1 == L);
    }
  add_head (self, (double)(group->cells->len * n_samples));
  self->n_groups++;
  self->widest = MAX (self->widest, rows);
}

/* Corrupted runs of one round, and with the first ones the clean run. */
static void
add_corrupted (Roofline *self, const EgPlan *plan, const EgRound *round)
{
  const gsize L = self->config->sizes.n_layers, n = round->sample_end - round->sample_first;
  const gboolean clean = round->sample_first == 0;
  const gsize rows
      = n * (plan->grid.n_tokens - plan->grid.corrupted_first) + (clean ? plan->grid.n_tokens : 0);
  const double segments = (double)(n + clean);
  for (gsize l = 0; l < L; l++)
    add_layer (self, (double)rows, segments, l == 0 ? (double)rows : 0, FALSE, l + 1 == L);
  add_head (self, segments);
}

static Roofline
roofline_of (const EgSelectiveSizes *config)
{
  const EgTraceRequest request = { .sites = (char *[]){ (char *)"resid", NULL }, .window = 1 };
  const EgGrid grid = eg_grid_of (&request, &eg_family_mamba1, config->sizes.n_layers, 8, 1);
  const EgTraceMemory memory = eg_trace_memory_plan (&config->sizes, &grid, 10);
  const EgGroupSizes group_sizes = eg_group_sizes_of (GROUP_ROWS);
  g_autoptr (EgPlan) plan = eg_plan_new (&grid, 10, memory.samples_at_once, &group_sizes);
  Roofline self = { .config = config, .visits = count_layer_visits (plan) };
  for (guint r = 0; r < plan->rounds->len; r++)
    {
      const EgRound *round = plan->rounds->pdata[r];
      add_corrupted (&self, plan, round);
      for (guint g = 0; g < round->groups->len; g++)
        add_group (&self, &grid, round->groups->pdata[g]);
    }
  return self;
}

/* ---- the table ---- */

/* Three digits, or fewer where they say nothing. */
static void
append_number (GString *line, double value, const char *unit)
{
  g_string_append_printf (line, "%.*f %s", value < 10 ? 2 : value < 100 ? 1 : 0, value, unit);
}

static void
append_seconds (GString *line, double seconds)
{
  if (seconds < 1)
    append_number (line, seconds * 1e3, "ms");
  else
    append_number (line, seconds, "s");
}

static void
append_part (GString *text, const Roofline *all, int part, const char *title)
{
  g_string_append_printf (text, "| %s |", title);
  for (gsize i = 0; i < N_SIZES; i++)
    {
      g_string_append_c (text, ' ');
      if (all[i].flops[part] > 0)
        append_number (text, all[i].flops[part] / 1e12, "TFLOP, ");
      else
        append_number (text, all[i].bytes[part] / 1e9, "GB, ");
      append_seconds (text, all[i].seconds[part]);
      g_string_append (text, " |");
    }
  g_string_append_c (text, '\n');
}

static double
sum_from (const Roofline *self, int first)
{
  double sum = 0;
  for (int part = first; part < N_PARTS; part++)
    sum += self->seconds[part];
  return sum;
}

static double
launch_seconds (const Roofline *self)
{
  return (double)self->visits * (LAUNCHES_A_LAYER + TABLES_A_LAYER) * SECONDS_A_LAUNCH;
}

/* A row of what `append` says of each size. */
static void
append_row (GString *text,
            const Roofline *all,
            const char *title,
            void (*append) (GString *, const Roofline *))
{
  g_string_append_printf (text, "| %s |", title);
  for (gsize i = 0; i < N_SIZES; i++)
    {
      g_string_append_c (text, ' ');
      append (text, &all[i]);
      g_string_append (text, " |");
    }
  g_string_append_c (text, '\n');
}

static void
append_groups (GString *text, const Roofline *it)
{
  g_string_append_printf (text, "%zu, %zu", it->n_groups, it->widest);
}

static void
append_row_layers (GString *text, const Roofline *it)
{
  g_string_append_printf (text, "%.0f", it->row_layers);
}

static void
append_others (GString *text, const Roofline *it)
{
  append_seconds (text, sum_from (it, SCAN));
  g_string_append_printf (text, ", %.0f%%", 100 * sum_from (it, SCAN) / sum_from (it, PRODUCTS));
}

static void
append_sum (GString *text, const Roofline *it)
{
  g_string_append (text, "**");
  append_seconds (text, sum_from (it, PRODUCTS));
  g_string_append (text, "**");
}

static void
append_launches (GString *text, const Roofline *it)
{
  g_string_append_printf (text, "%zu x %d, ", it->visits, LAUNCHES_A_LAYER + TABLES_A_LAYER);
  append_seconds (text, launch_seconds (it));
}

static void
append_worst (GString *text, const Roofline *it)
{
  append_seconds (text, sum_from (it, PRODUCTS) + launch_seconds (it));
}

static char *
make_table (void)
{
  static const char *const titles[N_PARTS] = { "products (bound: FP32)",
                                               "head (bound: FP32)",
                                               "scan (bound: memory)",
                                               "convolution",
                                               "softplus",
                                               "add",
                                               "copies of rows",
                                               "RMSNorm, biases",
                                               "logits" };
  GString *text = g_string_new ("| |");
  Roofline all[N_SIZES];
  for (gsize i = 0; i < N_SIZES; i++)
    {
      all[i] = roofline_of (&sizes[i].config);
      g_string_append_printf (text, " %s |", sizes[i].name);
    }
  g_string_append (text, "\n|---|---|---|---|\n");
  append_row (text, all, "groups, rows of the widest", append_groups);
  append_row (text, all, "row-layers", append_row_layers);
  for (int part = 0; part < N_PARTS; part++)
    append_part (text, all, part, titles[part]);
  append_row (text, all, "all but products and head", append_others);
  append_row (text, all, "sum", append_sum);
  append_row (text, all, "layers of groups x launches of each, 4 µs a launch", append_launches);
  append_row (text, all, "sum, if nothing hid a launch", append_worst);
  g_string_append (text, "| wanted | 60 ms | | 6 s |\n");
  return g_string_free (text, FALSE);
}

int
main (int argc, char **argv)
{
  g_autofree char *table = make_table (), *file = NULL;
  g_autoptr (GError) error = NULL;
  if (argc == 1)
    {
      fputs (table, stdout);
      return 0;
    }
  if (argc != 3 || strcmp (argv[1], "--check") != 0 || !g_file_get_contents (argv[2], &file, NULL, &error))
    {
      fprintf (stderr, "roofline: %s\n", error ? error->message : "roofline [--check kernels/README.md]");
      return 2;
    }
  if (strstr (file, table))
    return 0;
  fprintf (stderr, "roofline: %s should have this table:\n%s", argv[2], table);
  return 1;
}
