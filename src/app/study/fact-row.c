/* A fact's texts and numbers, and its states in words. */
#include "app/study/fact-row.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

G_DEFINE_FINAL_TYPE (EgFactRow, eg_fact_row, G_TYPE_OBJECT)

const char *
eg_fact_row_state_get_title (EgFactRowState state)
{
  static const char *const titles[EG_N_FACT_ROW_STATES] = {
    /* TRANSLATORS: of a fact of a study: it has not been looked at yet. */
    [EG_FACT_ROW_WAITING] = N_ ("Waiting"),
    /* TRANSLATORS: of a fact of a study: it was traced. */
    [EG_FACT_ROW_TRACED] = N_ ("Traced"),
    /* TRANSLATORS: of a fact of a study: the model does not know it. */
    [EG_FACT_ROW_UNKNOWN] = N_ ("Not known"),
    /* TRANSLATORS: of a fact of a study: corrupting its subject changes nothing. */
    [EG_FACT_ROW_UNAFFECTED] = N_ ("Unaffected"),
    /* TRANSLATORS: of a fact of a study: it could not be traced. */
    [EG_FACT_ROW_FAILED] = N_ ("Failed"),
  };
  return _ (titles[state]);
}

const char *
eg_fact_row_state_describe (EgFactRowState state)
{
  static const char *const texts[EG_N_FACT_ROW_STATES] = {
    [EG_FACT_ROW_WAITING] = N_ ("Its turn has not come yet"),
    [EG_FACT_ROW_TRACED] = N_ ("It was traced, and counts in the averages"),
    [EG_FACT_ROW_UNKNOWN] = N_ ("The model predicts another answer: set apart"),
    [EG_FACT_ROW_UNAFFECTED] = N_ ("Corrupting the subject hardly lowers the answer: set apart"),
    [EG_FACT_ROW_FAILED] = N_ ("It could not be traced"),
  };
  return _ (texts[state]);
}

double
eg_fact_row_get_effect (const EgFactRow *self)
{
  return self->clean - self->corrupted;
}

static gboolean
has_text (const char *hay, const char *text)
{
  if (hay == NULL)
    return FALSE;
  g_autofree char *folded = g_utf8_casefold (hay, -1);
  return strstr (folded, text) != NULL;
}

gboolean
eg_fact_row_contains (const EgFactRow *self, const char *text)
{
  return has_text (self->prompt, text) || has_text (self->answer, text) || has_text (self->relation, text);
}

static void
eg_fact_row_finalize (GObject *object)
{
  EgFactRow *self = EG_FACT_ROW (object);

  g_free (self->id);
  g_free (self->prompt);
  g_free (self->subject);
  g_free (self->relation);
  g_free (self->answer);
  g_free (self->message);
  G_OBJECT_CLASS (eg_fact_row_parent_class)->finalize (object);
}

static void
eg_fact_row_class_init (EgFactRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = eg_fact_row_finalize;
}

static void
eg_fact_row_init (EgFactRow *self)
{
  self->clean = self->corrupted = NAN;
}

EgFactRow *
eg_fact_row_new (const EgFact *fact)
{
  EgFactRow *self = g_object_new (EG_TYPE_FACT_ROW, NULL);

  self->index = (guint)fact->index;
  self->id = g_strdup (fact->id);
  self->prompt = g_strdup (fact->prompt);
  self->subject = g_strdup (fact->subject);
  self->relation = g_strdup (fact->relation);
  self->answer = g_strdup (fact->target);
  return self;
}
