/* Results that nobody has saved yet, kept so that a crash or a kill loses none.
 *
 * Each running program has a folder of its own in the given one, locked as long as the program lives, and in
 * it KEY.npz for each result. What lies in a folder that nobody holds was left behind by a program that has
 * ended; eg_unsaved_adopt() takes it over. Files are written and removed one after the other by a thread. */
#pragma once

#include "trace/run/saved.h"

G_BEGIN_DECLS

typedef struct _EgUnsaved EgUnsaved;

/* Where results are kept: $XDG_STATE_HOME/engram/unsaved. (transfer full) */
char *eg_unsaved_get_default_folder (void);

/* Makes what is missing of the folder. NULL where that is impossible: nothing will be kept. (transfer full)
 */
EgUnsaved *eg_unsaved_new (const char *folder, GError **error);

/* Waits until all is written. Removes its own folder if nothing is kept in it. */
void eg_unsaved_free (EgUnsaved *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgUnsaved, eg_unsaved_free)

/* Keeps a copy of the result under the key, in place of what was there. partial: of a trace that is not
 * complete, what it can go on from, or NULL. A failure is a warning in the log: the result itself is still on
 * the screen. */
void eg_unsaved_keep (EgUnsaved *self, const char *key, EgTraceResult *result, const EgTracePartial *partial);

/* It was saved, or is not wanted. */
void eg_unsaved_forget (EgUnsaved *self, const char *key);

/* The keys of what ended programs have left behind, oldest first; they are kept here from now on. May be
 * empty. (transfer full) */
GStrv eg_unsaved_adopt (EgUnsaved *self);

/* The file of a key. (transfer full) */
char *eg_unsaved_get_path (EgUnsaved *self, const char *key);

/* Waits until all is written. */
void eg_unsaved_flush (EgUnsaved *self);

G_END_DECLS
