/* Threads that wait for an op and take its parts one by one. */
#include "engine/cpu/team.h"

#include <pthread.h>

typedef struct
{
  EgTeam *team;
  gsize number;
  GThread *thread;
} Member;

/* POSIX mutexes rather than GLib's: ThreadSanitizer sees through them. */
struct _EgTeam
{
  gsize size;
  Member *members; /* [size]; the first is whoever calls */
  pthread_mutex_t lock;
  pthread_cond_t begun, done;
  /* The job under way; each one has another number. */
  guint64 job;
  gboolean ending;
  EgTeamFunc func;
  gpointer data;
  gsize n, next, n_busy;
};

static void
do_parts (EgTeam *self, gsize number)
{
  for (;;)
    {
      const gsize index = __atomic_fetch_add (&self->next, 1, __ATOMIC_RELAXED);
      if (index >= self->n)
        return;
      self->func (self->data, index, number);
    }
}

static gpointer
serve (gpointer data)
{
  Member *member = data;
  EgTeam *self = member->team;
  guint64 seen = 0;
  pthread_mutex_lock (&self->lock);
  for (;;)
    {
      while (self->job == seen && !self->ending)
        pthread_cond_wait (&self->begun, &self->lock);
      if (self->ending)
        break;
      seen = self->job;
      pthread_mutex_unlock (&self->lock);
      do_parts (self, member->number);
      pthread_mutex_lock (&self->lock);
      if (--self->n_busy == 0)
        pthread_cond_signal (&self->done);
    }
  pthread_mutex_unlock (&self->lock);
  return NULL;
}

EgTeam *
eg_team_new (gsize size)
{
  g_return_val_if_fail (size > 0, NULL);
  EgTeam *self = g_new0 (EgTeam, 1);
  self->size = 1;
  self->members = g_new0 (Member, size);
  pthread_mutex_init (&self->lock, NULL);
  pthread_cond_init (&self->begun, NULL);
  pthread_cond_init (&self->done, NULL);
  for (; self->size < size; self->size++)
    {
      Member *member = &self->members[self->size];
      *member = (Member){ .team = self, .number = self->size };
      member->thread = g_thread_try_new ("engram-team", serve, member, NULL);
      if (member->thread == NULL)
        break;
    }
  return self;
}

void
eg_team_free (EgTeam *self)
{
  pthread_mutex_lock (&self->lock);
  self->ending = TRUE;
  pthread_cond_broadcast (&self->begun);
  pthread_mutex_unlock (&self->lock);
  for (gsize i = 1; i < self->size; i++)
    g_thread_join (self->members[i].thread);
  pthread_mutex_destroy (&self->lock);
  pthread_cond_destroy (&self->begun);
  pthread_cond_destroy (&self->done);
  g_free (self->members);
  g_free (self);
}

gsize
eg_team_get_size (const EgTeam *self)
{
  return self->size;
}

void
eg_team_run (EgTeam *self, gsize n, EgTeamFunc func, gpointer data)
{
  if (self->size == 1 || n < 2)
    {
      for (gsize i = 0; i < n; i++)
        func (data, i, 0);
      return;
    }
  pthread_mutex_lock (&self->lock);
  self->func = func;
  self->data = data;
  self->n = n;
  self->next = 0;
  self->n_busy = self->size - 1;
  self->job++;
  pthread_cond_broadcast (&self->begun);
  pthread_mutex_unlock (&self->lock);

  do_parts (self, 0);

  pthread_mutex_lock (&self->lock);
  while (self->n_busy > 0)
    pthread_cond_wait (&self->done, &self->lock);
  pthread_mutex_unlock (&self->lock);
}
