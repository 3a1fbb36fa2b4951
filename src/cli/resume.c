/* Goes on with a trace from its file, and leaves one that can be gone on with. */
#include "cli/resume.h"

#include "cli/interrupt.h"

#include <glib/gi18n.h>
#include <string.h>

/* ---- going on ---- */

static gboolean
agree (const char *path,
       const char *prompt,
       const CliRequestOptions *typed,
       const CliOptions *options,
       const EgTraceRequest *request)
{
  if (!cli_check_text (_ ("The prompt"), prompt) || !cli_request_options_agree (typed, request, path))
    return FALSE;
  if (prompt != NULL && !g_str_equal (prompt, request->prompt))
    {
      cli_say (_ ("%s goes on with its own prompt: leave the prompt out, or trace anew without --resume"),
               path);
      return FALSE;
    }
  const gboolean device_differs
      = options->device_text != NULL
        && (options->device.kind != request->device.kind || options->device.index != request->device.index);
  if (!device_differs
      && (options->precision_text == NULL || options->device.precision == request->device.precision))
    return TRUE;
  cli_say (_ ("%s goes on where it was computed: leave out --%s, or trace anew without --resume"), path,
           device_differs ? "device" : "precision");
  return FALSE;
}

EgSavedTrace *
cli_resume_load (const char *path,
                 const char *prompt,
                 const CliRequestOptions *typed,
                 const CliOptions *options,
                 int *status)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgSavedTrace) self = eg_saved_trace_load (path, &error);
  if (self == NULL || (!self->result->complete && !eg_saved_trace_check (self, &error)))
    {
      *status = cli_fail (error);
      return NULL;
    }
  *status = CLI_USAGE;
  return agree (path, prompt, typed, options, self->request != NULL ? self->request : self->result->request)
             ? g_steal_pointer (&self)
             : NULL;
}

void
cli_resume_complete_options (const EgSavedTrace *self, CliOptions *options)
{
  const gboolean has_folder = self->folder != NULL && g_file_test (self->folder, G_FILE_TEST_IS_DIR);
  if (options->model == NULL)
    options->model = g_strdup (has_folder ? self->folder : self->result->model);
  if (options->tokenizer == NULL)
    options->tokenizer = g_strdup (self->tokenizer);
}

/* ---- stopping ---- */

const char **
cli_resume_list_files (char *const *outputs)
{
  GPtrArray *files = g_ptr_array_new ();
  for (gsize i = 0; outputs != NULL && outputs[i] != NULL; i++)
    {
      const gsize n = strlen (outputs[i]);
      if (n >= 4 && g_ascii_strcasecmp (outputs[i] + n - 4, ".npz") == 0)
        g_ptr_array_add (files, outputs[i]);
    }
  g_ptr_array_add (files, NULL);
  return (const char **)g_ptr_array_free (files, FALSE);
}

/* A file's name as a shell takes it: quoted where it must be. (transfer full) */
static char *
quote (const char *path)
{
  const char *plain = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_./+-=@%,:";
  return path[strspn (path, plain)] == '\0' ? g_strdup (path) : g_shell_quote (path);
}

void
cli_resume_leave (EgTraceKeeper *keeper,
                  const char *const *files,
                  const EgTracePartial *left,
                  const EgTraceResult *result,
                  double share)
{
  g_autoptr (GError) error = NULL;
  if (files[0] == NULL)
    return;
  if (left == NULL || result == NULL)
    {
      cli_say (_ ("Stopped before anything was computed: %s is as it was"), files[0]);
      return;
    }
  cli_interrupt_hold (TRUE);
  const gboolean saved = eg_trace_keeper_save (keeper, left, result, &error);
  cli_interrupt_hold (FALSE);
  g_autofree char *quoted = quote (files[0]);
  if (saved)
    /* TRANSLATORS: a percentage, a file's name, and the same in a command, which is to be typed as it is. */
    cli_say (_ ("Stopped at %.0f%%, which %s has: “engram-cli trace --resume %s” goes on from there"),
             100 * share, files[0], quoted);
  else
    cli_fail (error);
}
