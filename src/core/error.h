/* The error domain of everything below the programs. Messages are whole sentences for a person, without a
 * final full stop; they name the file, the thing in it, what was found and what was expected. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define EG_ERROR (eg_error_quark ())
GQuark eg_error_quark (void);

/**
 * EgError:
 * @EG_ERROR_FORMAT: a file's content is damaged, hostile or contradicts itself
 * @EG_ERROR_UNSUPPORTED: well-formed, but of a kind that Engram does not read
 * @EG_ERROR_NOT_FOUND: a file, folder, tensor or text that must exist does not
 * @EG_ERROR_INVALID: a request that makes no sense (wrong number, empty prompt, subject not in the prompt)
 * @EG_ERROR_MEMORY: it would not fit into memory
 * @EG_ERROR_DEVICE: a GPU cannot be used, or has failed
 * @EG_ERROR_BUSY: another program, or another part of this one, is at work on the same
 *
 * Cancellation is G_IO_ERROR_CANCELLED; the system's own refusals keep their G_FILE_ERROR or G_IO_ERROR.
 */
typedef enum
{
  EG_ERROR_FORMAT,
  EG_ERROR_UNSUPPORTED,
  EG_ERROR_NOT_FOUND,
  EG_ERROR_INVALID,
  EG_ERROR_MEMORY,
  EG_ERROR_DEVICE,
  EG_ERROR_BUSY,
} EgError;

/* Sets EG_ERROR_INVALID with a message of one line: ␊ and its like stand for control characters. Returns:
 * FALSE. */
gboolean eg_error_invalid (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

G_END_DECLS
