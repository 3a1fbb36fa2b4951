/* A few threads that share the parts of one op. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _EgTeam EgTeam;

/* size: threads that work, the caller's among them; ≥ 1; fewer where the system has none to give.
 * The others wait for work until the team is freed. */
EgTeam *eg_team_new (gsize size);
void eg_team_free (EgTeam *self);
gsize eg_team_get_size (const EgTeam *self);

/* Part 0 … n−1 of something; thread: 0 … size−1, for what each thread has of its own. */
typedef void (*EgTeamFunc) (gpointer data, gsize index, gsize thread);

/* Does all the parts, each on some thread, and returns when all are done. By one thread at a time. */
void eg_team_run (EgTeam *self, gsize n, EgTeamFunc func, gpointer data);

G_END_DECLS
