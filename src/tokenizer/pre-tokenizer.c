/* Cuts a text into words, step by step. */
#include "tokenizer/pre-tokenizer.h"

#include "tokenizer/byte-level.h"
#include "tokenizer/unicode.h"

typedef enum
{
  BYTE_LEVEL,
  DIGITS,
  PUNCTUATION,
  SPLIT,
} Kind;

typedef struct
{
  Kind kind;
  gboolean add_prefix_space, use_regex; /* ByteLevel */
  EgSplitBehavior behavior;
  EgSplitPattern *pattern;
  gboolean invert;
} Step;

struct _EgPreTokenizer
{
  GArray *steps;
};

static void
clear_step (gpointer data)
{
  g_clear_pointer (&((Step *)data)->pattern, eg_split_pattern_free);
}

EgPreTokenizer *
eg_pre_tokenizer_new (void)
{
  EgPreTokenizer *self = g_new (EgPreTokenizer, 1);
  self->steps = g_array_new (FALSE, FALSE, sizeof (Step));
  g_array_set_clear_func (self->steps, clear_step);
  return self;
}

void
eg_pre_tokenizer_free (EgPreTokenizer *self)
{
  g_array_unref (self->steps);
  g_free (self);
}

static Step *
find_byte_level (const EgPreTokenizer *self)
{
  for (guint i = 0; i < self->steps->len; i++)
    if (g_array_index (self->steps, Step, i).kind == BYTE_LEVEL)
      return &g_array_index (self->steps, Step, i);
  return NULL;
}

gboolean
eg_pre_tokenizer_has_byte_level (const EgPreTokenizer *self)
{
  return find_byte_level (self) != NULL;
}

gboolean
eg_pre_tokenizer_is_plain (const EgPreTokenizer *self)
{
  const Step *step = find_byte_level (self);
  return self->steps->len == 1 && step != NULL && step->use_regex;
}

gboolean
eg_pre_tokenizer_add_byte_level (EgPreTokenizer *self, gboolean add_prefix_space, gboolean use_regex)
{
  const Step step = { .kind = BYTE_LEVEL, .add_prefix_space = add_prefix_space, .use_regex = use_regex };
  if (find_byte_level (self) != NULL)
    return FALSE;
  g_array_append_val (self->steps, step);
  return TRUE;
}

void
eg_pre_tokenizer_add_digits (EgPreTokenizer *self, gboolean individual)
{
  const Step step = { .kind = DIGITS, .behavior = individual ? EG_SPLIT_ISOLATED : EG_SPLIT_CONTIGUOUS };
  g_array_append_val (self->steps, step);
}

void
eg_pre_tokenizer_add_punctuation (EgPreTokenizer *self, EgSplitBehavior behavior)
{
  const Step step = { .kind = PUNCTUATION, .behavior = behavior };
  g_array_append_val (self->steps, step);
}

void
eg_pre_tokenizer_add_split (EgPreTokenizer *self,
                            EgSplitPattern *pattern,
                            EgSplitBehavior behavior,
                            gboolean invert)
{
  const Step step = { .kind = SPLIT, .pattern = pattern, .behavior = behavior, .invert = invert };
  g_array_append_val (self->steps, step);
}

void
eg_pre_tokenizer_set_prefix_space (EgPreTokenizer *self, gboolean add_prefix_space)
{
  find_byte_level (self)->add_prefix_space = add_prefix_space;
}

/* ---- parts of a text ---- */

static gboolean
is_punctuation (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONNECT_PUNCTUATION:
    case G_UNICODE_DASH_PUNCTUATION:
    case G_UNICODE_CLOSE_PUNCTUATION:
    case G_UNICODE_FINAL_PUNCTUATION:
    case G_UNICODE_INITIAL_PUNCTUATION:
    case G_UNICODE_OTHER_PUNCTUATION:
    case G_UNICODE_OPEN_PUNCTUATION:
      return TRUE;
    default:
      return c < 0x80 && g_ascii_ispunct ((char)c);
    }
}

