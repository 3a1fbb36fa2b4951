/* Options, errors and standard output as all commands have them. */
#include "cli/common.h"

#include "cli/fetch.h"
#include "cli/interrupt.h"
#include "core/number.h"
#include "engine/cpu/openblas.h"
#include "library/locate.h"
#include "trace/result/result-io.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define GETTEXT_DOMAIN "engram"

static int output_errno;

/* Of cli_options_visit(): instead of parsing, each option is shown to it. */
static CliOptionFunc visitor;
static gpointer visitor_data;
static GHashTable *visited;

void
cli_options_clear (CliOptions *self)
{
  g_free (self->model);
  g_free (self->tokenizer);
  g_free (self->threads_text);
  g_free (self->device_text);
  g_free (self->precision_text);
  g_free (self->gemm_text);
  g_strfreev (self->arguments);
}

static void
show_entries (const GOptionEntry *entries)
{
  for (const GOptionEntry *entry = entries; visitor != NULL && entry != NULL && entry->long_name != NULL;
       entry++)
    if (*entry->long_name != '\0' && g_hash_table_add (visited, (gpointer)entry->long_name))
      visitor (entry, visitor_data);
}

static GOptionContext *
new_context (const CliCommand *command, const GOptionEntry *entries, CliOptions *options)
{
  const GOptionEntry of_models[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &options->model,
      N_ ("The model’s folder, or its name as “engram-cli models” lists it (default: the demo model)"),
      "MODEL" },
    { "pull", 0, 0, G_OPTION_ARG_NONE, &options->pull,
      N_ ("Fetch the model from Hugging Face’s Hub if it is not on this machine"), NULL },
    { "tokenizer", 0, 0, G_OPTION_ARG_FILENAME, &options->tokenizer,
      N_ ("The tokenizer.json to use (default: the model’s; else GPT-NeoX’s)"), "FILE" },
    { "threads", 0, 0, G_OPTION_ARG_FILENAME, &options->threads_text,
      N_ ("Worker threads (default: one a processor)"), "N" },
    { "device", 0, 0, G_OPTION_ARG_FILENAME, &options->device_text,
      N_ ("What traces: auto, cpu, cuda, or cuda:1 for the second GPU (default: auto, a GPU that can be "
          "used)"),
      "NAME" },
    { "precision", 0, 0, G_OPTION_ARG_FILENAME, &options->precision_text,
      N_ ("How a GPU multiplies: fp32, tf32 or bf16 (default: fp32)"), "NAME" },
    { "gemm", 0, 0, G_OPTION_ARG_FILENAME, &options->gemm_text,
      N_ ("What multiplies on the processor: auto, engram (packed weights) or openblas (default: auto)"),
      "NAME" },
    { NULL },
  };
  const GOptionEntry common[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json,
      N_ ("One JSON document on standard output, and nothing else"), NULL },
    { "help", 'h', 0, G_OPTION_ARG_NONE, &options->help, N_ ("Show this help"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->arguments, NULL, NULL },
    { NULL },
  };
  GOptionContext *context = g_option_context_new (NULL);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_set_summary (context, _ (command->summary));
  show_entries (entries);
  if (!command->is_without_model)
    show_entries (of_models);
  show_entries (common);
  if (entries != NULL)
    g_option_context_add_main_entries (context, entries, GETTEXT_DOMAIN);
  if (!command->is_without_model)
    g_option_context_add_main_entries (context, of_models, GETTEXT_DOMAIN);
  g_option_context_add_main_entries (context, common, GETTEXT_DOMAIN);
  return context;
}

/* GLib's text from the line of the summary on; its first line would name the program in its own way. */
static char *
help_text (const CliCommand *command, GOptionContext *context)
{
  g_autofree char *glib = g_option_context_get_help (context, TRUE, NULL);
  const char *options = strstr (glib, _ (command->summary));
  GString *text = g_string_new (NULL);
  /* TRANSLATORS: the name of a command, what follows it, and the list of its options. */
  g_string_append_printf (text, _ ("Usage: engram-cli %s %s\n\n%s"), command->name, command->usage, options);
  if (command->description != NULL)
    g_string_append_printf (text, "%s\n", _ (command->description));
  else
    g_string_truncate (text, text->len - 1);
  return g_string_free (text, FALSE);
}

gboolean
cli_options_parse (CliOptions *self,
                   const CliCommand *command,
                   const GOptionEntry *entries,
                   int argc,
                   char **argv,
                   int *status)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GOptionContext) context = new_context (command, entries, self);
  if (visitor != NULL)
    {
      *status = CLI_DONE;
      return FALSE;
    }
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      cli_say (_ ("%s (engram-cli %s --help lists the options)"), error->message, command->name);
      *status = CLI_USAGE;
      return FALSE;
    }
  if (self->arguments == NULL)
    self->arguments = g_new0 (char *, 1);
  if (self->help)
    {
      g_autofree char *text = help_text (command, context);
      cli_print ("%s", text);
      *status = CLI_DONE;
      return FALSE;
    }
  guint64 threads = 0;
  if (self->threads_text != NULL && !cli_parse_integer ("--threads", self->threads_text, 1, 1024, &threads))
    {
      *status = CLI_USAGE;
      return FALSE;
    }
  self->threads = (guint)threads;
  if ((self->device_text != NULL && !eg_device_from_name (self->device_text, &self->device, &error))
      || (self->precision_text != NULL
          && !eg_precision_from_name (self->precision_text, &self->device.precision, &error))
      || (self->gemm_text != NULL && !eg_backend_cpu_choose_gemm (self->gemm_text, &error)))
    {
      cli_fail (error);
      *status = CLI_USAGE;
      return FALSE;
    }
  if (self->gemm_text != NULL)
    eg_openblas_choose_core (NULL);
  return TRUE;
}

