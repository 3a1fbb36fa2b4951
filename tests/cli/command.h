/* engram-cli run as its users run it, and what it leaves. The program is the one that $ENGRAM_CLI names. */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#define EIFFEL  "The Eiffel Tower is located in"
#define SUBJECT "Eiffel Tower"

typedef struct
{
  int status; /* the exit code; −1 when a signal killed it */
  char *out, *err;
} Outcome;

void outcome_clear (Outcome *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

Outcome run_argv (const char *const *arguments);

#define RUN(...) run_argv ((const char *const[]){ __VA_ARGS__, NULL })

/* A command line for the shell, in which $ENGRAM_CLI is the program. */
Outcome run_shell (const char *command);

/* A temporary folder without subfolders. */
char *new_folder (void);
guint count_files (const char *folder);
void remove_folder (const char *folder);

/* The text is one JSON document, and nothing else: the parser refuses anything after it. */
JsonNode *parse (const char *text);

/* The object has these members, in this order. */
void assert_keys (JsonObject *object, const char *const *keys);

/* NaN for null. */
double number (JsonArray *array, guint i);

void assert_one_sentence (const char *err);

/* A file of more than 100 bytes that begin so. */
void assert_begins_with (const char *folder, const char *name, const char *magic);
