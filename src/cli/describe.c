/* engram-cli describe: the options as completions for a shell and as a manual page, from the tables that
 * parse them. Not among the commands that --help lists: the build calls it. */
#include "cli/common.h"
#include "engine/device.h"
#include "plot/figure.h"
#include "trace/ask/fields.h"

#include <string.h>

typedef struct
{
  GString *text;
  const CliCommand *command;
} Description;

typedef const char *(*GetName) (guint i);

static const char *
colormap_name (guint i)
{
  return i < EG_N_COLORMAPS ? eg_colormap_get_name ((EgColormap)i) : NULL;
}

static const char *
orientation_name (guint i)
{
  return i < EG_N_ORIENTATIONS ? eg_orientation_get_name ((EgOrientation)i) : NULL;
}

static const char *
scale_name (guint i)
{
  return i < EG_N_SCALES ? eg_scale_get_name ((EgScale)i) : NULL;
}

static const char *
picture_name (guint i)
{
  return i < EG_N_PICTURES ? eg_picture_get_name ((EgPicture)i) : NULL;
}

static const char *
length_name (guint i)
{
  static const char *const names[] = { "column", "page" };
  return i < G_N_ELEMENTS (names) ? names[i] : NULL;
}

static const char *
device_name (guint i)
{
  return i < EG_N_DEVICE_KINDS ? eg_device_kind_get_name ((EgDeviceKind)i) : NULL;
}

static const char *
precision_name (guint i)
{
  return i < EG_N_PRECISIONS ? eg_precision_get_name ((EgPrecision)i) : NULL;
}

/* The words of an option that is no field of a request, or NULL. */
static GetName
find_own_words (const char *option)
{
  static const struct
  {
    const char *option;
    GetName get_name;
  } known[] = { { "colormap", colormap_name },
                { "orientation", orientation_name },
                { "scale", scale_name },
                { "picture", picture_name },
                { "width", length_name },
                { "device", device_name },
                { "gemm", eg_backend_cpu_gemm_name },
                { "precision", precision_name } };
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (option, known[i].option))
      return known[i].get_name;
  return NULL;
}

/* The words that an option's value is one of, or begins with, separated by spaces, or "". (transfer full) */
static char *
get_words (const CliCommand *command, const GOptionEntry *entry)
{
  GString *words = g_string_new (NULL);
  EgTraceField field;
  const GetName get_name = eg_trace_field_from_option (entry->long_name, &field)
                               ? eg_trace_field_get_info (field)->word
                               : find_own_words (entry->long_name);
  for (guint i = 0; get_name != NULL && get_name (i) != NULL; i++)
    /* A figure is of one site, or of all without the option. */
    if (command != &cli_plot || !g_str_equal (get_name (i), "all"))
      g_string_append_printf (words, "%s%s", i == 0 ? "" : " ", get_name (i));
  return g_string_free (words, FALSE);
}

static gboolean
takes_value (const GOptionEntry *entry)
{
  return entry->arg != G_OPTION_ARG_NONE;
}

static gboolean
takes_file (const GOptionEntry *entry)
{
  return entry->arg_description != NULL && g_str_has_prefix (entry->arg_description, "FILE");
}

static gboolean
takes_folder (const GOptionEntry *entry)
{
  return g_str_equal (entry->long_name, "model");
}

/* text with a backslash before each of the characters. (transfer full) */
static char *
escape (const char *text, const char *characters)
{
  GString *escaped = g_string_new (NULL);
  for (const char *c = text != NULL ? text : ""; *c != '\0'; c++)
    {
      if (strchr (characters, *c) != NULL)
        g_string_append_c (escaped, '\\');
      g_string_append_c (escaped, *c);
    }
  return g_string_free (escaped, FALSE);
}

/* ---- bash ---- */

static void
add_bash_option (const GOptionEntry *entry, gpointer data)
{
  Description *self = data;
  g_string_append_printf (self->text, " --%s", entry->long_name);
  if (entry->short_name != 0)
    g_string_append_printf (self->text, " -%c", entry->short_name);
}

