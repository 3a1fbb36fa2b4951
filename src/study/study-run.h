/* Runs a study: its facts one after the other, several at a time, each on one thread, until all are known. */
#pragma once

#include "library/model.h"
#include "study/study-folder.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * EgStudyProgress:
 * @fact: what is new; NULL in the first call, before any
 * @done, @total: facts of the shard of which something is known
 * @counts: [state] of those
 * @rate: facts a second of this run; 0 while unknown
 * @elapsed, @left: seconds; @left is negative while unknown
 */
typedef struct
{
  EgStudyFolder *folder;
  EgStudyFact *fact;
  gsize done, total;
  gsize counts[EG_N_STUDY_STATES];
  double rate, elapsed, left;
} EgStudyProgress;

typedef void (*EgStudyProgressFunc) (const EgStudyProgress *progress, gpointer user_data);

/* Goes on with what is in the folder (begun or resumed) to its end: facts that something is known of are not
 * computed again. threads: 0 for eg_processors_available(); no number depends on it. progress (may be NULL)
 * and callback run in the caller's thread-default main context. Cancelled, all that is done stays done: run
 * it again to go on. model: that of the settings, or EG_ERROR_INVALID. */
void eg_study_run_async (EgStudyFolder *folder,
                         EgModel *model,
                         guint threads,
                         GCancellable *cancellable,
                         EgStudyProgressFunc progress,
                         gpointer progress_data,
                         GAsyncReadyCallback callback,
                         gpointer user_data);

/* TRUE when the study is finished; G_IO_ERROR_CANCELLED. */
gboolean eg_study_run_finish (GAsyncResult *result, GError **error);

/* The same, waiting. */
gboolean eg_study_run (EgStudyFolder *folder,
                       EgModel *model,
                       guint threads,
                       GCancellable *cancellable,
                       EgStudyProgressFunc progress,
                       gpointer progress_data,
                       GError **error);

G_END_DECLS