/* Each character that step looks for, and what stands between. */
static GArray *
cut_characters (const Step *step, const char *text, gsize length)
{
  GArray *parts = g_array_new (FALSE, FALSE, sizeof (EgSplitPart));
  gsize covered = 0, i = 0;
  while (i < length)
    {
      const gunichar c = g_utf8_get_char (text + i);
      const gsize end = i + (gsize)g_utf8_skip[(guchar)text[i]];
      if (step->kind == DIGITS ? eg_char_class (c) == EG_CHAR_NUMBER : is_punctuation (c))
        {
          const EgSplitPart between = { covered, i, FALSE }, match = { i, end, TRUE };
          if (covered < i)
            g_array_append_val (parts, between);
          g_array_append_val (parts, match);
          covered = end;
        }
      i = end;
    }
  const EgSplitPart rest = { covered, length, FALSE };
  if (covered < length)
    g_array_append_val (parts, rest);
  return parts;
}

static EgSplitPart *
last_of (GArray *parts)
{
  return parts->len > 0 ? &g_array_index (parts, EgSplitPart, parts->len - 1) : NULL;
}

/* Each part takes the match before it along. Those that were taken are left empty. */
static void
merge_with_next (GArray *parts)
{
  gboolean after_match = FALSE;
  EgSplitPart *next = NULL;
  for (guint i = parts->len; i > 0; i--)
    {
      EgSplitPart *part = &g_array_index (parts, EgSplitPart, i - 1);
      const gboolean joins = part->is_match && !after_match && next != NULL;
      after_match = part->is_match;
      if (!joins)
        {
          next = part;
          continue;
        }
      next->start = part->start;
      part->end = part->start;
    }
}

/* Joins or drops parts as the behavior says. Returns: (transfer full). */
static GArray *
join (GArray *parts, EgSplitBehavior behavior)
{
  GArray *joined = g_array_new (FALSE, FALSE, sizeof (EgSplitPart));
  gboolean after_match = FALSE;
  if (behavior == EG_SPLIT_MERGED_WITH_NEXT)
    merge_with_next (parts);
  for (guint i = 0; i < parts->len; i++)
    {
      const EgSplitPart part = g_array_index (parts, EgSplitPart, i);
      EgSplitPart *last = last_of (joined);
      const gboolean joins = behavior == EG_SPLIT_CONTIGUOUS
                                 ? part.is_match == after_match
                                 : behavior == EG_SPLIT_MERGED_WITH_PREVIOUS && part.is_match && !after_match;
      after_match = part.is_match;
      if (joins && last != NULL)
        last->end = part.end;
      else if (!(behavior == EG_SPLIT_REMOVED && part.is_match))
        g_array_append_val (joined, part);
    }
  return joined;
}

/* Returns: (transfer full) (element-type EgSplitPart): NULL with an error. */
static GArray *
cut (const Step *step, const char *text, gsize length, GError **error)
{
  g_autoptr (GArray) parts = step->kind == SPLIT ? eg_split_pattern_cut (step->pattern, text, length, error)
                                                 : cut_characters (step, text, length);
  if (parts == NULL)
    return NULL;
  for (guint i = 0; step->invert && i < parts->len; i++)
    {
      EgSplitPart *part = &g_array_index (parts, EgSplitPart, i);
      part->is_match = !part->is_match;
    }
  return join (parts, step->behavior);
}

/* The same for bytes: in their alphabet, and the parts counted in bytes again. */
static GArray *
cut_bytes (const Step *step, const char *bytes, gsize n, GError **error)
{
  g_autoptr (GString) spelled = g_string_sized_new (2 * n);
  g_autofree gsize *places = g_new (gsize, 2 * n + 1); /* of each byte of spelled, and of its end */
  for (gsize i = 0; i < n; i++)
    {
      const gsize from = spelled->len;
      g_string_append_unichar (spelled, eg_byte_level_char ((guint8)bytes[i]));
      for (gsize k = from; k < spelled->len; k++)
        places[k] = i;
    }
  places[spelled->len] = n;
  GArray *parts = cut (step, spelled->str, spelled->len, error);
  for (guint i = 0; parts != NULL && i < parts->len; i++)
    {
      EgSplitPart *part = &g_array_index (parts, EgSplitPart, i);
      part->start = places[part->start];
      part->end = places[part->end];
    }
  return parts;
}