static void
add_bash_value (const GOptionEntry *entry, gpointer data)
{
  Description *self = data;
  g_autofree char *words = get_words (self->command, entry);
  if (!takes_value (entry))
    return;
  g_string_append_printf (self->text, "    '%s --%s'", self->command->name, entry->long_name);
  if (entry->short_name != 0)
    g_string_append_printf (self->text, " | '%s -%c'", self->command->name, entry->short_name);
  if (takes_file (entry))
    g_string_append (self->text, ") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n");
  else if (takes_folder (entry))
    g_string_append (self->text, ") COMPREPLY=($(compgen -d -- \"$word\")); return ;;\n");
  else
    g_string_append_printf (
        self->text, ") COMPREPLY=($(compgen -W '%s' -- \"$word\")); _engram_cli_colon; return ;;\n", words);
}

static void
describe_bash (GString *text)
{
  g_string_append (text,
                   "# Completions of engram-cli for bash.\n"
                   "# No space behind a word that wants an argument.\n"
                   "_engram_cli_colon() {\n"
                   "  case ${COMPREPLY[0]-} in *:) compopt -o nospace 2>/dev/null ;; esac\n"
                   "}\n"
                   "_engram_cli() {\n"
                   "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} options=\n"
                   "  COMPREPLY=()\n"
                   "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                   "    COMPREPLY=($(compgen -W '");
  for (gsize i = 0; cli_commands[i] != NULL; i++)
    g_string_append_printf (text, "%s ", cli_commands[i]->name);
  g_string_append (text, "--help --version' -- \"$word\"))\n"
                         "    return\n"
                         "  fi\n"
                         "  case \"${COMP_WORDS[1]} $before\" in\n");
  for (gsize i = 0; cli_commands[i] != NULL; i++)
    cli_options_visit (cli_commands[i], add_bash_value, &(Description){ text, cli_commands[i] });
  g_string_append (text, "  esac\n"
                         "  case ${COMP_WORDS[1]} in\n");
  for (gsize i = 0; cli_commands[i] != NULL; i++)
    {
      g_string_append_printf (text, "    %s) options='", cli_commands[i]->name);
      cli_options_visit (cli_commands[i], add_bash_option, &(Description){ text, cli_commands[i] });
      g_string_append (text, "' ;;\n");
    }
  g_string_append (text, "  esac\n"
                         "  case $word in\n"
                         "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
                         "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
                         "  esac\n"
                         "}\n"
                         "complete -o filenames -F _engram_cli engram-cli\n");
}

/* ---- zsh ---- */

static void
add_zsh_option (const GOptionEntry *entry, gpointer data)
{
  Description *self = data;
  g_autofree char *plain = escape (entry->description, "[]:\\");
  g_auto (GStrv) parts = g_strsplit (plain, "'", -1);
  g_autofree char *summary = g_strjoinv ("'\\''", parts);
  g_autofree char *words = get_words (self->command, entry);
  const char *repeats = entry->arg == G_OPTION_ARG_FILENAME_ARRAY ? "*" : "";

  g_string_append (self->text, " \\\n        ");
  if (entry->short_name != 0)
    g_string_append_printf (self->text, "'%s'{-%c,--%s}'[%s]", repeats, entry->short_name, entry->long_name,
                            summary);
  else
    g_string_append_printf (self->text, "'%s--%s[%s]", repeats, entry->long_name, summary);
  if (takes_file (entry))
    g_string_append (self->text, ":file:_files");
  else if (takes_folder (entry))
    g_string_append (self->text, ":folder:_files -/");
  else if (takes_value (entry))
    {
      g_autofree char *name = escape (entry->arg_description, ":");
      g_autofree char *values = escape (words, ":");
      g_string_append_printf (self->text, ":%s:(%s)", name, values);
    }
  g_string_append_c (self->text, '\'');
}

static void
describe_zsh (GString *text)
{
  g_string_append (text, "#compdef engram-cli\n"
                         "# Completions of engram-cli for zsh.\n"
                         "_engram_cli() {\n"
                         "  local -a commands=(\n");
  for (gsize i = 0; cli_commands[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (cli_commands[i]->summary, "'", -1);
      g_autofree char *summary = g_strjoinv ("'\\''", parts);
      g_string_append_printf (text, "    '%s:%s'\n", cli_commands[i]->name, summary);
    }
  g_string_append (text, "  )\n"
                         "  if (( CURRENT == 2 )); then\n"
                         "    _describe command commands\n"
                         "    return\n"
                         "  fi\n"
                         "  local command=$words[2]\n"
                         "  shift words\n"
                         "  (( CURRENT-- ))\n"
                         "  case $command in\n");
  for (gsize i = 0; cli_commands[i] != NULL; i++)
    {
      g_string_append_printf (text, "    %s)\n      _arguments -s", cli_commands[i]->name);
      cli_options_visit (cli_commands[i], add_zsh_option, &(Description){ text, cli_commands[i] });
      g_string_append (text, " \\\n        '*:file:_files'\n      ;;\n");
    }
  g_string_append (text, "  esac\n"
                         "}\n"
                         "_engram_cli \"$@\"\n");
}

/* ---- fish ---- */

static void
add_fish_option (const GOptionEntry *entry, gpointer data)
{
  Description *self = data;
  g_autofree char *summary = escape (entry->description, "'\\");
  g_autofree char *words = get_words (self->command, entry);

  g_string_append_printf (self->text, "complete -c engram-cli -n '__fish_seen_subcommand_from %s' -l %s",
                          self->command->name, entry->long_name);
  if (entry->short_name != 0)
    g_string_append_printf (self->text, " -s %c", entry->short_name);
  if (takes_file (entry) || takes_folder (entry))
    g_string_append (self->text, " -r -F");
  else if (takes_value (entry))
    g_string_append_printf (self->text, " -x -a '%s'", words);
  g_string_append_printf (self->text, " -d '%s'\n", summary);
}

static void
describe_fish (GString *text)
{
  g_string_append (text, "# Completions of engram-cli for fish.\n");
  for (gsize i = 0; cli_commands[i] != NULL; i++)
    {
      g_autofree char *summary = escape (cli_commands[i]->summary, "'\\");
      g_string_append_printf (text, "complete -c engram-cli -f -n __fish_use_subcommand -a %s -d '%s'\n",
                              cli_commands[i]->name, summary);
    }
  for (gsize i = 0; cli_commands[i] != NULL; i++)
    cli_options_visit (cli_commands[i], add_fish_option, &(Description){ text, cli_commands[i] });
}

/* ---- the manual page's commands ---- */

static void
add_man_option (const GOptionEntry *entry, gpointer data)
{
  Description *self = data;
  g_autofree char *summary = escape (entry->description, "\\-");
  g_autofree char *name = escape (entry->long_name, "-");

  g_string_append (self->text, ".TP\n");
  if (entry->short_name != 0)
    g_string_append_printf (self->text, "\\fB\\-%c\\fR, ", entry->short_name);
  g_string_append_printf (self->text, "\\fB\\-\\-%s\\fR", name);
  if (takes_value (entry))
    g_string_append_printf (self->text, "=\\fI%s\\fR", entry->arg_description);
  g_string_append_printf (self->text, "\n%s\n", summary);
}

static void
describe_man (GString *text)
{
  for (gsize i = 0; cli_commands[i] != NULL; i++)
    {
      g_autofree char *usage = escape (cli_commands[i]->usage, "\\-");
      g_autofree char *summary = escape (cli_commands[i]->summary, "\\-");
      g_string_append_printf (text, ".SS engram\\-cli %s %s\n%s.\n", cli_commands[i]->name, usage, summary);
      cli_options_visit (cli_commands[i], add_man_option, &(Description){ text, cli_commands[i] });
    }
}

static int
run (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*describe) (GString *text);
  } kinds[] = {
    { "bash", describe_bash }, { "zsh", describe_zsh }, { "fish", describe_fish }, { "man", describe_man }
  };
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; argc == 2 && i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (argv[1], kinds[i].name))
      {
        kinds[i].describe (text);
        cli_print ("%s", text->str);
        return CLI_DONE;
      }
  cli_say ("describe takes bash, zsh, fish or man");
  return CLI_USAGE;
}

const CliCommand cli_describe = { .name = "describe", .run = run };
