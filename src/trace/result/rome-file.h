/* Traces that ROME's own programs have saved (https://github.com/kmeng01/rome, experiments/causal_trace.py):
 * an .npz with the fields of the notebook's, but `answer` and `kind` among them, `scores` as [tokens, layers]
 * and a `subject_range` whose end is exclusive. The notebook's project also writes this form, with
 * target_token, prompt and subject beside it: `answer` and `kind` say that it is this one, not the shape,
 * which may be square. */
#pragma once

#include "formats/npz.h"

G_BEGIN_DECLS

/* What such a file says, in Engram's order.
 * @n_layers, @n_tokens, @scores: [n_layers, n_tokens], transposed
 * @subject_first, @subject_last: inclusive
 * @tokens: (array zero-terminated=1): n_tokens of them; @ids: their numbers, or %NULL
 * @target, @prompt, @subject: the file's, or else its answer, its tokens joined, and those of the subject
 * @site: "resid", or what kind says: "mlp", "attn"
 * @window: layers restored together. ROME stores a window beside hidden states, too, which it restores one by
 * one: then 1 */
typedef struct
{
  gsize n_layers, n_tokens, subject_first, subject_last;
  double *scores, low_score, high_score;
  char **tokens;
  gint64 *ids;
  char *target, *prompt, *subject;
  const char *site;
  guint window;
} EgRomeTrace;

/* Whether the file is of this form, by its fields' names. */
gboolean eg_rome_file_is (EgNpz *npz);

/* title: what begins the messages. Returns: (transfer full): NULL with an error of npz.h's, or
 * EG_ERROR_FORMAT that names the field. */
EgRomeTrace *eg_rome_file_read (EgNpz *npz, const char *title, GError **error);

void eg_rome_trace_free (EgRomeTrace *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgRomeTrace, eg_rome_trace_free)

G_END_DECLS
