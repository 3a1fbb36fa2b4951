/* A text that knows, byte by byte, which bytes of the original each part of it came from. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bytes of the original text, end exclusive; both on character boundaries. */
typedef struct
{
  gsize start;
  gsize end;
} EgSpan;

typedef struct
{
  GString *text; /* valid UTF-8 */
  GArray *spans; /* of EgSpan, one a byte of text */
} EgAlignedText;

/* Bytes start … end of original as they are. Returns: (transfer full). */
EgAlignedText *eg_aligned_text_new (const char *original, gsize start, gsize end);

/* Bytes start … end of other, with their spans. Returns: (transfer full). */
EgAlignedText *eg_aligned_text_slice (const EgAlignedText *other, gsize start, gsize end);

void eg_aligned_text_free (EgAlignedText *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgAlignedText, eg_aligned_text_free)

/* Normalization form C. The spans are those of `tokenizers`: a character that is composed of several, or that
 * others were reordered around, keeps the span of the first of the characters whose place it takes. */
void eg_aligned_text_normalize (EgAlignedText *self);

/* Puts a space before the text unless it is empty or begins with one; it takes the first character's span. */
void eg_aligned_text_prefix_space (EgAlignedText *self);

/* What bytes start … end of the text, start < end, came from. */
EgSpan eg_aligned_text_get_span (const EgAlignedText *self, gsize start, gsize end);

G_END_DECLS
