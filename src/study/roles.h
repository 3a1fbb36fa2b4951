/* The roles that a prompt's tokens have in a study, as ROME's averages have them (Meng et al. 2022, "Locating
 * and Editing Factual Associations in GPT", figure 2; experiments/notebooks/average_causal_effects.ipynb).
 *
 * Each role is a range of positions, found by itself, so that a token may have two:
 *   subject_first   the subject's first token
 *   subject_middle  those between its first and its last; none of a subject of one or two tokens
 *   subject_last    the subject's last token; of a subject of one token, the same as its first
 *   after_first     the token after the subject; none where the subject ends the prompt
 *   further         those between that one and the prompt's last
 *   last            the prompt's last token, where the answer is read: it may be the first after the subject,
 *                   or the subject's last, too
 * Tokens before the subject have none: nothing of theirs is corrupted. So ROME's averages have it, too, but
 * that theirs count each token of the middle and further ones by itself: here a fact's value of a role is the
 * mean over its tokens in it, and a study's the mean over facts that have any. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  EG_ROLE_SUBJECT_FIRST,
  EG_ROLE_SUBJECT_MIDDLE,
  EG_ROLE_SUBJECT_LAST,
  EG_ROLE_AFTER_FIRST,
  EG_ROLE_FURTHER,
  EG_ROLE_LAST,
  EG_N_ROLES,
} EgRole;

/* As files have it: "subject_first". */
const char *eg_role_get_name (EgRole role);

/* As people read it: "First subject token"; translated. */
const char *eg_role_get_title (EgRole role);

/* The positions [*begin, *end) that have a role in a prompt of n_tokens whose subject is subject_first …
 * subject_last, inclusive. Returns: how many; 0 is none. */
gsize eg_role_get_range (
    EgRole role, gsize n_tokens, gsize subject_first, gsize subject_last, gsize *begin, gsize *end);

G_END_DECLS
