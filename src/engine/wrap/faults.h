/* A backend that makes another fail on demand, for tests: that every failure gives one clear error, and that
 * nothing is left behind. A sweep sets a fault after 0, 1, 2 … calls, until nothing fails any more. */
#pragma once

#include "engine/backend.h"

G_BEGIN_DECLS

/**
 * EgFaultKind: calls that can fail, each kind counted by itself, over all streams.
 * @EG_FAULT_ALLOC: alloc, which gives %NULL
 * @EG_FAULT_STREAM: stream_new, whose stream has failed from its beginning
 * @EG_FAULT_OP: every op, `head` and `top` among them
 * @EG_FAULT_STAGE: stage, of backends that have it
 */
typedef enum
{
  EG_FAULT_ALLOC,
  EG_FAULT_STREAM,
  EG_FAULT_OP,
  EG_FAULT_UPLOAD,
  EG_FAULT_DOWNLOAD,
  EG_FAULT_STAGE,
  EG_N_FAULT_KINDS,
} EgFaultKind;

/**
 * EgFault:
 * @kind, @after: what fails: the call of this kind that comes after so many
 * @for_good: so do all later ones of this kind, and of every kind where the device is lost, as every stream's
 * `check` says then
 * @state: %EG_STREAM_NO_MEMORY or %EG_STREAM_LOST: what `check` says of its stream from then on
 */
typedef struct
{
  EgFaultKind kind;
  guint64 after;
  gboolean for_good;
  EgStreamState state;
} EgFault;

/* Works as `inner` does, which is to outlive it, and has its name, until a fault is set. The ops of a stream
 * that has failed do nothing, and what they would bring to the host is NaN. Any thread. (transfer full) */
EgBackend *eg_backend_faults_new (EgBackend *inner);

/* When none of its streams and memory is left. */
void eg_backend_faults_free (EgBackend *self);

/* What is to fail from now on, NULL for nothing; counts begin again. Streams that have failed stay so. */
void eg_backend_faults_set (EgBackend *self, const EgFault *fault);

/* Since then: calls of a kind on streams that worked, those that failed among them; how many of any kind
 * failed. */
guint64 eg_backend_faults_count (EgBackend *self, EgFaultKind kind);
guint64 eg_backend_faults_failed (EgBackend *self);

/* What was not given back yet. */
gsize eg_backend_faults_live_memory (EgBackend *self);
gsize eg_backend_faults_live_streams (EgBackend *self);

G_END_DECLS
