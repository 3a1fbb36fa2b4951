/* Reads requests, keeps them in their order, and cancels them. */
#include "cli/serve-inbox.h"

#include "cli/serve-events.h"
#include "cli/serve-lines.h"
#include "cli/serve-members.h"
#include "core/error.h"
#include "formats/json-text.h"

#include <glib/gi18n.h>

/* @pending: all that were read and not answered, in their order; @begun: how many of them were given out */
struct _CliInbox
{
  int descriptor;
  GMutex lock;
  GCond changed;
  GPtrArray *pending;
  guint begun;
  gboolean ended, closed;
};

void
cli_request_free (CliRequest *self)
{
  g_clear_pointer (&self->id, json_node_unref);
  g_clear_pointer (&self->members, json_object_unref);
  g_clear_error (&self->problem);
  g_free (self->field);
  g_object_unref (self->cancellable);
  g_free (self);
}

static gboolean
same_id (JsonNode *a, JsonNode *b)
{
  return a != NULL && b != NULL && json_node_equal (a, b);
}

/* The lock is held. */
static CliRequest *
find (CliInbox *self, JsonNode *id)
{
  for (guint i = 0; i < self->pending->len; i++)
    {
      CliRequest *request = self->pending->pdata[i];
      if (same_id (request->id, id))
        return request;
    }
  return NULL;
}

static gboolean
is_id (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node)
         && (json_node_get_value_type (node) == G_TYPE_INT64
             || json_node_get_value_type (node) == G_TYPE_STRING);
}

/* What a line says, into the request. */
static gboolean
read_line (CliRequest *self, const char *line, gsize length, GError **error)
{
  if (line == NULL)
    return eg_error_invalid (error, _ ("the line is longer than %d MiB"), CLI_MAX_LINE >> 20);
  g_autoptr (JsonNode) root = eg_json_parse_object (line, length, _ ("the request"), error);
  if (root == NULL)
    return FALSE;
  self->members = json_node_dup_object (root);
  JsonNode *id = json_object_get_member (self->members, "id");
  if (id != NULL && !JSON_NODE_HOLDS_NULL (id) && !is_id (id))
    {
      self->field = g_strdup ("id");
      return eg_error_invalid (error, _ ("“%s” is neither a whole number nor a text"), "id");
    }
  if (id != NULL && !JSON_NODE_HOLDS_NULL (id))
    self->id = json_node_copy (id);
  return cli_members_need_text (self->members, "method", &self->method, &self->field, error);
}

/* Answers at once: whether there was such a request. */
static void
cancel (CliInbox *self, CliRequest *request)
{
  static const char *const names[] = { "request", NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *field = NULL;
  if (!cli_members_check_names (request->members, names, NULL, &field, &error))
    {
      cli_event_send_error (request->id, field, error);
      return;
    }
  g_mutex_lock (&self->lock);
  CliRequest *meant = find (self, json_object_get_member (request->members, "request"));
  g_autoptr (GCancellable) cancellable = meant != NULL ? g_object_ref (meant->cancellable) : NULL;
  g_mutex_unlock (&self->lock);
  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
  JsonObject *answer = json_object_new (), *members = json_object_new ();
  json_object_set_boolean_member (answer, "cancelled", cancellable != NULL);
  json_object_set_object_member (members, "result", answer);
  cli_event_send (request->id, "result", members);
}

static void
take (CliInbox *self, CliRequest *request)
{
  if (request->problem == NULL && g_str_equal (request->method, "cancel"))
    {
      cancel (self, request);
      cli_request_free (request);
      return;
    }
  g_mutex_lock (&self->lock);
  if (request->problem == NULL && find (self, request->id) != NULL)
    {
      request->field = g_strdup ("id");
      eg_error_invalid (&request->problem, _ ("a request with this id is not answered yet"));
    }
  if (request->problem != NULL) /* is not one that could be cancelled; but is answered in its turn */
    g_cancellable_cancel (request->cancellable);
  g_ptr_array_add (self->pending, request);
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

static gboolean
is_blank (const char *line, gsize length)
{
  for (gsize i = 0; line != NULL && i < length; i++)
    if (!g_ascii_isspace (line[i]))
      return FALSE;
  return line != NULL;
}

static gpointer
read_requests (gpointer data)
{
  CliInbox *self = data;
  g_auto (CliLines) lines = { 0 };
  const char *line;
  gsize length;
  while (cli_lines_next (&lines, self->descriptor, &line, &length))
    {
      if (is_blank (line, length))
        continue;
      CliRequest *request = g_new0 (CliRequest, 1);
      request->cancellable = g_cancellable_new ();
      read_line (request, line, length, &request->problem);
      take (self, request);
    }
  g_mutex_lock (&self->lock);
  self->ended = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
  return NULL;
}

CliInbox *
cli_inbox_new (int descriptor)
{
  CliInbox *self = g_new0 (CliInbox, 1);
  self->descriptor = descriptor;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->pending = g_ptr_array_new ();
  g_thread_unref (g_thread_new ("requests", read_requests, self));
  return self;
}

CliRequest *
cli_inbox_next (CliInbox *self)
{
  CliRequest *request = NULL;
  g_mutex_lock (&self->lock);
  while (!self->closed && self->begun == self->pending->len && !self->ended)
    g_cond_wait (&self->changed, &self->lock);
  if (!self->closed && self->begun < self->pending->len)
    request = self->pending->pdata[self->begun++];
  g_mutex_unlock (&self->lock);
  return request;
}

void
cli_inbox_finish (CliInbox *self, CliRequest *request)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_remove (self->pending, request);
  self->begun--;
  g_mutex_unlock (&self->lock);
}

void
cli_inbox_close (CliInbox *self)
{
  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  g_autoptr (GPtrArray) cancellables = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < self->pending->len; i++)
    g_ptr_array_add (cancellables, g_object_ref (((CliRequest *)self->pending->pdata[i])->cancellable));
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < cancellables->len; i++)
    g_cancellable_cancel (cancellables->pdata[i]);
}
