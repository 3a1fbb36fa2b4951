/* What the commands of engram-cli share: options, exit codes, errors and standard output. */
#pragma once

#include "engine/device.h"
#include "library/model.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Exit codes. */
enum
{
  CLI_DONE = 0,
  CLI_FAILED = 1,
  CLI_USAGE = 2,
  CLI_INTERRUPTED = 130,
  CLI_TERMINATED = 143,
};

/**
 * CliCommand:
 * @usage: what follows the name: "PROMPT --subject TEXT [OPTION…]"
 * @summary: one line for the list of commands; @description: what --help says more, or %NULL
 * @is_without_model: opens none, so that it has no options of models and devices
 * @run: gets the command's name as argv[0]; its value is the exit code
 */
typedef struct
{
  const char *name, *usage, *summary, *description;
  gboolean is_without_model;
  int (*run) (int argc, char **argv);
} CliCommand;

extern const CliCommand cli_predict, cli_tokenize, cli_trace, cli_plot, cli_compare, cli_info, cli_models,
    cli_study, cli_pull, cli_bench, cli_serve, cli_describe;

/* Those that --help lists; ended by %NULL. */
extern const CliCommand *const cli_commands[];

/**
 * CliOptions: the options of every command; to be zeroed before and cleared after.
 * @model: a folder or a name (library/locate.h), or %NULL for the demo model
 * @tokenizer: a file, or %NULL
 * @pull: whether a model that is not here is fetched (fetch.h)
 * @device: what traces; the first GPU that can be used, if none is named
 * @gemm_text: what multiplies on the processor, or %NULL for the best; chosen once parsed
 * @arguments: what is no option, at least `{ NULL }` once parsed
 */
typedef struct
{
  char *model, *tokenizer, *threads_text, *device_text, *precision_text, *gemm_text;
  guint threads;
  EgDevice device;
  gboolean json, help, pull;
  char **arguments;
} CliOptions;

void cli_options_clear (CliOptions *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliOptions, cli_options_clear)

/* Parses the command's own entries (texts as G_OPTION_ARG_FILENAME, so that they come as they were typed) and
 * the common ones. FALSE when the program is to end with *status: the help is printed, or the error is. */
gboolean cli_options_parse (CliOptions *self,
                            const CliCommand *command,
                            const GOptionEntry *entries,
                            int argc,
                            char **argv,
                            int *status);

/* Calls function with each option of a command, in the order of its help. */
typedef void (*CliOptionFunc) (const GOptionEntry *entry, gpointer data);
void cli_options_visit (const CliCommand *command, CliOptionFunc function, gpointer data);

/* Whether that is what a command is run for now: one that has parts runs them all. An option of several is
 * shown once. */
gboolean cli_options_are_visited (void);

/* The one argument; FALSE, said, with *status when there is none or more than one. `what`: "prompt". */
gboolean
cli_options_get_argument (const CliOptions *self, const char *what, const char **argument, int *status);

/* FALSE, said, when text is not valid UTF-8. `what`: "the prompt". */
gboolean cli_check_text (const char *what, const char *text);

/* A number as the options take it, inside [min, max] and nothing after it; FALSE, said, otherwise. */
gboolean cli_parse_integer (const char *option, const char *text, guint64 min, guint64 max, guint64 *value);

/* "engram-cli: …" on standard error, in one line. cli_fail() returns the exit code (an interruption says
 * nothing). */
void cli_say (const char *format, ...) G_GNUC_PRINTF (1, 2);
int cli_fail (const GError *error);

/* Opens the model that the options name. */
EgModel *cli_open_model (const CliOptions *options, GError **error);

/* Standard output, always UTF-8, never by way of g_print(). cli_flush() is FALSE once nothing more arrives
 * there: the reader is gone, or the disk is full. */
void cli_print (const char *format, ...) G_GNUC_PRINTF (1, 2);
gboolean cli_flush (void);
void cli_print_json (JsonObject *document); /* (transfer full) */
/* On one line. (transfer none) */
void cli_print_json_line (JsonObject *object);

/* A text from outside on one line: valid UTF-8, a space for each control character. (transfer full) */
char *cli_one_line (const char *text);

/* A token's text for a person: control characters and line ends as visible signs. (transfer full) */
char *cli_visible_token (const char *text);

/* Flushes; the exit code of the whole program, with the error said unless the reader is merely gone. */
int cli_end (int status);

G_END_DECLS
