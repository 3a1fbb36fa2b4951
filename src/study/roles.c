/* Which positions have which role. */
#include "study/roles.h"

#include <glib/gi18n.h>

static const struct
{
  const char *name, *title;
} roles[EG_N_ROLES] = {
  [EG_ROLE_SUBJECT_FIRST] = { "subject_first", N_ ("First subject token") },
  [EG_ROLE_SUBJECT_MIDDLE] = { "subject_middle", N_ ("Middle subject tokens") },
  [EG_ROLE_SUBJECT_LAST] = { "subject_last", N_ ("Last subject token") },
  [EG_ROLE_AFTER_FIRST] = { "after_first", N_ ("First token after") },
  [EG_ROLE_FURTHER] = { "further", N_ ("Further tokens") },
  [EG_ROLE_LAST] = { "last", N_ ("Last token") },
};

const char *
eg_role_get_name (EgRole role)
{
  g_return_val_if_fail (role < EG_N_ROLES, NULL);
  return roles[role].name;
}

const char *
eg_role_get_title (EgRole role)
{
  g_return_val_if_fail (role < EG_N_ROLES, NULL);
  return _ (roles[role].title);
}

gsize
eg_role_get_range (
    EgRole role, gsize n_tokens, gsize subject_first, gsize subject_last, gsize *begin, gsize *end)
{
  const gsize after = subject_last + 1;
  g_return_val_if_fail (subject_first <= subject_last && subject_last < n_tokens, 0);
  const gsize ranges[EG_N_ROLES][2] = {
    [EG_ROLE_SUBJECT_FIRST] = { subject_first, subject_first + 1 },
    [EG_ROLE_SUBJECT_MIDDLE] = { subject_first + 1, subject_last },
    [EG_ROLE_SUBJECT_LAST] = { subject_last, after },
    [EG_ROLE_AFTER_FIRST] = { after, MIN (after + 1, n_tokens) },
    [EG_ROLE_FURTHER] = { after + 1, n_tokens - 1 },
    [EG_ROLE_LAST] = { n_tokens - 1, n_tokens },
  };
  *begin = ranges[role][0];
  *end = MAX (ranges[role][1], *begin);
  return *end - *begin;
}
