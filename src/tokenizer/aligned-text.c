/* Normalizes a text and keeps where each byte came from. */
#include "tokenizer/aligned-text.h"

#include "tokenizer/unicode.h"

/* A character on its way through NFC. Of the characters of the old text it takes the place of 1 - change: 1
 * if it was one of them (change 0), none if it is a further part of one (1), several if it composes them (-1
 * …). */
typedef struct
{
  gunichar c;
  gint64 change;
  guint8 combining_class;
} Part;

EgAlignedText *
eg_aligned_text_new (const char *original, gsize start, gsize end)
{
  EgAlignedText *self = g_new (EgAlignedText, 1);
  self->text = g_string_new_len (original + start, (gssize)(end - start));
  self->spans = g_array_new (FALSE, FALSE, sizeof (EgSpan));
  gsize i = start;
  while (i < end)
    {
      const gsize n = (gsize)g_utf8_skip[(guchar)original[i]];
      const EgSpan span = { i, i + n };
      for (; i < span.end; i++)
        g_array_append_val (self->spans, span);
    }
  return self;
}

EgAlignedText *
eg_aligned_text_slice (const EgAlignedText *other, gsize start, gsize end)
{
  EgAlignedText *self = g_new (EgAlignedText, 1);
  self->text = g_string_new_len (other->text->str + start, (gssize)(end - start));
  self->spans = g_array_new (FALSE, FALSE, sizeof (EgSpan));
  g_array_append_vals (self->spans, &g_array_index (other->spans, EgSpan, start), (guint)(end - start));
  return self;
}

void
eg_aligned_text_free (EgAlignedText *self)
{
  g_string_free (self->text, TRUE);
  g_array_unref (self->spans);
  g_free (self);
}

static gboolean
is_ascii (const GString *text)
{
  for (gsize i = 0; i < text->len; i++)
    if ((guchar)text->str[i] >= 0x80)
      return FALSE;
  return TRUE;
}

static int
compare_class (const void *a, const void *b, gpointer data)
{
  const Part *left = a;
  const Part *right = b;
  return (int)left->combining_class - (int)right->combining_class;
}

/* Every run of combining characters in the order of their classes; equal ones stay as they are. */
static void
reorder (GArray *parts)
{
  guint i = 0;
  while (i < parts->len)
    {
      guint end = i;
      while (end < parts->len && g_array_index (parts, Part, end).combining_class != 0)
        end++;
      /* g_qsort_with_data() is a stable sort. */
      if (end - i > 1)
        g_qsort_with_data (&g_array_index (parts, Part, i), (gint)(end - i), sizeof (Part), compare_class,
                           NULL);
      i = end + 1;
    }
}

/* Returns: (transfer full) (element-type Part): the text's canonical decomposition, in canonical order. */
static GArray *
decompose (const GString *text)
{
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (Part));
  const char *end = text->str + text->len;
  for (const char *p = text->str; p < end; p = g_utf8_next_char (p))
    {
      gunichar decomposed[4];
      const gsize n = eg_char_decompose (g_utf8_get_char (p), decomposed);
      for (gsize i = 0; i < n; i++)
        {
          const Part part = { decomposed[i], i > 0, eg_char_combining_class (decomposed[i]) };
          g_array_append_val (parts, part);
        }
    }
  reorder (parts);
  return g_steal_pointer (&parts);
}

/* UAX #15's canonical composition of decomposed parts, which it consumes. Returns: (transfer full). */
static GArray *
compose (GArray *parts)
{
  g_autoptr (GArray) composed = g_array_sized_new (FALSE, FALSE, sizeof (Part), parts->len);
  guint starter = 0;         /* the starter's place in composed */
  gboolean started = FALSE;  /* there is a starter */
  gboolean adjacent = FALSE; /* nothing stands between the starter and this part */
  guint8 previous_class = 0; /* of the last part that was kept since the starter */
  for (guint i = 0; i < parts->len; i++)
    {
      const Part part = g_array_index (parts, Part, i);
      const gboolean blocked = !adjacent && previous_class >= part.combining_class;
      gunichar c;
      if (started && !blocked && eg_char_compose (g_array_index (composed, Part, starter).c, part.c, &c))
        {
          Part *whole = &g_array_index (composed, Part, starter);
          whole->c = c;
          whole->change += part.change - 1;
          continue;
        }
      g_array_append_val (composed, part);
      if (part.combining_class == 0)
        {
          starter = composed->len - 1;
          started = adjacent = TRUE;
        }
      else
        {
          adjacent = FALSE;
          previous_class = part.combining_class;
        }
    }
  return g_steal_pointer (&composed);
}

/* Replaces the text by parts, each with the span of the old character whose place it takes; one that takes no
 * place has the span of the old character before. */
static void
replace (EgAlignedText *self, const GArray *parts)
{
  g_autoptr (GString) text = g_string_sized_new (self->text->len);
  GArray *spans = g_array_sized_new (FALSE, FALSE, sizeof (EgSpan), self->spans->len);
  gsize place = 0;
  for (guint i = 0; i < parts->len; i++)
    {
      const Part *part = &g_array_index (parts, Part, i);
      const gsize from = part->change > 0 && place > 0 ? place - 1 : place;
      const EgSpan span = g_array_index (self->spans, EgSpan, from);
      for (gint64 taken = part->change; taken <= 0; taken++)
        place += (gsize)g_utf8_skip[(guchar)self->text->str[place]];
      g_string_append_unichar (text, part->c);
      while (spans->len < text->len)
        g_array_append_val (spans, span);
    }
  g_string_free (self->text, TRUE);
  self->text = g_steal_pointer (&text);
  g_array_unref (self->spans);
  self->spans = spans;
}

void
eg_aligned_text_normalize (EgAlignedText *self)
{
  if (is_ascii (self->text))
    return;
  g_autoptr (GArray) parts = decompose (self->text);
  g_autoptr (GArray) composed = compose (parts);
  replace (self, composed);
}

void
eg_aligned_text_prefix_space (EgAlignedText *self)
{
  if (self->text->len == 0 || self->text->str[0] == ' ')
    return;
  const EgSpan span = g_array_index (self->spans, EgSpan, 0);
  g_string_prepend_c (self->text, ' ');
  g_array_prepend_val (self->spans, span);
}

EgSpan
eg_aligned_text_get_span (const EgAlignedText *self, gsize start, gsize end)
{
  return (EgSpan){ g_array_index (self->spans, EgSpan, start).start,
                   g_array_index (self->spans, EgSpan, end - 1).end };
}
