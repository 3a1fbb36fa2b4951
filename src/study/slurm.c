/* Writes scripts for Slurm. */
#include "study/slurm.h"

#include "core/error.h"
#include "formats/atomic-file.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

/* ---- what may stand in them ---- */

gboolean
eg_slurm_job_check (const EgSlurmJob *self, GError **error)
{
  const char *const words[][2]
      = { { "--time", self->time }, { "--partition", self->partition }, { "--mem", self->memory } };
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (words[i][1] != NULL && (*words[i][1] == '\0' || strpbrk (words[i][1], " \t\n\r\"'") != NULL))
      return eg_error_invalid (error, _ ("%s is one word, as sbatch has it"), words[i][0]);
  for (gsize i = 0; self->more != NULL && self->more[i] != NULL; i++)
    if (!g_str_has_prefix (self->more[i], "--") || strpbrk (self->more[i], "\n\r") != NULL)
      return eg_error_invalid (error, _ ("--sbatch is an option of sbatch: --sbatch=--account=NAME"));
  if (strpbrk (self->folder, "%\"\\\n\r") != NULL)
    return eg_error_invalid (
        error, _ ("%s: Slurm reads the signs %%, \", \\ otherwise: choose another folder"), self->folder);
  return TRUE;
}

/* ---- parts ---- */

static void
add_quoted (GString *text, const char *part)
{
  g_autofree char *quoted = g_shell_quote (part);
  g_string_append (text, quoted);
}

/* "\nNAME='value'\n" */
static void
add_variable (GString *text, const char *name, const char *value)
{
  g_string_append_printf (text, "%s=", name);
  add_quoted (text, value);
  g_string_append_c (text, '\n');
}

/* What both jobs ask Slurm for. */
static void
add_directives (GString *text, const EgSlurmJob *self, const char *name, const char *log)
{
  g_string_append_printf (text, "#SBATCH --job-name=%s\n", name);
  g_string_append_printf (text, "#SBATCH --output=\"%s/log/%s\"\n", self->folder, log);
  g_string_append (text, "#SBATCH --open-mode=append\n");
  if (self->partition != NULL)
    g_string_append_printf (text, "#SBATCH --partition=%s\n", self->partition);
  for (gsize i = 0; self->more != NULL && self->more[i] != NULL; i++)
    g_string_append_printf (text, "#SBATCH %s\n", self->more[i]);
}

static void
add_places (GString *text, const EgSlurmJob *self)
{
  add_variable (text, "program", self->program);
  add_variable (text, "folder", self->folder);
  g_string_append_printf (text, "shards=%u\n", self->n_shards);
}

/* ---- scripts ---- */

char *
eg_slurm_job_make_array (const EgSlurmJob *self)
{
  GString *text
      = g_string_new ("#!/bin/bash\n"
                      "# A study's shards, a task each (engram-cli study slurm). Sent by submit.sh.\n");
  g_string_append_printf (text, "#SBATCH --array=1-%u\n", self->n_shards);
  add_directives (text, self, "engram-study", "shard-%a.log");
  g_string_append (text, "#SBATCH --requeue\n");
  if (self->time != NULL)
    g_string_append_printf (text, "#SBATCH --time=%s\n", self->time);
  if (self->n_cpus > 0)
    g_string_append_printf (text, "#SBATCH --cpus-per-task=%u\n", self->n_cpus);
  if (self->memory != NULL)
    g_string_append_printf (text, "#SBATCH --mem=%s\n", self->memory);
  g_string_append (text, "set -eu\n");
  g_string_append (text, "cd ");
  add_quoted (text, self->directory);
  g_string_append_c (text, '\n');
  add_places (text, self);
  g_string_append (
      text,
      "\n"
      "# Without --cpus-per-task, Slurm says only how many processors of the node the task has.\n"
      "threads=${SLURM_CPUS_PER_TASK:-${SLURM_CPUS_ON_NODE:-1}}\n"
      "\n"
      "# The program takes the shell's place, and so hears Slurm itself: at the end of the time, when it is\n"
      "# cancelled or requeued, it stops with every fact kept that is done, and goes on from there the\n"
      "# next time. A shell would die of the signal, and its child be killed a second later.\n"
      "exec \"$program\" study run");
  for (gsize i = 0; self->arguments[i] != NULL; i++)
    {
      g_string_append (text, " \\\n  ");
      add_quoted (text, self->arguments[i]);
    }
  g_string_append (text, " \\\n"
                         "  --folder \"$folder/shard-$SLURM_ARRAY_TASK_ID\" --shard "
                         "\"$SLURM_ARRAY_TASK_ID/$shards\" --threads \"$threads\"\n");
  return g_string_free (text, FALSE);
}

