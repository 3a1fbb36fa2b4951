/* Reads facts one by one from files of several forms. */
#include "study/facts.h"

#include "core/data.h"
#include "core/error.h"
#include "formats/quote.h"
#include "study/fact-json.h"
#include "study/fact-table.h"

#include <glib/gi18n.h>
#include <string.h>

char *
eg_facts_find_demo (void)
{
  return eg_data_path ("demo/facts.jsonl");
}

/* ---- a file of them ---- */

/* Lines that are kept until it is known what the file is. */
#define MOST_COMMENTS 100

typedef enum
{
  FORM_UNKNOWN,
  FORM_ARRAY,
  FORM_OBJECTS,
  FORM_TABLE,
} Form;

/* A line that was read before it was known, or to know, what it is. */
typedef struct
{
  gsize number, length;
  char *text;
} Line;

static void
line_free (Line *self)
{
  g_free (self->text);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Line, line_free)

/**
 * @text: of what is read at the moment; @pending: (element-type Line): facts of a plain file that are next
 * @index: of the next fact; @step: to the one after it; @ids: id → line of its fact, negative where it is the
 * fact's number
 * @is_first: of an array, nothing was read of it
 */
struct _EgFactReader
{
  EgFactSource *source;
  Form form;
  EgFactTable table;
  GString *text;
  GQueue pending;
  gsize index, step;
  GHashTable *ids;
  gboolean is_first, is_done;
};

/* What was kept of them is no fact, or is not wanted any more. */
static void
drop_comments (EgFactReader *self)
{
  g_queue_clear_full (&self->pending, (GDestroyNotify)line_free);
}

void
eg_fact_reader_free (EgFactReader *self)
{
  eg_fact_source_free (self->source);
  g_string_free (self->text, TRUE);
  drop_comments (self);
  g_hash_table_unref (self->ids);
  g_free (self);
}

void
eg_fact_reader_number (EgFactReader *self, gsize first, gsize step)
{
  self->index = first;
  self->step = step;
}

static void
skip_space (EgFactSource *source)
{
  int c = eg_fact_source_peek (source);
  for (; c == ' ' || c == '\t' || c == '\r' || c == '\n'; c = eg_fact_source_peek (source))
    eg_fact_source_get (source);
}

static void
keep_line (EgFactReader *self, gsize number)
{
  Line *line = g_new (Line, 1);
  *line = (Line){ number, self->text->len, g_memdup2 (self->text->str, self->text->len + 1) };
  g_queue_push_tail (&self->pending, line);
}

/* So many that begin with # and have a tab are no comments. */
static gboolean
has_many_lines (EgFactReader *self)
{
  return g_queue_get_length (&self->pending) >= MOST_COMMENTS;
}

/* Passes over lines that say nothing; one that begins with # and has a tab may be a plain file's fact, and is
 * kept. FALSE at the end. */
static gboolean
skip_lines (EgFactReader *self, GError **error)
{
  for (;;)
    {
      const int c = eg_fact_source_peek (self->source);
      const gsize number = self->source->line;
      if (c == '\n' || c == '\r')
        eg_fact_source_get (self->source);
      else if (c != '#' || (self->form == FORM_TABLE && !self->table.is_plain))
        return c >= 0;
      else if (!eg_fact_source_take_line (self->source, self->text, error))
        return FALSE;
      else if (self->form != FORM_OBJECTS && strchr (self->text->str, '\t') != NULL)
        {
          keep_line (self, number);
          if (self->form == FORM_TABLE || has_many_lines (self))
            return TRUE;
        }
    }
}

/* Of lines that all begin with #. */
static gboolean
begin_plain (EgFactReader *self)
{
  self->form = FORM_TABLE;
  return eg_fact_table_init (&self->table, "\t");
}

/* What the file is, by its beginning. */
static gboolean
find_form (EgFactReader *self, GError **error)
{
  GError *problem = NULL;
  if (!skip_lines (self, &problem))
    {
      if (problem == NULL && self->source->problem != NULL)
        problem = g_error_copy (self->source->problem);
      if (problem == NULL && !g_queue_is_empty (&self->pending))
        return begin_plain (self);
      if (problem == NULL)
        return eg_fact_source_fail (self->source, self->source->line, error, _ ("there are no facts"));
      g_propagate_error (error, problem);
      return FALSE;
    }
  if (has_many_lines (self))
    return begin_plain (self);
  const int c = eg_fact_source_peek (self->source);
  if (c == '[' || c == '{')
    {
      drop_comments (self);
      self->form = c == '[' ? FORM_ARRAY : FORM_OBJECTS;
      if (c == '[')
        eg_fact_source_get (self->source);
      return TRUE;
    }
  self->form = FORM_TABLE;
  const gsize number = self->source->line;
  if (!eg_fact_source_take_line (self->source, self->text, error))
    return FALSE;
  if (self->text->len != strlen (self->text->str) || !g_utf8_validate (self->text->str, -1, NULL))
    return eg_fact_source_fail (self->source, number, error, _ ("it is not valid UTF-8 text"));
  if (!eg_fact_table_init (&self->table, self->text->str))
    return eg_fact_source_fail (self->source, number, error,
                                _ ("this is no file of facts: JSON, a table whose header has prompt and "
                                   "subject, or lines of prompt, tab and subject"));
  if (self->table.is_plain)
    keep_line (self, number);
  else
    drop_comments (self);
  return TRUE;
}

