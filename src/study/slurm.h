/* A study for a cluster: scripts for Slurm, to be read before they are sent.
 *
 *   array.sh    a job array, a shard a task; ends in the program itself, so that it hears Slurm's signals
 *   merge.sh    a job after all of its tasks: makes one study of the shards in FOLDER/merged, or, where tasks
 *               ran out of time or died with their node, sends these again, as long as facts are added
 *   submit.sh   sends both: of the array, what is not finished yet
 *
 * Shards are kept in FOLDER/shard-1 …, what the jobs say in FOLDER/log. (Slurm 22.05; sbatch(1).) */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EgSlurmJob: texts are UTF-8, or paths.
 * @program: engram-cli; @directory: where it was called, to which relative paths belong; @folder: of the
 * study; all three absolute
 * @arguments: of `study run`, its facts first, NULL-terminated; without --folder, --shard and --threads
 * @n_shards: ≥ 1
 * @time, @partition, @memory: as --time, --partition and --mem have them, or %NULL
 * @n_cpus: processors a task; 0: as many as Slurm gives it
 * @more: other options of sbatch, NULL-terminated, or %NULL
 */
typedef struct
{
  const char *program, *directory, *folder;
  char *const *arguments;
  guint n_shards, n_cpus;
  const char *time, *partition, *memory;
  char *const *more;
} EgSlurmJob;

/* Whether all of it can stand in such scripts: EG_ERROR_INVALID for what is no word or option of sbatch, and
 * for folders with a % or a quote, which Slurm reads otherwise. */
gboolean eg_slurm_job_check (const EgSlurmJob *self, GError **error);

/* What the scripts say. (transfer full) */
char *eg_slurm_job_make_array (const EgSlurmJob *self);
char *eg_slurm_job_make_merge (const EgSlurmJob *self);
char *eg_slurm_job_make_submit (const EgSlurmJob *self);

/* Writes them, and makes FOLDER and FOLDER/log where they are missing; G_FILE_ERROR. */
gboolean eg_slurm_job_write (const EgSlurmJob *self, GError **error);

G_END_DECLS
