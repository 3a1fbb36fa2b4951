/* The table of a request's fields, and the few lines that each row needs. */
#include "trace/ask/fields.h"

#include "core/error.h"
#include "trace/ask/request-check.h"
#include "trace/ask/site-names.h"

#include <glib/gi18n.h>
#include <string.h>

/* ---- the subject ---- */

static char *
format_offset (const EgTraceRequest *request)
{
  return g_strdup_printf ("%" G_GSSIZE_FORMAT, request->subject_offset);
}

static gboolean
parse_offset (EgTraceRequest *request, const char *text, GError **error)
{
  gint64 offset;
  if (!g_ascii_string_to_signed (text, 10, -1, G_MAXINT32, &offset, error))
    return FALSE;
  request->subject_offset = (gssize)offset;
  return TRUE;
}

/* ---- the corruption ---- */

static const char *
useless_beside_swap (const EgTraceRequest *request)
{
  return request->corruption.kind == EG_CORRUPTION_SWAP
             ? _ ("swapping the subject draws no noise and makes one run")
             : NULL;
}

static const char *
useless_level (const EgTraceRequest *request)
{
  const char *why = useless_beside_swap (request);
  if (why != NULL || eg_corruption_uses_level (&request->corruption))
    return why;
  return _ ("noise that follows a text has the text’s own level");
}

static const char *
useless_max_samples (const EgTraceRequest *request)
{
  const char *why = useless_beside_swap (request);
  if (why != NULL || request->until_sem > 0)
    return why;
  return _ ("it bounds what --until-sem adds; use --samples");
}

/* Never fewer than it begins with. */
static char *
imply_max_samples (const EgTraceRequest *request)
{
  return g_strdup_printf ("%u", MAX (request->max_samples, request->samples));
}

static gboolean
adds_samples (const EgTraceRequest *request)
{
  return request->until_sem > 0;
}

static char *
format_kind (const EgTraceRequest *request)
{
  return eg_corruption_format_kind (&request->corruption);
}

static gboolean
parse_kind (EgTraceRequest *request, const char *text, GError **error)
{
  return eg_corruption_parse_kind (&request->corruption, text, error);
}

/* Another subject belongs to one prompt, and a file may be gone. */
static gboolean
is_lasting (const EgTraceRequest *request)
{
  return request->corruption.kind != EG_CORRUPTION_SWAP && request->corruption.file == NULL;
}

static char *
remember_kind (const EgTraceRequest *request)
{
  return is_lasting (request) ? format_kind (request) : NULL;
}

static char *
format_scale (const EgTraceRequest *request)
{
  return eg_corruption_format_scale (&request->corruption);
}

static gboolean
parse_scale (EgTraceRequest *request, const char *text, GError **error)
{
  return eg_corruption_parse_scale (&request->corruption, text, error);
}

static char *
remember_scale (const EgTraceRequest *request)
{
  return is_lasting (request) ? format_scale (request) : NULL;
}

static char *
format_span (const EgTraceRequest *request)
{
  return eg_corruption_format_span (&request->corruption);
}

static gboolean
parse_span (EgTraceRequest *request, const char *text, GError **error)
{
  return eg_corruption_parse_span (&request->corruption, text, error);
}

/* Some tokens of one prompt are its subject in others. */
static char *
remember_span (const EgTraceRequest *request)
{
  return is_lasting (request) ? g_strdup (request->corruption.span == EG_SPAN_ALL ? "all" : "subject") : NULL;
}

static char *
remember_replace (const EgTraceRequest *request)
{
  return is_lasting (request) ? g_strdup (request->corruption.replace ? "1" : "0") : NULL;
}

/* ---- what is measured ---- */

static char *
format_main_metric (const EgTraceRequest *request)
{
  return g_strdup (eg_metric_get_name (request->metric));
}

static gboolean
parse_main_metric (EgTraceRequest *request, const char *text, GError **error)
{
  return eg_metric_from_name (text, &request->metric, error);
}

static char *
format_metric (const EgTraceRequest *request)
{
  return request->all_metrics ? g_strdup ("all") : format_main_metric (request);
}

static gboolean
parse_metric (EgTraceRequest *request, const char *text, GError **error)
{
  const gboolean all = g_str_equal (text, "all");
  if (!all && !parse_main_metric (request, text, error))
    return FALSE;
  if (all)
    request->metric = EG_METRIC_PROB;
  request->all_metrics = all;
  return TRUE;
}