void
cli_options_visit (const CliCommand *command, CliOptionFunc function, gpointer data)
{
  char *arguments[] = { (char *)command->name, NULL };
  visitor = function;
  visitor_data = data;
  visited = g_hash_table_new (g_str_hash, g_str_equal);
  command->run (1, arguments);
  g_clear_pointer (&visited, g_hash_table_unref);
  visitor = NULL;
}

gboolean
cli_options_are_visited (void)
{
  return visitor != NULL;
}

gboolean
cli_options_get_argument (const CliOptions *self, const char *what, const char **argument, int *status)
{
  const guint n = g_strv_length (self->arguments);
  *status = CLI_USAGE;
  if (n == 0)
    /* TRANSLATORS: “prompt”, “text” or “saved trace (.npz)”. */
    cli_say (_ ("Missing: %s"), what);
  else if (n > 1)
    cli_say (ngettext ("There is %u argument where only one belongs (%s); quote a text that has spaces",
                       "There are %u arguments where only one belongs (%s); quote a text that has spaces", n),
             n, what);
  *argument = self->arguments[0];
  return n == 1;
}

gboolean
cli_check_text (const char *what, const char *text)
{
  const char *end;
  if (text == NULL || g_utf8_validate (text, -1, &end))
    return TRUE;
  cli_say (_ ("%s is not valid UTF-8: its byte %zu is 0x%02x"), what, (gsize)(end - text) + 1,
           (guint)(guchar)*end);
  return FALSE;
}

gboolean
cli_parse_integer (const char *option, const char *text, guint64 min, guint64 max, guint64 *value)
{
  g_autoptr (GError) error = NULL;
  if (eg_parse_integer (option, text, min, max, value, &error))
    return TRUE;
  cli_fail (error);
  return FALSE;
}

char *
cli_one_line (const char *text)
{
  char *line = g_utf8_make_valid (text, -1);
  for (char *c = line; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = ' ';
  return line;
}

void
cli_say (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *raw = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autofree char *text = cli_one_line (raw);
  fprintf (stderr, "engram-cli: %s\n", text);
}

int
cli_fail (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return cli_interrupt_status () != 0 ? cli_interrupt_status () : CLI_FAILED;
  cli_say ("%s", error->message);
  return CLI_FAILED;
}

/* Fetches the model that is named if it is not here, and a person wants that. FALSE when that fails. */
static gboolean
pull_if_wanted (const CliOptions *options, GError **error)
{
  g_autofree char *here = options->model != NULL ? eg_model_locate (options->model, NULL) : NULL;
  if (options->model == NULL || here != NULL || !cli_fetch_is_wanted (options->model, options->pull))
    return TRUE;
  g_autofree char *folder = cli_fetch (options->model, NULL, cli_interrupt_cancellable (), error);
  return folder != NULL;
}

EgModel *
cli_open_model (const CliOptions *options, GError **error)
{
  const EgTokenizerChoice choice = { .given = options->tokenizer };
  g_autofree char *name = options->model != NULL ? g_strdup (options->model) : eg_model_find_demo ();
  if (!pull_if_wanted (options, error))
    return NULL;
  return eg_model_open_with_tokenizer (name, &choice, cli_interrupt_cancellable (), error);
}

void
cli_print (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  errno = 0;
  if (output_errno == 0 && vfprintf (stdout, format, arguments) < 0)
    output_errno = errno != 0 ? errno : EIO;
  va_end (arguments);
}

gboolean
cli_flush (void)
{
  if (output_errno == 0 && fflush (stdout) != 0)
    output_errno = errno;
  return output_errno == 0;
}

void
cli_print_json (JsonObject *document)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), document);
  json_object_unref (document);
  g_autofree char *text = eg_json_to_text (node, TRUE);
  cli_print ("%s\n", text);
}

void
cli_print_json_line (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  g_autofree char *text = eg_json_to_text (node, FALSE);
  cli_print ("%s\n", text);
}

char *
cli_visible_token (const char *text)
{
  GString *visible = g_string_new (NULL);
  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    {
      const gunichar unichar = g_utf8_get_char (c);
      if (unichar == '\n')
        g_string_append (visible, "⏎");
      else if (unichar == '\t')
        g_string_append (visible, "⇥");
      else if (g_unichar_iscntrl (unichar))
        g_string_append (visible, "␦");
      else
        g_string_append_unichar (visible, unichar);
    }
  return g_string_free (visible, FALSE);
}

int
cli_end (int status)
{
  if (cli_flush () || status != CLI_DONE)
    return status;
  if (output_errno != EPIPE)
    cli_say (_ ("Standard output cannot be written: %s"), g_strerror (output_errno));
  return CLI_FAILED;
}
