/* A list of traces, and which of them is shown. */
#include "app/page/versions.h"

struct _EgVersions
{
  GPtrArray *all; /* of EgVersion */
  guint shown;
};

static void
version_free (gpointer data)
{
  EgVersion *self = data;

  eg_tracing_stop (self->tracing);
  g_object_unref (self->tracing);
  g_clear_pointer (&self->model, eg_model_unref);
  g_free (self->key);
  g_free (self->file_name);
  g_free (self);
}

static EgVersion *
append (EgVersions *self)
{
  EgVersion *version = g_new0 (EgVersion, 1);

  version->tracing = eg_tracing_new ();
  g_ptr_array_add (self->all, version);
  self->shown = self->all->len - 1;
  return version;
}

EgVersions *
eg_versions_new (void)
{
  EgVersions *self = g_new0 (EgVersions, 1);

  self->all = g_ptr_array_new_with_free_func (version_free);
  append (self);
  return self;
}

void
eg_versions_free (EgVersions *self)
{
  g_ptr_array_unref (self->all);
  g_free (self);
}

EgVersion *
eg_versions_get_shown (EgVersions *self)
{
  return self->all->pdata[self->shown];
}

EgVersion *
eg_versions_add (EgVersions *self)
{
  EgVersion *shown = eg_versions_get_shown (self);

  if (eg_tracing_get_result (shown->tracing) == NULL)
    return shown;
  return append (self);
}

gboolean
eg_versions_can_go (EgVersions *self, int step)
{
  return step < 0 ? self->shown > 0 : self->shown + 1 < self->all->len;
}

EgVersion *
eg_versions_go (EgVersions *self, int step)
{
  g_return_val_if_fail (eg_versions_can_go (self, step), eg_versions_get_shown (self));

  self->shown = step < 0 ? self->shown - 1 : self->shown + 1;
  return eg_versions_get_shown (self);
}

EgVersion *
eg_versions_drop_shown (EgVersions *self)
{
  g_return_val_if_fail (self->shown > 0, eg_versions_get_shown (self));

  g_ptr_array_remove_index (self->all, self->shown);
  self->shown--;
  return eg_versions_get_shown (self);
}

GStrv
eg_versions_get_keys (EgVersions *self)
{
  g_autoptr (GStrvBuilder) keys = g_strv_builder_new ();

  for (guint i = 0; i < self->all->len; i++)
    {
      const EgVersion *version = self->all->pdata[i];
      if (version->key != NULL)
        g_strv_builder_add (keys, version->key);
    }
  return g_strv_builder_end (keys);
}
