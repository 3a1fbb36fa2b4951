/* Corruptions: what is done to a prompt so that the answer is lost. Noise follows ROME (Meng et al. 2022,
 * experiments/causal_trace.py: its noise levels s, u, t, m and its option replace), drawn from
 * numpy.random.RandomState in its order; swapping follows Zhang & Nanda 2023 (symmetric token replacement).
 *
 * Each setting has one text, the same on the command line, in files and in messages:
 * corruption   gaussian | uniform | student-t:DEGREES | multivariate | swap:TEXT
 * noise scale  prompt | subjects:FILE | embedding | absolute | text:FILE
 * span         subject | tokens:A-B | all */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EgCorruptionKind: g is randn () for all but the uniform.
 * @EG_CORRUPTION_GAUSSIAN: level·σ·g (ROME's s)
 * @EG_CORRUPTION_UNIFORM: level·σ·u, u uniform from −1 to 1 (ROME's u, there with σ = 1)
 * @EG_CORRUPTION_STUDENT_T: √((k − 2)/χ²)·level·σ·g with k degrees of freedom and one χ² a token: the same
 * variance, but heavier tails. With the scale text:FILE, ROME's t: √((k − 2)/χ²)·(mean + root·g)
 * @EG_CORRUPTION_MULTIVARIATE: mean + root·g, of the embeddings over a text (ROME's m)
 * @EG_CORRUPTION_SWAP: the subject is replaced by another text; one run instead of samples
 */
typedef enum
{
  EG_CORRUPTION_GAUSSIAN,
  EG_CORRUPTION_UNIFORM,
  EG_CORRUPTION_STUDENT_T,
  EG_CORRUPTION_MULTIVARIATE,
  EG_CORRUPTION_SWAP,
  EG_N_CORRUPTIONS,
} EgCorruptionKind;

/**
 * EgNoiseScale: to what the noise level is relative.
 * @EG_NOISE_SCALE_PROMPT: σ of the corrupted span's own embedding values (the notebook's rule)
 * @EG_NOISE_SCALE_SUBJECTS: σ of the embedding values of a list of subjects, each line of a file by itself
 * (ROME's s)
 * @EG_NOISE_SCALE_EMBEDDING: σ of the whole embedding table
 * @EG_NOISE_SCALE_ABSOLUTE: 1
 * @EG_NOISE_SCALE_TEXT: mean and covariance of the embeddings over a text, each line of a file by itself;
 * the level is not used
 */
typedef enum
{
  EG_NOISE_SCALE_PROMPT,
  EG_NOISE_SCALE_SUBJECTS,
  EG_NOISE_SCALE_EMBEDDING,
  EG_NOISE_SCALE_ABSOLUTE,
  EG_NOISE_SCALE_TEXT,
  EG_N_NOISE_SCALES,
} EgNoiseScale;

typedef enum
{
  EG_SPAN_SUBJECT,
  EG_SPAN_TOKENS,
  EG_SPAN_ALL,
  EG_N_SPANS,
} EgSpan;

/**
 * EgCorruption:
 * @degrees: of freedom, of student-t; > 2
 * @swap: the text in the subject's place; %NULL for noise
 * @file: of the scales subjects and text; %NULL for others
 * @replace: noise in the embedding's place, not added to it
 * @span_first, @span_last: tokens, inclusive, of the span tokens
 */
typedef struct
{
  EgCorruptionKind kind;
  double degrees;
  char *swap;
  EgNoiseScale scale;
  char *file;
  gboolean replace;
  EgSpan span;
  gsize span_first, span_last;
} EgCorruption;

/* All zero is Gaussian noise by the prompt's σ on the subject. */
void eg_corruption_clear (EgCorruption *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EgCorruption, eg_corruption_clear)
/* to is overwritten, not cleared before. */
void eg_corruption_copy (const EgCorruption *self, EgCorruption *to);
gboolean eg_corruption_equal (const EgCorruption *a, const EgCorruption *b);

/* Take over what a text says. EG_ERROR_INVALID says what can be said. */
gboolean eg_corruption_parse_kind (EgCorruption *self, const char *text, GError **error);
gboolean eg_corruption_parse_scale (EgCorruption *self, const char *text, GError **error);
gboolean eg_corruption_parse_span (EgCorruption *self, const char *text, GError **error);

/* The texts. (transfer full) */
char *eg_corruption_format_kind (const EgCorruption *self);
char *eg_corruption_format_scale (const EgCorruption *self);
char *eg_corruption_format_span (const EgCorruption *self);

/* The words that a text of a kind, a scale or a span may begin with, those with an argument up to its colon:
 * "gaussian", "swap:"; NULL after the last. */
const char *eg_corruption_get_kind_word (guint i);
const char *eg_corruption_get_scale_word (guint i);
const char *eg_corruption_get_span_word (guint i);

/* "Gaussian noise", "Another subject": the name that a person reads. */
const char *eg_corruption_kind_get_title (EgCorruptionKind kind);

/* Whether the noise level means something. */
gboolean eg_corruption_uses_level (const EgCorruption *self);

/* EG_ERROR_INVALID when one of the settings is out of range, or does not go with the kind; or any of them. */
gboolean eg_corruption_check_kind (const EgCorruption *self, GError **error);
gboolean eg_corruption_check_scale (const EgCorruption *self, GError **error);
gboolean eg_corruption_check_span (const EgCorruption *self, GError **error);
gboolean eg_corruption_check (const EgCorruption *self, GError **error);

G_END_DECLS
