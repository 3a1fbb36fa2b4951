/* Names the processor. */
#include "study/computer.h"

#include <string.h>

/* What Linux calls it, or "". (transfer full) */
static char *
read_processor (void)
{
  g_autofree char *text = NULL;
  if (!g_file_get_contents ("/proc/cpuinfo", &text, NULL, NULL))
    return g_strdup ("");
  const char *line = strstr (text, "model name"), *colon = line != NULL ? strchr (line, ':') : NULL;
  if (colon == NULL)
    return g_strdup ("");
  g_autofree char *name = g_strndup (colon + 1, strcspn (colon + 1, "\n"));
  return g_strdup (g_strstrip (name));
}

char *
eg_computer_describe (EgModel *model)
{
  g_autofree char *processor = read_processor (), *valid = g_utf8_make_valid (processor, -1);
  const char *device = eg_model_get_device_name (model);
  return *valid != '\0' ? g_strdup_printf ("%s; %s", valid, device) : g_strdup (device);
}
