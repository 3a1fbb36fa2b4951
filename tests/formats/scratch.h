/* What the tests of formats/ have in common: a temporary folder, golden files, and what a refusal looks like.
 */
#pragma once

#include "core/error.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>

/* A temporary folder that is removed with all that is in it. */
typedef struct
{
  char *path;
} Scratch;

Scratch *scratch_new (void);
void scratch_free (Scratch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Scratch, scratch_free)

/* Returns: (transfer full): the path of name in the folder. */
char *scratch_get_path (Scratch *self, const char *name);

/* Writes n bytes to name, in place. */
void scratch_write (Scratch *self, const char *name, const void *data, gsize n);

/* Returns: (transfer full): the names of all that is in the folder, sorted, with spaces between. */
char *scratch_list (Scratch *self);

/* Returns: (transfer full): the path of tests/golden/name. */
char *golden_get_path (const char *name);

/* Returns: (transfer full): the bytes of a file. */
GBytes *read_bytes (const char *path);

/* Returns: (transfer full): section ("tensors", "arrays") of formats/expected.json. */
JsonNode *golden_get_expected (const char *section);

/* Element i of a list of texts in expected.json, as a number. */
double expected_get_double (JsonArray *values, guint i);

/* Fails the test unless result is NULL (or FALSE), and error is of code in EG_ERROR and has part in its
 * message; then frees error. */
#define assert_refused(result, error, code, part)                                                            \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    g_assert_false (result);                                                                                 \
    g_assert_error (error, EG_ERROR, (int)(code));                                                           \
    assert_message (error, part);                                                                            \
    g_clear_error (&(error));                                                                                \
  }                                                                                                          \
  G_STMT_END

/* Message has part in it, is one line of valid UTF-8 and does not end in a full stop. */
void assert_message (const GError *error, const char *part);
