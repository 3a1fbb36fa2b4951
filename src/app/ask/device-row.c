/* Finds in a thread what can compute, and keeps the choice by its name. */
#include "app/ask/device-row.h"

#include <glib/gi18n.h>
#include <string.h>

struct _EgDeviceRow
{
  AdwComboRow parent_instance;
  char *device;     /* the choice, by its name */
  GPtrArray *names; /* of what there is to choose, in the order of the list */
  gboolean unusable, listing;
  GCancellable *finding;
};

enum
{
  PROP_0,
  PROP_DEVICE,
};

G_DEFINE_FINAL_TYPE (EgDeviceRow, eg_device_row, ADW_TYPE_COMBO_ROW)

/* What the thread found. */
typedef struct
{
  GPtrArray *gpus; /* eg_device_list_cuda() */
  char *why_not;   /* none of them can be used; NULL: one can */
} Found;

static void
found_free (gpointer data)
{
  Found *found = data;

  g_clear_pointer (&found->gpus, g_ptr_array_unref);
  g_free (found->why_not);
  g_free (found);
}

static void
find_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  Found *found = g_new0 (Found, 1);

  found->gpus = eg_device_list_cuda (&error);
  found->why_not = error != NULL ? g_strdup (error->message) : NULL;
  g_task_return_pointer (task, found, found_free);
}

static void
add (EgDeviceRow *self, GtkStringList *list, const char *name, const char *title)
{
  g_ptr_array_add (self->names, g_strdup (name));
  gtk_string_list_append (list, title);
}

static void
select_device (EgDeviceRow *self)
{
  for (guint i = 0; i < self->names->len; i++)
    if (strcmp (self->names->pdata[i], self->device) == 0)
      adw_combo_row_set_selected (ADW_COMBO_ROW (self), i);
}

/* gpus: their names, NULL for one that cannot be used; NULL: CUDA cannot be used, or is not known yet to be
 * usable. */
static void
list (EgDeviceRow *self, GPtrArray *gpus)
{
  g_autoptr (GtkStringList) titles = gtk_string_list_new (NULL);

  self->listing = TRUE;
  g_ptr_array_set_size (self->names, 0);
  if (gpus != NULL)
    add (self, titles, "auto", _ ("Automatic"));
  add (self, titles, "cpu", _ ("Processor"));
  for (guint i = 0; gpus != NULL && i < gpus->len; i++)
    {
      const char *gpu = gpus->pdata[i];
      g_autofree char *name = g_strdup_printf ("cuda:%u", i);
      g_autofree char *title = gpus->len > 1 ? g_strdup_printf ("%s (%u)", gpu, i) : g_strdup (gpu);
      if (gpu != NULL)
        add (self, titles, name, title);
    }
  /* A GPU of another day: to be seen, and left. */
  if (gpus != NULL && !g_ptr_array_find_with_equal_func (self->names, self->device, g_str_equal, NULL))
    add (self, titles, self->device, self->device);
  adw_combo_row_set_model (ADW_COMBO_ROW (self), G_LIST_MODEL (titles));
  select_device (self);
  self->listing = FALSE;
}

/* There is nothing to choose then: what computes is said, and why. */
static void
say_why_not (EgDeviceRow *self, const char *why_not)
{
  g_autofree char *reason = g_strdup_printf (_ ("CUDA is not used: %s"), why_not);
  g_autofree char *text = g_strdup_printf ("%s · %s", _ ("Processor"), reason);
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  g_ptr_array_set_size (self->names, 0);
  adw_combo_row_set_model (ADW_COMBO_ROW (self), NULL);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), escaped);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (self), 0);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer data)
{
  EgDeviceRow *self = EG_DEVICE_ROW (source);
  Found *found = g_task_propagate_pointer (G_TASK (result), NULL);

  /* Cancelled: the row is gone. */
  if (found == NULL)
    return;
  self->unusable = found->why_not != NULL;
  if (self->unusable)
    {
      say_why_not (self, found->why_not);
      /* A GPU of another day is not what computes now. */
      g_object_notify (G_OBJECT (self), "device");
    }
  else
    list (self, found->gpus);
  found_free (found);
}

static void
set_device (EgDeviceRow *self, const char *device)
{
  if (g_strcmp0 (self->device, device) == 0)
    return;
  g_free (self->device);
  self->device = g_strdup (device);
  select_device (self);
  g_object_notify (G_OBJECT (self), "device");
}

static void
on_selected (EgDeviceRow *self, GParamSpec *pspec, gpointer data)
{
  const guint selected = adw_combo_row_get_selected (ADW_COMBO_ROW (self));

  if (!self->listing && selected < self->names->len && self->names->len > 1)
    set_device (self, self->names->pdata[selected]);
}

static void
eg_device_row_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_string (value, EG_DEVICE_ROW (object)->device);
}

static void
eg_device_row_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EgDevice device;

  if (g_value_get_string (value) != NULL && eg_device_from_name (g_value_get_string (value), &device, NULL))
    set_device (EG_DEVICE_ROW (object), g_value_get_string (value));
}

static void
eg_device_row_dispose (GObject *object)
{
  g_cancellable_cancel (EG_DEVICE_ROW (object)->finding);
  G_OBJECT_CLASS (eg_device_row_parent_class)->dispose (object);
}

static void
eg_device_row_finalize (GObject *object)
{
  EgDeviceRow *self = EG_DEVICE_ROW (object);

  g_object_unref (self->finding);
  g_free (self->device);
  g_ptr_array_unref (self->names);
  G_OBJECT_CLASS (eg_device_row_parent_class)->finalize (object);
}

static void
eg_device_row_class_init (EgDeviceRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = eg_device_row_get_property;
  object_class->set_property = eg_device_row_set_property;
  object_class->dispose = eg_device_row_dispose;
  object_class->finalize = eg_device_row_finalize;
  g_object_class_install_property (
      object_class, PROP_DEVICE,
      g_param_spec_string ("device", NULL, NULL, "auto", G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
}

static void
eg_device_row_init (EgDeviceRow *self)
{
  self->finding = g_cancellable_new ();
  g_autoptr (GTask) task = g_task_new (self, self->finding, on_found, NULL);
  self->device = g_strdup ("auto");
  self->names = g_ptr_array_new_with_free_func (g_free);
  list (self, NULL);
  g_signal_connect (self, "notify::selected", G_CALLBACK (on_selected), NULL);
  g_task_run_in_thread (task, find_in_thread);
}

void
eg_device_row_get_device (EgDeviceRow *self, EgDevice *device)
{
  g_return_if_fail (EG_IS_DEVICE_ROW (self));

  const gboolean gone = self->unusable && g_str_has_prefix (self->device, "cuda");
  *device = (EgDevice){ EG_DEVICE_AUTO, 0, EG_PRECISION_FP32 };
  if (!gone)
    eg_device_from_name (self->device, device, NULL);
}

void
eg_device_row_set_device (EgDeviceRow *self, const EgDevice *device)
{
  g_return_if_fail (EG_IS_DEVICE_ROW (self));

  g_autofree char *name = eg_device_get_name (device);
  set_device (self, name);
}