static gboolean
equal_metric (const EgTraceRequest *a, const EgTraceRequest *b)
{
  return a->metric == b->metric && !a->all_metrics == !b->all_metrics;
}

static const char *
metric_word (guint i)
{
  return i < EG_N_METRICS ? eg_metric_get_name ((EgMetric)i) : i == EG_N_METRICS ? "all" : NULL;
}

/* The logit difference needs a token of one prompt. */
static char *
remember_metric (const EgTraceRequest *request)
{
  return request->all_metrics || request->metric != EG_METRIC_LOGIT_DIFF ? format_metric (request) : NULL;
}

/* ---- what is restored ---- */

static char *
format_sites (const EgTraceRequest *request)
{
  return eg_site_names_join (request->sites);
}

static gboolean
take_names (char ***list, const char *text, gboolean optional, GError **error)
{
  char **names = eg_site_names_parse (text, optional, error);
  if (names == NULL)
    return FALSE;
  g_strfreev (*list);
  *list = names;
  return TRUE;
}

static gboolean
parse_sites (EgTraceRequest *request, const char *text, GError **error)
{
  return take_names (&request->sites, text, FALSE, error);
}

/* The main one; others have their names in files where their numbers are. */
static char *
format_main_site (const EgTraceRequest *request)
{
  return g_strdup (request->sites[0]);
}

static gboolean
parse_main_site (EgTraceRequest *request, const char *text, GError **error)
{
  char *const names[] = { (char *)text, NULL };
  if (!eg_site_names_check (names, NULL, error))
    return FALSE;
  g_strfreev (request->sites);
  request->sites = g_strdupv ((char **)names);
  return TRUE;
}

static const char *
site_word_or_all (guint i)
{
  const char *name = eg_site_name_at (i);
  return name != NULL || (i > 0 && eg_site_name_at (i - 1) == NULL) ? name : "all";
}

/* A sweep that carries is of the state, and so is a knockout. */
static char *
imply_sites (const EgTraceRequest *request)
{
  return request->has_knockout || request->sweep == EG_SWEEP_CARRY ? g_strdup (eg_site_name_of_knockouts ())
                                                                   : NULL;
}

static char *
format_freeze (const EgTraceRequest *request)
{
  return eg_site_names_join (request->freeze);
}

static gboolean
parse_freeze (EgTraceRequest *request, const char *text, GError **error)
{
  return take_names (&request->freeze, text, TRUE, error);
}

/* A knockout has its own sweep and direction, and no frozen sites. */
static char *
remember_freeze (const EgTraceRequest *request)
{
  return request->has_knockout ? NULL : format_freeze (request);
}

static char *
format_sweep (const EgTraceRequest *request)
{
  return g_strdup (eg_sweep_get_name (request->sweep));
}

static gboolean
parse_sweep (EgTraceRequest *request, const char *text, GError **error)
{
  return eg_sweep_from_name (text, &request->sweep, error);
}

/* A knockout damages the clean run, layer by layer. */
static char *
imply_sweep (const EgTraceRequest *request)
{
  return request->has_knockout ? g_strdup (eg_sweep_get_name (EG_SWEEP_LAYERS)) : NULL;
}

static char *
imply_direction (const EgTraceRequest *request)
{
  return request->has_knockout ? g_strdup (eg_direction_get_name (EG_DIRECTION_DAMAGE)) : NULL;
}

static const char *
sweep_word (guint i)
{
  return i < EG_N_SWEEPS ? eg_sweep_get_name ((EgSweep)i) : NULL;
}

static char *
remember_sweep (const EgTraceRequest *request)
{
  return request->has_knockout ? NULL : format_sweep (request);
}

static char *
format_direction (const EgTraceRequest *request)
{
  return g_strdup (eg_direction_get_name (request->direction));
}

static gboolean
parse_direction (EgTraceRequest *request, const char *text, GError **error)
{
  return eg_direction_from_name (text, &request->direction, error);
}

static const char *
direction_word (guint i)
{
  return i < EG_N_DIRECTIONS ? eg_direction_get_name ((EgDirection)i) : NULL;
}

static char *
remember_steps (const EgTraceRequest *request)
{
  return g_strdup_printf ("%u", request->estimate_steps);
}

