/* What happens to a named and to a guessed subject while the prompt is edited. */
#include "app/ask/subject-choice.h"

#include "trace/ask/guess.h"

#include <string.h>

void
eg_subject_choice_init (EgSubjectChoice *self)
{
  *self = (EgSubjectChoice){ .named = g_strdup (""), .guess = g_strdup (""), .offset = -1 };
}

void
eg_subject_choice_clear (EgSubjectChoice *self)
{
  g_clear_pointer (&self->named, g_free);
  g_clear_pointer (&self->guess, g_free);
  g_clear_pointer (&self->set_aside, g_free);
}

const char *
eg_subject_choice_get (const EgSubjectChoice *self)
{
  return *self->named != '\0' ? self->named : self->guess;
}

static void
set_named (EgSubjectChoice *self, const char *named, gssize offset)
{
  char *copy = g_strdup (named);

  g_free (self->named);
  self->named = copy;
  self->offset = offset;
}

void
eg_subject_choice_name (EgSubjectChoice *self, const char *named, gssize offset)
{
  set_named (self, named, offset);
  g_clear_pointer (&self->set_aside, g_free);
}

static void
guess (EgSubjectChoice *self, const char *prompt)
{
  g_free (self->guess);
  self->guess = eg_guess_subject (prompt);
}

/* A place that was marked holds as long as the subject stands there. */
static void
check_offset (EgSubjectChoice *self, const char *prompt)
{
  const gssize offset = self->offset;

  if (offset >= 0
      && (offset > g_utf8_strlen (prompt, -1)
          || !g_str_has_prefix (g_utf8_offset_to_pointer (prompt, offset), eg_subject_choice_get (self))))
    self->offset = -1;
}

void
eg_subject_choice_follow (EgSubjectChoice *self, const char *prompt)
{
  guess (self, prompt);
  if (*self->named != '\0' && strstr (prompt, self->named) == NULL)
    {
      g_free (self->set_aside);
      self->set_aside = g_strdup (self->named);
      self->set_aside_offset = self->offset;
      set_named (self, "", -1);
    }
  else if (*self->named == '\0' && self->set_aside != NULL && strstr (prompt, self->set_aside) != NULL)
    {
      set_named (self, self->set_aside, self->set_aside_offset);
      g_clear_pointer (&self->set_aside, g_free);
    }
  check_offset (self, prompt);
}

void
eg_subject_choice_replace (EgSubjectChoice *self, const char *prompt, const char *named, gssize offset)
{
  guess (self, prompt);
  eg_subject_choice_name (self, named, offset);
  check_offset (self, prompt);
}
