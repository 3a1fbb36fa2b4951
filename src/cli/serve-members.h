/* The members of a request's line, checked. Errors are EG_ERROR_INVALID; *field is then the member that is
 * wrong (transfer full). */
#pragma once

#include "trace/ask/request.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* NULL where it is missing or null. FALSE when it is no text. (transfer none) */
gboolean
cli_members_get_text (JsonObject *members, const char *name, const char **text, char **field, GError **error);

/* The same; FALSE, too, when it is missing. */
gboolean cli_members_need_text (
    JsonObject *members, const char *name, const char **text, char **field, GError **error);

/* A whole number in [min, max]; *value stays where it is missing. */
gboolean cli_members_get_count (JsonObject *members,
                                const char *name,
                                guint64 min,
                                guint64 max,
                                guint64 *value,
                                char **field,
                                GError **error);

/* A number above one bound and up to the other. */
gboolean cli_members_get_number (JsonObject *members,
                                 const char *name,
                                 double above,
                                 double max,
                                 double *value,
                                 char **field,
                                 GError **error);

gboolean
cli_members_get_flag (JsonObject *members, const char *name, gboolean *value, char **field, GError **error);

/* FALSE when there is a member that is none of the names (ended by NULL), no id and no method; and none of
 * the options (ended by EG_N_FIELDS; NULL: there are none). */
gboolean cli_members_check_names (
    JsonObject *members, const char *const *names, const EgTraceField *options, char **field, GError **error);

/* Options of a trace into a request, as the command line takes them: by the same names (or with "_" for "-"),
 * as texts, numbers, true and false; a list of texts is one with commas. With "device", "precision" and
 * "threads". Each is checked by itself. */
gboolean
cli_members_take_options (JsonObject *members, EgTraceRequest *request, char **field, GError **error);

/* The same of one trace, checked as far as it can be without a model. */
gboolean cli_members_to_request (JsonObject *members, EgTraceRequest *request, char **field, GError **error);

/* The name of a request's field in a line. */
const char *cli_members_field_name (EgTraceField field);

G_END_DECLS
