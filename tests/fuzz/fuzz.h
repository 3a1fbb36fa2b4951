/* What the fuzz targets have in common. A target is one function over bytes, libFuzzer's, that must neither
 * crash nor leak nor take more memory than its input warrants, whatever the bytes. Built with -Dfuzz=true
 * (run.sh does) it is libFuzzer's; otherwise replay.c runs a folder of inputs through it as an ordinary test.
 */
#pragma once

#include <glib.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* libFuzzer's, before the first input: GLib's warnings end the program. */
int LLVMFuzzerInitialize (int *argc, char ***argv);

/* Returns: (transfer none): the path of a file in memory with these bytes, the same each time. */
const char *fuzz_file (const guint8 *data, gsize size);

/* A result is there or an error is, never both or neither; the error is one line of UTF-8. Clears the error.
 */
void fuzz_check (gboolean there, GError **error);
