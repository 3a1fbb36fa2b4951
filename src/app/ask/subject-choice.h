/* Which part of a prompt is its subject: what the person named, or a guess while nobody has named one. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EgSubjectChoice:
 * @named: by the person; "": nobody has
 * @guess: from the prompt's capital letters; "": there is none
 * @offset: where the subject begins in the prompt, in characters; −1: its first place
 * @set_aside: a named subject that the prompt has lost, until it has it again; %NULL: none
 * @set_aside_offset: its offset
 */
typedef struct
{
  char *named, *guess;
  gssize offset;
  char *set_aside;
  gssize set_aside_offset;
} EgSubjectChoice;

/* Nothing is named, of an empty prompt. */
void eg_subject_choice_init (EgSubjectChoice *self);
void eg_subject_choice_clear (EgSubjectChoice *self);

/* What is taken: the named one, or the guess. (transfer none): until the next change. */
const char *eg_subject_choice_get (const EgSubjectChoice *self);

/* The person names a subject, or none any more (""); one that was set aside is forgotten. offset: −1 for its
 * first place. */
void eg_subject_choice_name (EgSubjectChoice *self, const char *named, gssize offset);

/* The prompt is another one: a named subject that it has lost makes place for a guess, and comes back with
 * its words, as when the edit is undone. */
void eg_subject_choice_follow (EgSubjectChoice *self, const char *prompt);

/* Another prompt and its subject come together. */
void eg_subject_choice_replace (EgSubjectChoice *self, const char *prompt, const char *named, gssize offset);

G_END_DECLS
