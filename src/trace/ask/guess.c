/* Guesses the subject from the capital letters of a prompt. */
#include "trace/ask/guess.h"

#include <string.h>

/* Words that begin many prompts and name nothing. */
static gboolean
names_nothing (const char *word, gsize length)
{
  static const char *const words[]
      = { "The",   "A",   "An",  "In",   "On",    "At",  "Of",   "By",    "For",   "From", "To",
          "With",  "As",  "If",  "When", "Where", "Who", "What", "Which", "Why",   "How",  "Is",
          "Was",   "It",  "He",  "She",  "They",  "We",  "I",    "You",   "This",  "That", "These",
          "Those", "His", "Her", "Its",  "Their", "My",  "Our",  "Your",  "There", "Q",    "Question" };
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (strlen (words[i]) == length && strncmp (words[i], word, length) == 0)
      return TRUE;
  return FALSE;
}

char *
eg_guess_subject (const char *prompt)
{
  const char *best = prompt, *run = NULL;
  gsize best_length = 0;

  for (const char *p = prompt; *p;)
    {
      if (g_unichar_isspace (g_utf8_get_char (p)))
        {
          p = g_utf8_next_char (p);
          continue;
        }
      const char *word = p, *end = p;
      for (; *p && !g_unichar_isspace (g_utf8_get_char (p)); p = g_utf8_next_char (p))
        if (g_unichar_isalnum (g_utf8_get_char (p)))
          end = g_utf8_next_char (p);
      const gunichar first = g_utf8_get_char (word);
      const gboolean names = g_unichar_isupper (first) || (run && g_unichar_isdigit (first));
      if (!names || end == word || (!run && names_nothing (word, (gsize)(end - word))))
        {
          run = NULL;
          continue;
        }
      run = run ? run : word;
      if ((gsize)(end - run) > best_length)
        {
          best = run;
          best_length = (gsize)(end - run);
        }
      /* A sentence's end ends a name, an abbreviation's dot does not. */
      if (*end == ',' || *end == ';' || *end == ':' || *end == '?' || *end == '!')
        run = NULL;
    }
  return g_strndup (best, best_length);
}
