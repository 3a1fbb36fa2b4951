/* Expands ~ and variables in a path. */
#include "library/expand-path.h"

#include <pwd.h>
#include <string.h>

/* The home folder of the person of that name, or of whoever runs this, for "". (nullable) */
static char *
find_home (const char *person)
{
  const char *home = g_getenv ("HOME");
  if (*person == '\0')
    return g_strdup (home != NULL ? home : g_get_home_dir ());
  struct passwd record, *found = NULL;
  char buffer[4096];
  return getpwnam_r (person, &record, buffer, sizeof buffer, &found) == 0 && found != NULL
             ? g_strdup (found->pw_dir)
             : NULL;
}

static char *
expand_home (const char *path)
{
  if (*path != '~')
    return g_strdup (path);
  const gsize length = strcspn (path, "/");
  g_autofree char *person = g_strndup (path + 1, length - 1);
  g_autofree char *home = find_home (person);
  return home != NULL ? g_strconcat (home, path + length, NULL) : g_strdup (path);
}

static gboolean
is_name_character (char c)
{
  return g_ascii_isalnum (c) || c == '_';
}

/* After a "$": how long the reference is, with its braces, and the variable's name; 0 if it is none. */
static gsize
read_reference (const char *text, char **name)
{
  if (*text == '{')
    {
      const char *end = strchr (text, '}');
      *name = end != NULL ? g_strndup (text + 1, (gsize)(end - text - 1)) : NULL;
      return end != NULL ? (gsize)(end - text) + 1 : 0;
    }
  gsize length = 0;
  while (is_name_character (text[length]))
    length++;
  *name = length > 0 ? g_strndup (text, length) : NULL;
  return length;
}

static char *
expand_variables (const char *path)
{
  GString *text = g_string_new (NULL);
  while (*path != '\0')
    {
      g_autofree char *name = NULL;
      const gsize length = *path == '$' ? read_reference (path + 1, &name) : 0;
      const char *value = name != NULL ? g_getenv (name) : NULL;
      if (value != NULL)
        g_string_append (text, value);
      else
        g_string_append_len (text, path, (gssize)length + 1);
      path += length + 1;
    }
  return g_string_free (text, FALSE);
}

char *
eg_expand_path (const char *path)
{
  g_autofree char *at_home = expand_home (path);
  g_autofree char *expanded = expand_variables (at_home);
  return g_canonicalize_filename (expanded, NULL);
}
