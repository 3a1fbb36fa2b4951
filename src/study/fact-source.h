/* A file of facts as bytes, with the line that they are on. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Of one fact: more is refused. */
#define EG_FACT_MAX_BYTES (1 << 20)

/**
 * EgFactSource:
 * @title: the file's name, as errors begin with it
 * @line: of the next byte, from 1
 * @problem: why there are no more bytes; NULL at the file's end
 */
typedef struct
{
  char *title;
  gsize line;
  GError *problem;
  GInputStream *stream;
  guint8 buffer[1 << 16];
  gsize n, at;
} EgFactSource;

/* A byte-order mark is passed over. G_FILE_ERROR, G_IO_ERROR. */
EgFactSource *eg_fact_source_open (const char *path, GError **error);
void eg_fact_source_free (EgFactSource *self);

/* The next byte, or −1: taken, or left there. */
int eg_fact_source_get (EgFactSource *self);
int eg_fact_source_peek (EgFactSource *self);

/* EG_ERROR_FORMAT, with file and line before the sentence. Returns: FALSE. */
gboolean eg_fact_source_fail (const EgFactSource *self, gsize line, GError **error, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* Takes bytes up to the line's end (which is not in text), or an object of JSON up to its last brace. FALSE
 * with an error where it is too long, ends too early, or cannot be read. */
gboolean eg_fact_source_take_line (EgFactSource *self, GString *text, GError **error);
gboolean eg_fact_source_take_object (EgFactSource *self, GString *text, GError **error);

G_END_DECLS