char *
eg_slurm_job_make_merge (const EgSlurmJob *self)
{
  GString *text = g_string_new (
      "#!/bin/bash\n"
      "# After the tasks of a study: makes one of its shards (engram-cli study slurm). Sent by submit.sh,\n"
      "# with the number of their job.\n");
  add_directives (text, self, "engram-merge", "merge.log");
  g_string_append (text, "set -eu\n");
  add_places (text, self);
  g_string_append (text, "\n"
                         "[ ! -e \"$folder/merged/results.npz\" ] || exit 0\n"
                         "parts=() unfinished=0\n"
                         "for ((i = 1; i <= shards; i++)); do\n"
                         "  parts+=(\"$folder/shard-$i\")\n"
                         "  [ -e \"$folder/shard-$i/results.npz\" ] || unfinished=$((unfinished + 1))\n"
                         "done\n"
                         "[ \"$unfinished\" -gt 0 ] || exec \"$program\" study merge \"${parts[@]}\" "
                         "--folder \"$folder/merged\"\n"
                         "\n"
                         "# Slurm may start this before a requeued task has had its second try.\n"
                         "if [ -n \"$(squeue -h -j \"$1\" 2>/dev/null)\" ]; then\n"
                         "  echo \"Tasks of job $1 are still there: looking again in a minute.\"\n"
                         "  exec sbatch --begin=now+1minute \"$folder/merge.sh\" \"$1\"\n"
                         "fi\n"
                         "# Tasks that ran out of time, or died with their node, are sent again, unless "
                         "somebody cancelled them, or\n"
                         "# no fact has been added since the last time.\n"
                         "echo \"$unfinished of $shards shards are not finished.\"\n"
                         "if scontrol show job \"$1\" 2>/dev/null | grep -q 'JobState=CANCELLED'; then\n"
                         "  echo \"They were cancelled: bash $folder/submit.sh sends them again.\"\n"
                         "  exit 1\n"
                         "fi\n"
                         "size=$(cat \"$folder\"/shard-*/journal 2>/dev/null | wc -c)\n"
                         "if [ \"$size\" = \"$(cat \"$folder/log/size\" 2>/dev/null || echo 0)\" ]; then\n"
                         "  echo \"Nothing was added since they were sent: see $folder/log.\"\n"
                         "  exit 1\n"
                         "fi\n"
                         "echo \"$size\" > \"$folder/log/size\"\n"
                         "exec bash \"$folder/submit.sh\"\n");
  return g_string_free (text, FALSE);
}

char *
eg_slurm_job_make_submit (const EgSlurmJob *self)
{
  GString *text
      = g_string_new ("#!/bin/bash\n"
                      "# Sends a study to Slurm: the shards that are not finished, and what merges them\n"
                      "# (engram-cli study slurm). May be called again when none of its jobs is there.\n"
                      "set -eu\n");
  add_variable (text, "folder", self->folder);
  g_string_append_printf (text, "shards=%u\n", self->n_shards);
  g_string_append (text, "\n"
                         "# Within a job, sbatch would pass on what Slurm gave that one.\n"
                         "for name in \"${!SLURM_@}\"; do\n"
                         "  [ \"$name\" = SLURM_CONF ] || unset \"$name\"\n"
                         "done\n"
                         "left=()\n"
                         "for ((i = 1; i <= shards; i++)); do\n"
                         "  [ -e \"$folder/shard-$i/results.npz\" ] || left+=(\"$i\")\n"
                         "done\n"
                         "job=0 after=()\n"
                         "if [ ${#left[@]} -gt 0 ]; then\n"
                         "  list=$(IFS=,; echo \"${left[*]}\")\n"
                         "  [ ${#left[@]} -lt \"$shards\" ] || list=1-$shards\n"
                         "  job=$(sbatch --parsable --array=\"$list\" \"$folder/array.sh\")\n"
                         "  job=${job%%;*}\n"
                         "  after=(--dependency=\"afterany:$job\")\n"
                         "  echo \"Job $job: ${#left[@]} of $shards shards\"\n"
                         "fi\n"
                         "merge=$(sbatch --parsable \"${after[@]}\" \"$folder/merge.sh\" \"$job\")\n"
                         "echo \"Job ${merge%%;*}: the merged study in $folder/merged\"\n");
  return g_string_free (text, FALSE);
}

/* ---- files ---- */

static gboolean
make_folder (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0777) == 0)
    return TRUE;
  const int number = errno;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (number), _ ("%s cannot be made: %s"), path,
               g_strerror (number));
  return FALSE;
}

/* Takes the text over. */
static gboolean
write_script (const EgSlurmJob *self, const char *name, char *text, GError **error)
{
  g_autofree char *own = text, *path = g_build_filename (self->folder, name, NULL);
  g_autoptr (EgAtomicFile) file = eg_atomic_file_begin (path, error);
  return file != NULL && eg_atomic_file_append (file, own, strlen (own), error)
         && eg_atomic_file_commit (file, error);
}

gboolean
eg_slurm_job_write (const EgSlurmJob *self, GError **error)
{
  g_autofree char *log = g_build_filename (self->folder, "log", NULL);
  return eg_slurm_job_check (self, error) && make_folder (log, error)
         && write_script (self, "array.sh", eg_slurm_job_make_array (self), error)
         && write_script (self, "merge.sh", eg_slurm_job_make_merge (self), error)
         && write_script (self, "submit.sh", eg_slurm_job_make_submit (self), error);
}
