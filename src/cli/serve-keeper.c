/* A keeper of the engine for one path, whose errors are collected. */
#include "cli/serve-keeper.h"

#include "cli/serve-members.h"
#include "core/error.h"
#include "trace/result/result-io.h"

#include <glib/gi18n.h>

#define ENDING      ".npz"
#define MAX_SECONDS 86400

void
cli_serve_keeper_clear (CliServeKeeper *self)
{
  g_clear_pointer (&self->keeper, eg_trace_keeper_free);
  g_clear_pointer (&self->trouble, g_free);
}

gboolean
cli_serve_keeper_read (CliServeKeeper *self, JsonObject *members, char **field, GError **error)
{
  double seconds = EG_TRACE_KEEPER_SECONDS;
  if (!cli_members_get_text (members, "output", &self->path, field, error)
      || !cli_members_get_number (members, "save-every", 0, MAX_SECONDS, &seconds, field, error))
    return FALSE;
  if (self->path == NULL)
    return TRUE;
  if (!g_str_has_suffix (self->path, ENDING))
    {
      *field = g_strdup ("output");
      return eg_error_invalid (error, _ ("“%s” does not end with .npz"), "output");
    }
  const char *const paths[] = { self->path, NULL };
  self->keeper = eg_trace_keeper_new (paths, seconds);
  return TRUE;
}

static void
set_trouble (CliServeKeeper *self, const GError *problem)
{
  g_free (self->trouble);
  self->trouble = problem != NULL ? g_strdup (problem->message) : NULL;
}

void
cli_serve_keeper_follow (CliServeKeeper *self, const EgTraceProgress *progress)
{
  if (self->keeper == NULL)
    return;
  eg_trace_keeper_follow (self->keeper, progress);
  g_autoptr (GError) problem = eg_trace_keeper_take_error (self->keeper);
  if (problem != NULL)
    set_trouble (self, problem);
}

void
cli_serve_keeper_finish (CliServeKeeper *self, const EgTracePartial *partial, const EgTraceResult *result)
{
  g_autoptr (GError) problem = NULL;
  if (self->keeper == NULL)
    return;
  if (partial != NULL)
    eg_trace_keeper_save (self->keeper, partial, result, &problem);
  else
    {
      /* A save that is under way would come after it. */
      g_clear_pointer (&self->keeper, eg_trace_keeper_free);
      eg_trace_result_save_npz (result, self->path, &problem);
    }
  set_trouble (self, problem);
}
