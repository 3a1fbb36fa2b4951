/* Tells a Git LFS pointer or a web page from the file that should be there. */
#include "formats/placeholder.h"

#include "core/error.h"

#include <glib/gi18n.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static gboolean
begins_with (const char *bytes, gsize n, const char *text)
{
  return n >= strlen (text) && g_ascii_strncasecmp (bytes, text, strlen (text)) == 0;
}

/* White space may stand before it, and comments, which begin as its elements do. */
static gboolean
is_web_page (const char *bytes, gsize n)
{
  static const char *const beginnings[] = { "<!doctype", "<html", "<head", "<body", "<?xml", "<!--" };
  const char *end = bytes + n;
  if (begins_with (bytes, n, BYTE_ORDER_MARK))
    bytes += strlen (BYTE_ORDER_MARK);
  while (bytes < end && g_ascii_isspace (*bytes))
    bytes++;
  for (gsize i = 0; i < G_N_ELEMENTS (beginnings); i++)
    if (begins_with (bytes, (gsize)(end - bytes), beginnings[i]))
      return TRUE;
  return FALSE;
}

gboolean
eg_check_placeholder (const void *bytes, gsize n, const char *title, GError **error)
{
  if (n == 0)
    return TRUE;
  if (begins_with (bytes, n, "version https://git-lfs.github.com/spec/"))
    g_set_error (
        error, EG_ERROR, EG_ERROR_FORMAT,
        _ ("%s is not the file itself but a pointer to it, of Git LFS: fetch it with “git lfs pull”, or "
           "download it again"),
        title);
  else if (is_web_page (bytes, n))
    g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
                 _ ("%s is not the file itself but a web page, perhaps of an error: download it again"),
                 title);
  else
    return TRUE;
  return FALSE;
}
