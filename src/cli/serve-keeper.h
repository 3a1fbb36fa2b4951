/* The file of a trace that `engram-cli serve` computes: written while it runs, and at its end. */
#pragma once

#include "trace/run/keeper.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * CliServeKeeper: to be zeroed before and cleared after.
 * @path: an .npz; NULL: there is none, and nothing is done
 * @trouble: what kept it from the disk the last time, a sentence; NULL for nothing
 */
typedef struct
{
  const char *path;
  EgTraceKeeper *keeper;
  char *trouble;
} CliServeKeeper;

void cli_serve_keeper_clear (CliServeKeeper *self);

/* Reads the members "output" and "save-every", which must outlive it. FALSE with an error, and the field that
 * it is about (transfer full). */
gboolean cli_serve_keeper_read (CliServeKeeper *self, JsonObject *members, char **field, GError **error);

/* In the progress function: eg_trace_keeper_follow(). */
void cli_serve_keeper_follow (CliServeKeeper *self, const EgTraceProgress *progress);

/* Writes the result, or with partial that of a trace that was stopped. What goes wrong is a trouble: the
 * result is sent all the same. partial: (nullable). */
void
cli_serve_keeper_finish (CliServeKeeper *self, const EgTracePartial *partial, const EgTraceResult *result);

G_END_DECLS
