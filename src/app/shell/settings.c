/* Finds the compiled schema where the program is, or where GLib looks. */
#include "app/shell/settings.h"

#include "core/data.h"

/* Where the build leaves the compiled schema, seen from the program. */
#define FROM_PROGRAM_TO_DATA "../../data"

static GSettingsSchema *
lookup_in (const char *folder, const char *id)
{
  g_autoptr (GSettingsSchemaSource) source = g_settings_schema_source_new_from_directory (
      folder, g_settings_schema_source_get_default (), TRUE, NULL);
  return source != NULL ? g_settings_schema_source_lookup (source, id, FALSE) : NULL;
}

/* In a build tree, or in a prefix that GLib does not look into. */
static GSettingsSchema *
lookup_beside_program (const char *id)
{
  g_autofree char *installed = eg_data_shared_path ("glib-2.0/schemas");
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  if (installed != NULL || program == NULL)
    return installed != NULL ? lookup_in (installed, id) : NULL;
  g_autofree char *folder = g_path_get_dirname (program);
  g_autofree char *data = g_build_filename (folder, FROM_PROGRAM_TO_DATA, NULL);
  return lookup_in (data, id);
}

GSettings *
eg_settings_new (const char *id)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  /* A program in its build tree must not take the schema of an older one that is installed. */
  g_autoptr (GSettingsSchema) schema = lookup_beside_program (id);

  if (schema == NULL && source != NULL)
    schema = g_settings_schema_source_lookup (source, id, TRUE);
  if (schema == NULL)
    {
      g_printerr ("Engram: its settings’ schema is not installed; nothing will be remembered\n");
      return NULL;
    }
  return g_settings_new_full (schema, NULL, NULL);
}
