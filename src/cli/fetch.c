/* Fetches models, with a line on the terminal, and asks a person before. */
#include "cli/fetch.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
show_progress (const EgHubProgress *progress, gpointer user_data)
{
  (void)user_data;
  g_autofree char *done = g_format_size (progress->done), *total = g_format_size (progress->total);
  g_autofree char *rate = progress->rate > 0 ? g_format_size ((guint64)progress->rate) : NULL;
  g_autofree char *text
      = rate != NULL && progress->left >= 0
            /* TRANSLATORS: a file's name; how much of how much; a rate, as “3.1 MB”/s; seconds. */
            ? g_strdup_printf (_ ("%s: %s of %s, %s/s, %.0f s left"), progress->file, done, total, rate,
                               ceil (progress->left))
            /* TRANSLATORS: a file's name; how much of how much. */
            : g_strdup_printf (_ ("%s: %s of %s"), progress->file, done, total);
  fprintf (stderr, "\r\033[K%s", text);
  fflush (stderr);
}

char *
cli_fetch_listing (const EgHubPlace *place, EgHubListing *listing, GCancellable *cancellable, GError **error)
{
  const gboolean terminal = isatty (STDERR_FILENO);
  char *folder = eg_hub_pull (place, listing, terminal ? show_progress : NULL, NULL, cancellable, error);
  if (terminal)
    fputs ("\r\033[K", stderr);
  return folder;
}

char *
cli_fetch (const char *name, const char *revision, GCancellable *cancellable, GError **error)
{
  g_autoptr (EgHubPlace) place = eg_hub_place_new (error);
  g_autoptr (EgHubListing) listing
      = place != NULL ? eg_hub_list (place, name, revision, cancellable, error) : NULL;
  return listing != NULL ? cli_fetch_listing (place, listing, cancellable, error) : NULL;
}

gboolean
cli_fetch_is_wanted (const char *name, gboolean asked)
{
  char answer[16] = "";
  if (strchr (name, '/') == NULL || !eg_hub_is_name (name))
    return FALSE;
  if (asked || !isatty (STDIN_FILENO) || !isatty (STDERR_FILENO))
    return asked;
  /* TRANSLATORS: a question at the terminal; a person types the letter y for yes. */
  fprintf (stderr, _ ("%s is not on this machine. Fetch it from the Hub (y/N)? "), name);
  fflush (stderr);
  return fgets (answer, sizeof answer, stdin) != NULL && (*answer == 'y' || *answer == 'Y');
}