static char *
remember_direction (const EgTraceRequest *request)
{
  return request->has_knockout ? NULL : format_direction (request);
}

static char *
format_knockout (const EgTraceRequest *request)
{
  return request->has_knockout ? eg_knockout_to_text (&request->knockout) : NULL;
}

static gboolean
parse_knockout (EgTraceRequest *request, const char *text, GError **error)
{
  EgKnockout knockout = { 0 };
  if (text != NULL && !eg_knockout_parse (text, &knockout, error))
    return FALSE;
  request->has_knockout = text != NULL;
  request->knockout = knockout;
  return TRUE;
}

/* ---- what computes ---- */

static char *
format_device (const EgTraceRequest *request)
{
  return eg_device_get_name (&request->device);
}

static gboolean
parse_device (EgTraceRequest *request, const char *text, GError **error)
{
  return eg_device_from_name (text, &request->device, error);
}

static gboolean
equal_device (const EgTraceRequest *a, const EgTraceRequest *b)
{
  return eg_device_equal (&a->device, &b->device);
}

/* ---- the table ---- */

#define MEMBER(member) G_STRUCT_OFFSET (EgTraceRequest, member)

static const EgFieldInfo infos[EG_N_FIELDS] = {
  [EG_FIELD_PROMPT] = {
    .name = "prompt",
    .type = EG_FIELD_TEXT,
    .offset = MEMBER (prompt),
  },
  [EG_FIELD_SUBJECT] = {
    .name = "subject",
    .type = EG_FIELD_TEXT,
    .offset = MEMBER (subject),
    .option = "subject",
    .letter = 's',
    .metavar = "TEXT",
    .help = N_ ("The part of the prompt to corrupt"),
  },
  [EG_FIELD_SUBJECT_OFFSET] = {
    .name = "subject_offset",
    .type = EG_FIELD_NAME,
    .usual = "-1",
    .format = format_offset,
    .parse = parse_offset,
  },
  [EG_FIELD_TARGET] = {
    .name = "target",
    .type = EG_FIELD_TEXT,
    .offset = MEMBER (target),
    .option = "target",
    .letter = 't',
    .metavar = "TEXT",
    .help = N_ ("The token to follow (default: the model’s first prediction)"),
    .check = eg_check_target,
  },
  [EG_FIELD_SAMPLES] = {
    .name = "samples",
    .setting = "samples",
    .type = EG_FIELD_COUNT,
    .offset = MEMBER (samples),
    .usual = "10",
    .min = 1,
    .max = EG_MAX_SAMPLES,
    .part = EG_FIELD_OF_MEASURE,
    .in_npz = EG_FIELD_ALWAYS,
    .in_json = EG_FIELD_ALWAYS,
    .in_first_files = TRUE,
    .option = "samples",
    .metavar = "N",
    .help = N_ ("Noise draws (default: 10)"),
    .useless = useless_beside_swap,
    .check = eg_check_samples,
  },
  [EG_FIELD_SEED] = {
    .name = "seed",
    .setting = "seed",
    .type = EG_FIELD_COUNT,
    .offset = MEMBER (seed),
    .usual = "1",
    .max = G_MAXUINT32,
    .part = EG_FIELD_OF_MEASURE,
    .in_npz = EG_FIELD_ALWAYS,
    .in_json = EG_FIELD_ALWAYS,
    .in_first_files = TRUE,
    .option = "seed",
    .metavar = "N",
    .help = N_ ("Of NumPy’s RandomState (default: 1)"),
    .useless = useless_beside_swap,
  },
  [EG_FIELD_CORRUPTION] = {
    .name = "corruption",
    .json = "noise.kind",
    .setting = "corruption",
    .type = EG_FIELD_NAME,
    .usual = "gaussian",
    .part = EG_FIELD_OF_CORRUPTION,
    .in_npz = EG_FIELD_ALWAYS,
    .in_json = EG_FIELD_ALWAYS,
    .option = "corrupt",
    .metavar = "HOW",
    .help
    = N_ ("gaussian, uniform, student-t:DEGREES or multivariate noise, or swap:TEXT; tokens:A-B and all are "
          "gaussian with that span (default: gaussian)"),
    .owned = { MEMBER (corruption.swap) },
    .format = format_kind,
    .parse = parse_kind,
    .word = eg_corruption_get_kind_word,
    .remember = remember_kind,
    .check = eg_check_corruption,
  },
  [EG_FIELD_NOISE_LEVEL] = {
    .name = "noise_level",
    .json = "noise.level",
    .setting = "noise-level",
    .type = EG_FIELD_NUMBER,
    .offset = MEMBER (noise_level),
    .usual = "3",
    .max = EG_MAX_NOISE,
    .part = EG_FIELD_OF_MEASURE,
    .in_npz = EG_FIELD_ALWAYS,
    .in_json = EG_FIELD_ALWAYS,
    .in_first_files = TRUE,
    .option = "noise",
    .metavar = "LEVEL",
    .help = N_ ("Noise in standard deviations of the noise scale (default: 3)"),
    .useless = useless_level,
    .check = eg_check_noise_level,
  },
  [EG_FIELD_NOISE_SCALE] = {
    .name = "noise_scale",
    .json = "noise.scale",
    .setting = "noise-scale",
    .type = EG_FIELD_NAME,
    .usual = "prompt",
    .part = EG_FIELD_OF_CORRUPTION,
    .in_npz = EG_FIELD_ALWAYS,
    .in_json = EG_FIELD_ALWAYS,
    .option = "noise-scale",
    .metavar = "SCALE",
    .help
    = N_ ("Standard deviation of prompt (the corrupted span), subjects:FILE or embedding, absolute (1), or "
          "text:FILE (default: prompt)"),
    .owned = { MEMBER (corruption.file) },
    .format = format_scale,
    .parse = parse_scale,
    .word = eg_corruption_get_scale_word,
    .remember = remember_scale,
    .useless = useless_beside_swap,
    .check = eg_check_noise_scale,
  },
  [EG_FIELD_SPAN] = {
    .name = "span",
    .json = "noise.span",
    .setting = "span",
    .type = EG_FIELD_NAME,
    .usual = "subject",
    .part = EG_FIELD_OF_CORRUPTION,
    .in_npz = EG_FIELD_ALWAYS,
    .in_json = EG_FIELD_ALWAYS,
    .option = "span",
    .metavar = "SPAN",
    .help = N_ ("What is corrupted: subject, tokens:A-B or all (default: subject)"),
    .format = format_span,
    .parse = parse_span,
    .word = eg_corruption_get_span_word,
    .remember = remember_span,
    .check = eg_check_span,
  },
  [EG_FIELD_REPLACE] = {
    .name = "replace",
    .json = "noise.replace",
    .setting = "replace",
    .type = EG_FIELD_FLAG,
    .offset = MEMBER (corruption.replace),
    .usual = "0",
    .max = 1,
    .part = EG_FIELD_OF_CORRUPTION,
    .in_npz = EG_FIELD_ALWAYS,
    .in_json = EG_FIELD_ALWAYS,
    .option = "replace",
    .help = N_ ("Put the noise in the embeddings’ place instead of adding it"),
    .useless = useless_beside_swap,
    .remember = remember_replace,
  },
  [EG_FIELD_METRIC] = {
    .name = "metric",
    .setting = "metric",
    .type = EG_FIELD_NAME,
    .usual = "prob",
    .part = EG_FIELD_OF_MEASURE,
    .in_npz = EG_FIELD_ALWAYS,
    .in_json = EG_FIELD_ALWAYS,
    .option = "metric",
    .metavar = "NAME",
    .help
    = N_ ("prob, logprob, logit, logit-diff, kl or rank; all: prob, and the others with it (default: prob)"),
    .format = format_metric,
    .parse = parse_metric,
    .format_in_file = format_main_metric,
    .parse_in_file = parse_main_metric,
    .word = metric_word,
    .equal = equal_metric,
    .remember = remember_metric,
    .check = eg_check_metric,
  },
  [EG_FIELD_AGAINST] = {
    .name = "against",
    .type = EG_FIELD_TEXT,
    .offset = MEMBER (against),
    .part = EG_FIELD_OF_MEASURE,
    .option = "against",
    .metavar = "TEXT",
    .help = N_ ("For logit-diff: the token whose logit is taken off the target’s (default: what the swapped "
                "prompt predicts)"),
    .check = eg_check_against,
  },
  [EG_FIELD_SITES] = {
    .name = "site",
    .setting = "site",
    .type = EG_FIELD_NAME,
    .usual = "resid",
    .part = EG_FIELD_OF_RESTORING,
    .in_npz = EG_FIELD_ALWAYS,
    .in_json = EG_FIELD_ALWAYS,
    .in_first_files = TRUE,
    .option = "site",
    .metavar = "SITES",
    .help = N_ ("What is restored: a site that the model has, as engram-cli info lists them; several with "
                "commas, or all, each traced by itself (default: resid)"),
    .owned = { MEMBER (sites) },
    .owned_list = TRUE,
    .format = format_sites,
    .parse = parse_sites,
    .format_in_file = format_main_site,
    .parse_in_file = parse_main_site,
    .word = site_word_or_all,
    .implied = imply_sites,
    .check = eg_check_sites,
  },
  [EG_FIELD_WINDOW] = {
    .name = "window",
    .setting = "restored-layers",
    .type = EG_FIELD_COUNT,
    .offset = MEMBER (window),
    .usual = "1",
    .min = 1,
    .max = EG_MAX_WINDOW,
    .part = EG_FIELD_OF_RESTORING,
    .in_npz = EG_FIELD_ALWAYS,
    .in_json = EG_FIELD_ALWAYS,
    .in_first_files = TRUE,
    .option = "window",
    .metavar = "N",
    .help = N_ ("Restored in how many layers at once (default: 1)"),
    .check = eg_check_window,
  },
  [EG_FIELD_SWEEP] = {
    .name = "sweep",
    .setting = "sweep",
    .type = EG_FIELD_NAME,
    .usual = "cells",
    .part = EG_FIELD_OF_RESTORING,
    .in_npz = EG_FIELD_ALWAYS,
    .in_json = EG_FIELD_UNUSUAL,
    .option = "sweep",
    .metavar = "NAME",
    .help = N_ ("A result for each of the cells, layers (all tokens of one), or positions (all layers of "
                "one); carry: the state from a token on (default: cells)"),
    .format = format_sweep,
    .parse = parse_sweep,
    .word = sweep_word,
    .implied = imply_sweep,
    .remember = remember_sweep,
    .check = eg_check_sweep,
  },
  [EG_FIELD_DIRECTION] = {
    .name = "direction",
    .setting = "direction",
    .type = EG_FIELD_NAME,
    .usual = "restore",
    .part = EG_FIELD_OF_RESTORING,
    .in_npz = EG_FIELD_ALWAYS,
    .in_json = EG_FIELD_UNUSUAL,
    .option = "direction",
    .metavar = "NAME",
    .help = N_ ("restore clean values in corrupted runs, or damage the clean run with corrupted ones "
                "(default: restore)"),
    .format = format_direction,
    .parse = parse_direction,
    .word = direction_word,
    .implied = imply_direction,
    .remember = remember_direction,
    .check = eg_check_direction,
  },
  [EG_FIELD_FREEZE] = {
    .name = "freeze",
    .setting = "freeze",
    .type = EG_FIELD_NAME,
    .usual = "",
    .part = EG_FIELD_OF_RESTORING,
    .in_npz = EG_FIELD_UNUSUAL,
    .in_json = EG_FIELD_UNUSUAL,
    .option = "freeze",
    .metavar = "SITES",
    .help = N_ ("Sites that keep their values everywhere else, so that no effect goes through them"),
    .owned = { MEMBER (freeze) },
    .owned_list = TRUE,
    .format = format_freeze,
    .parse = parse_freeze,
    .word = eg_site_name_at,
    .remember = remember_freeze,
    .check = eg_check_freeze,
  },
  [EG_FIELD_KNOCKOUT] = {
    .name = "knockout",
    .type = EG_FIELD_NAME,
    .part = EG_FIELD_OF_RESTORING,
    .in_npz = EG_FIELD_UNUSUAL,
    .in_json = EG_FIELD_UNUSUAL,
    .option = "knockout",
    .metavar = "LAYERS:FROM>TO[@HEADS]",
    .help = N_ ("Instead of restoring, cut what the tokens FROM tell the tokens TO through the state or by "
                "attention, in each of the layers and its window, as in 4-12:1-3>7; of some heads alone: "
                "4-12:1-3>7@2-3"),
    .format = format_knockout,
    .parse = parse_knockout,
    .check = eg_check_knockout,
  },
  [EG_FIELD_UNTIL_SEM] = {
    .name = "until_sem",
    .type = EG_FIELD_NUMBER,
    .offset = MEMBER (until_sem),
    .usual = "0",
    .max = 1e6,
    .part = EG_FIELD_OF_MEASURE,
    .in_npz = EG_FIELD_UNUSUAL,
    .in_json = EG_FIELD_UNUSUAL,
    .option = "until-sem",
    .metavar = "ERROR",
    .help = N_ ("Draw more until every cell’s standard error (of --metric all: prob’s) is at most this"),
    .useless = useless_beside_swap,
    .check = eg_check_until_sem,
  },
  [EG_FIELD_MAX_SAMPLES] = {
    .name = "max_samples",
    .type = EG_FIELD_COUNT,
    .offset = MEMBER (max_samples),
    .usual = "1000",
    .min = 1,
    .max = EG_MAX_SAMPLES,
    .part = EG_FIELD_OF_MEASURE,
    .in_npz = EG_FIELD_UNUSUAL,
    .in_json = EG_FIELD_UNUSUAL,
    .option = "max-samples",
    .metavar = "N",
    .help = N_ ("But never more than this (default: 1000)"),
    .useless = useless_max_samples,
    .implied = imply_max_samples,
    .is_set = adds_samples,
    .check = eg_check_max_samples,
  },
  [EG_FIELD_ESTIMATE_STEPS] = {
    .name = "estimate_steps",
    .json = "estimate_steps",
    .setting = "estimate-steps",
    .type = EG_FIELD_COUNT,
    .offset = MEMBER (estimate_steps),
    .usual = "0",
    .max = 100,
    .part = EG_FIELD_OF_MEASURE,
    .in_npz = EG_FIELD_UNUSUAL,
    .in_json = EG_FIELD_UNUSUAL,
    .ignored = TRUE,
    .option = "ig",
    .metavar = "STEPS",
    .help = N_ ("Of an estimate: take the gradients at so many points between the clean and the corrupted run, "
                "and their mean (default: 0, at the run that is changed)"),
    .remember = remember_steps,
  },
  [EG_FIELD_KEEP_SAMPLES] = {
    .name = "keep_samples",
    .type = EG_FIELD_FLAG,
    .offset = MEMBER (keep_samples),
    .usual = "0",
    .max = 1,
    .part = EG_FIELD_OF_MEASURE,
    .in_npz = EG_FIELD_UNUSUAL,
    .option = "keep-samples",
    .help = N_ ("Keep the score of every sample in the .npz, not the means alone"),
  },
  [EG_FIELD_THREADS] = {
    .name = "threads",
    .setting = "threads",
    .type = EG_FIELD_COUNT,
    .offset = MEMBER (threads),
    .usual = "0",
    .max = 1024,
    .part = EG_FIELD_OF_MEASURE,
    .ignored = TRUE,
  },
  [EG_FIELD_DEVICE] = {
    .name = "device",
    .setting = "device",
    .type = EG_FIELD_NAME,
    .usual = "cpu",
    .part = EG_FIELD_OF_MEASURE,
    .format = format_device,
    .parse = parse_device,
    .equal = equal_device,
  },
};

const EgFieldInfo *
eg_trace_field_get_info (EgTraceField field)
{
  g_return_val_if_fail (field < EG_N_FIELDS, NULL);
  return &infos[field];
}

const EgTraceField *
eg_trace_field_list_options (void)
{
  static const EgTraceField options[]
      = { EG_FIELD_SUBJECT,        EG_FIELD_TARGET,      EG_FIELD_CORRUPTION,   EG_FIELD_SPAN,
          EG_FIELD_NOISE_LEVEL,    EG_FIELD_NOISE_SCALE, EG_FIELD_REPLACE,      EG_FIELD_SAMPLES,
          EG_FIELD_UNTIL_SEM,      EG_FIELD_MAX_SAMPLES, EG_FIELD_KEEP_SAMPLES, EG_FIELD_SEED,
          EG_FIELD_METRIC,         EG_FIELD_AGAINST,     EG_FIELD_SITES,        EG_FIELD_SWEEP,
          EG_FIELD_WINDOW,         EG_FIELD_DIRECTION,   EG_FIELD_FREEZE,       EG_FIELD_KNOCKOUT,
          EG_FIELD_ESTIMATE_STEPS, EG_N_FIELDS };
  return options;
}