EgFactReader *
eg_fact_reader_open (const char *path, GError **error)
{
  EgFactSource *source = eg_fact_source_open (path, error);
  if (source == NULL)
    return NULL;
  g_autoptr (EgFactReader) self = g_new0 (EgFactReader, 1);
  self->source = source;
  self->text = g_string_new (NULL);
  self->ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->is_first = TRUE;
  self->step = 1;
  return find_form (self, error) ? g_steal_pointer (&self) : NULL;
}

/* ---- the next one ---- */

/* An array's next element: *more is FALSE after its end, behind which nothing may stand. */
static gboolean
find_element (EgFactReader *self, gboolean *more, GError **error)
{
  EgFactSource *source = self->source;
  skip_space (source);
  int c = eg_fact_source_peek (source);
  *more = c != ']';
  if (*more && !self->is_first)
    {
      if (c != ',')
        return eg_fact_source_fail (source, source->line, error, _ ("a comma or a ] is missing"));
      eg_fact_source_get (source);
      skip_space (source);
      c = eg_fact_source_peek (source);
    }
  self->is_first = FALSE;
  if (*more)
    return c == '{'
           || eg_fact_source_fail (source, source->line, error, _ ("an object that is a fact is missing"));
  eg_fact_source_get (source);
  skip_space (source);
  return eg_fact_source_peek (source) < 0
         || eg_fact_source_fail (source, source->line, error, _ ("there is more behind the array"));
}

/* NULL where there is none, or with an error. */
static EgFact *
take_pending (EgFactReader *self, gsize *number, GError **error)
{
  g_autoptr (Line) line = g_queue_pop_head (&self->pending);
  if (line == NULL)
    return NULL;
  *number = line->number;
  if (strlen (line->text) == line->length)
    return eg_fact_table_take (&self->table, self->source, line->number, line->text, error);
  eg_fact_source_fail (self->source, line->number, error, _ ("it is not valid UTF-8 text"));
  return NULL;
}

/* NULL without an error at the end. line: (out): where it begins. */
static EgFact *
read_raw (EgFactReader *self, gsize *line, GError **error)
{
  EgFactSource *source = self->source;
  gboolean more = TRUE;
  if (g_queue_is_empty (&self->pending)
      && (self->form == FORM_ARRAY ? !find_element (self, &more, error) || !more : !skip_lines (self, error)))
    return NULL;
  if (!g_queue_is_empty (&self->pending))
    return take_pending (self, line, error);
  *line = source->line;
  if (self->form == FORM_TABLE)
    return eg_fact_table_read (&self->table, source, error);
  if (self->form == FORM_ARRAY ? !eg_fact_source_take_object (source, self->text, error)
                               : !eg_fact_source_take_line (source, self->text, error))
    return NULL;
  return eg_fact_from_json (source, *line, self->text, error);
}

/* The subject in the place of {}. */
static void
fill_in (EgFact *fact)
{
  if (strstr (fact->prompt, "{}") == NULL)
    return;
  GString *prompt = g_string_new (fact->prompt);
  g_string_replace (prompt, "{}", fact->subject, 0);
  g_free (fact->prompt);
  fact->prompt = g_string_free (prompt, FALSE);
}

static gboolean
is_blank (const char *text)
{
  return text == NULL || *text == '\0';
}

/* line: negative where the id is the fact's number, as it has none of its own. */
static gboolean
take_id (EgFactReader *self, const char *id, gssize line, GError **error)
{
  const gssize other = (gssize)GPOINTER_TO_SIZE (g_hash_table_lookup (self->ids, id));
  const gsize at = (gsize)ABS (line), other_at = (gsize)ABS (other);
  g_autofree char *name = eg_quote (id);
  if (other != 0 && (line < 0 || other < 0))
    return eg_fact_source_fail (
        self->source, at, error,
        _ ("a fact without an id is called by its number, and so two are called “%s”, "
           "this one and that of line %zu: give each an id"),
        name, other_at);
  if (other != 0)
    return eg_fact_source_fail (self->source, at, error, _ ("the fact of line %zu has the id “%s”, too"),
                                other_at, name);
  g_hash_table_insert (self->ids, g_strdup (id), GSIZE_TO_POINTER ((gsize)line));
  return TRUE;
}

static gboolean
complete (EgFactReader *self, EgFact *fact, gsize line, GError **error)
{
  if (is_blank (fact->prompt) || is_blank (fact->subject))
    return eg_fact_source_fail (self->source, line, error,
                                is_blank (fact->prompt) ? _ ("the fact has no prompt")
                                                        : _ ("the fact has no subject"));
  fact->line = line;
  fill_in (fact);
  fact->index = self->index;
  self->index += self->step;
  const gboolean is_number = is_blank (fact->id);
  if (is_number)
    {
      g_free (fact->id);
      fact->id = g_strdup_printf ("%zu", fact->index + 1);
    }
  if (is_blank (fact->target))
    g_clear_pointer (&fact->target, g_free);
  if (is_blank (fact->relation))
    g_clear_pointer (&fact->relation, g_free);
  return take_id (self, fact->id, is_number ? -(gssize)line : (gssize)line, error);
}

gboolean
eg_fact_reader_next (EgFactReader *self, EgFact **fact, GError **error)
{
  gsize line = 0;
  GError *problem = NULL;
  *fact = NULL;
  if (self->is_done)
    return TRUE;
  g_autoptr (EgFact) read = read_raw (self, &line, &problem);
  if (read == NULL && problem == NULL && self->source->problem != NULL)
    problem = g_error_copy (self->source->problem);
  if (read != NULL && problem == NULL)
    complete (self, read, line, &problem);
  self->is_done = read == NULL || problem != NULL;
  if (problem != NULL)
    {
      g_propagate_error (error, problem);
      return FALSE;
    }
  *fact = g_steal_pointer (&read);
  return TRUE;
}