/* ---- steps ---- */

static void
free_text (gpointer data)
{
  eg_aligned_text_free (data);
}

static GPtrArray *
new_texts (void)
{
  return g_ptr_array_new_with_free_func (free_text);
}

typedef void (*TakeText) (EgAlignedText *text /* (transfer full) */, gpointer data);

static void
cut_byte_level (const Step *step, EgAlignedText *text, TakeText take, gpointer data)
{
  if (step->add_prefix_space)
    eg_aligned_text_prefix_space (text);
  const gsize length = text->text->len;
  gsize n = length;
  for (gsize start = 0; start < length; start += n)
    {
      if (step->use_regex)
        n = eg_word_length (text->text->str + start, length - start);
      take (eg_aligned_text_slice (text, start, start + n), data);
    }
}

static void
add_text (EgAlignedText *text, gpointer data)
{
  g_ptr_array_add (data, text);
}

typedef struct
{
  EgWordFunc word;
  gpointer data;
} Receiver;

/* A long text's words are never all there at once. */
static void
pass_word (EgAlignedText *text, gpointer data)
{
  const Receiver *receiver = data;
  receiver->word (text, receiver->data);
  eg_aligned_text_free (text);
}

static gboolean
add_parts (const Step *step, const EgAlignedText *text, gboolean encoded, GPtrArray *out, GError **error)
{
  const GString *string = text->text;
  g_autoptr (GArray) parts = encoded ? cut_bytes (step, string->str, string->len, error)
                                     : cut (step, string->str, string->len, error);
  for (guint i = 0; parts != NULL && i < parts->len; i++)
    {
      const EgSplitPart *part = &g_array_index (parts, EgSplitPart, i);
      if (part->start < part->end)
        g_ptr_array_add (out, eg_aligned_text_slice (text, part->start, part->end));
    }
  return parts != NULL;
}

/* All parts that a step makes of the texts. Returns: (transfer full): NULL with an error. */
static GPtrArray *
run_step (const Step *step, GPtrArray *texts, gboolean encoded, GError **error)
{
  g_autoptr (GPtrArray) next = new_texts ();
  for (guint i = 0; i < texts->len; i++)
    if (step->kind == BYTE_LEVEL)
      cut_byte_level (step, texts->pdata[i], add_text, next);
    else if (!add_parts (step, texts->pdata[i], encoded, next, error))
      return NULL;
  return g_steal_pointer (&next);
}

gboolean
eg_pre_tokenizer_run (
    const EgPreTokenizer *self, const EgAlignedText *text, EgWordFunc word, gpointer data, GError **error)
{
  Receiver receiver = { word, data };
  g_autoptr (GPtrArray) texts = new_texts ();
  gboolean encoded = FALSE;
  g_ptr_array_add (texts, eg_aligned_text_slice (text, 0, text->text->len));
  for (guint i = 0; i < self->steps->len; i++)
    {
      const Step *step = &g_array_index (self->steps, Step, i);
      if (step->kind == BYTE_LEVEL && i + 1 == self->steps->len)
        {
          for (guint k = 0; k < texts->len; k++)
            cut_byte_level (step, texts->pdata[k], pass_word, &receiver);
          return TRUE;
        }
      GPtrArray *next = run_step (step, texts, encoded, error);
      if (next == NULL)
        return FALSE;
      encoded = encoded || step->kind == BYTE_LEVEL;
      g_ptr_array_unref (texts);
      texts = next;
    }
  for (guint i = 0; i < texts->len; i++)
    word (texts->pdata[i], data);
  return TRUE;
}
