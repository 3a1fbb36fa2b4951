/* The requests that wait, and the one that is answered: read by a thread of its own, so that a cancellation
 * is heard at once. */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * CliRequest: one line.
 * @id: as it was sent, a whole number or a text; %NULL without one
 * @members: the whole object
 * @problem: why the line is no request; the rest is not set then. @field: which member is wrong, or %NULL
 */
typedef struct
{
  JsonNode *id;
  const char *method;
  JsonObject *members;
  GCancellable *cancellable;
  GError *problem;
  char *field;
} CliRequest;

void cli_request_free (CliRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliRequest, cli_request_free)

typedef struct _CliInbox CliInbox;

/* Begins to read the descriptor. It is never freed: its thread may be waiting for a line for ever. */
CliInbox *cli_inbox_new (int descriptor);

/* Waits for the next request. NULL when there are no more: the input has ended, or cli_inbox_close() was
 * called. (transfer full): cli_inbox_finish(), and cli_request_free() */
CliRequest *cli_inbox_next (CliInbox *self);

/* The request will be answered now: its id may be used again, and it cannot be cancelled any more. */
void cli_inbox_finish (CliInbox *self, CliRequest *request);

/* Cancels all requests; no more are given out. */
void cli_inbox_close (CliInbox *self);

G_END_DECLS
