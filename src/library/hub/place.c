/* Reads the environment. */
#include "library/hub/place.h"

#include "core/error.h"
#include "library/expand-path.h"
#include "library/locate.h"

#include <glib/gi18n.h>
#include <string.h>

#define DEFAULT_ENDPOINT "https://huggingface.co"
#define DEFAULT_TIMEOUT  30
#define MAX_TIMEOUT      3600

static gboolean
is_true (const char *variable)
{
  static const char *const words[] = { "1", "on", "yes", "true", NULL };
  g_autofree char *value = g_ascii_strdown (g_getenv (variable) != NULL ? g_getenv (variable) : "", -1);
  return g_strv_contains (words, value);
}

/* NULL where it is not set, or empty. */
static const char *
get (const char *variable)
{
  const char *value = g_getenv (variable);
  return value != NULL && *value != '\0' ? value : NULL;
}

/* A token on one line; NULL for none. (transfer full) */
static char *
clean_token (const char *text)
{
  g_autofree char *token = g_strstrip (g_strdup (text));
  for (const char *c = token; *c != '\0'; c++)
    if (!g_ascii_isgraph (*c))
      return NULL;
  return *token != '\0' ? g_steal_pointer (&token) : NULL;
}

static char *
find_token (const char *cache)
{
  const char *named = get ("HF_TOKEN") != NULL ? get ("HF_TOKEN") : get ("HUGGING_FACE_HUB_TOKEN");
  if (is_true ("HF_HUB_DISABLE_IMPLICIT_TOKEN"))
    return NULL;
  if (named != NULL)
    return clean_token (named);
  g_autofree char *path = NULL, *text = NULL;
  if (get ("HF_TOKEN_PATH") != NULL)
    path = eg_expand_path (get ("HF_TOKEN_PATH"));
  else if (get ("HF_HOME") != NULL)
    {
      g_autofree char *home = eg_expand_path (get ("HF_HOME"));
      path = g_build_filename (home, "token", NULL);
    }
  else
    path = g_build_filename (cache, "..", "token", NULL); /* beside the folder "hub" */
  return g_file_get_contents (path, &text, NULL, NULL) ? clean_token (text) : NULL;
}

static char *
find_endpoint (GError **error)
{
  g_autofree char *endpoint = g_strdup (get ("HF_ENDPOINT") != NULL ? get ("HF_ENDPOINT") : DEFAULT_ENDPOINT);
  while (g_str_has_suffix (endpoint, "/"))
    endpoint[strlen (endpoint) - 1] = '\0';
  g_autoptr (GUri) uri = g_uri_parse (endpoint, G_URI_FLAGS_NONE, NULL);
  if (uri != NULL && g_uri_get_host (uri) != NULL && *g_uri_get_host (uri) != '\0'
      && (g_str_equal (g_uri_get_scheme (uri), "https") || g_str_equal (g_uri_get_scheme (uri), "http")))
    return g_steal_pointer (&endpoint);
  eg_error_invalid (error, _ ("HF_ENDPOINT is “%s”, which is no address of a server"), endpoint);
  return NULL;
}

/* FALSE where a file is named that cannot be read. */
static gboolean
find_certificates (GTlsDatabase **certificates, GError **error)
{
  static const char *const variables[] = { "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE" };
  gsize i = 0;
  while (i < G_N_ELEMENTS (variables) && get (variables[i]) == NULL)
    i++;
  if (i == G_N_ELEMENTS (variables))
    return TRUE;
  g_autoptr (GError) problem = NULL;
  g_autofree char *path = eg_expand_path (get (variables[i]));
  *certificates = g_tls_file_database_new (path, &problem);
  if (*certificates == NULL)
    eg_error_invalid (error, _ ("%s is “%s”, which is no file of certificates: %s"), variables[i], path,
                      problem->message);
  return *certificates != NULL;
}

/* The default cache, not one that another variable names. (transfer full) */
static char *
get_first_cache (void)
{
  g_auto (GStrv) caches = eg_model_get_caches ();
  return g_strdup (caches[0]);
}

EgHubPlace *
eg_hub_place_new (GError **error)
{
  if (is_true ("HF_HUB_OFFLINE") || is_true ("TRANSFORMERS_OFFLINE"))
    {
      eg_error_invalid (error, _ ("HF_HUB_OFFLINE is set: nothing is fetched"));
      return NULL;
    }
  g_autofree char *endpoint = find_endpoint (error);
  GTlsDatabase *certificates = NULL;
  if (endpoint == NULL || !find_certificates (&certificates, error))
    return NULL;
  EgHubPlace *self = g_new0 (EgHubPlace, 1);
  g_auto (GStrv) caches = eg_model_get_caches ();
  self->endpoint = g_steal_pointer (&endpoint);
  self->certificates = certificates;
  self->cache = get_first_cache ();
  self->token = find_token (caches[g_strv_length (caches) - 1]);
  const guint64 seconds = g_ascii_strtoull (
      get ("HF_HUB_DOWNLOAD_TIMEOUT") != NULL ? get ("HF_HUB_DOWNLOAD_TIMEOUT") : "", NULL, 10);
  self->timeout = seconds > 0 ? (guint)MIN (seconds, MAX_TIMEOUT) : DEFAULT_TIMEOUT;
  return self;
}

void
eg_hub_place_free (EgHubPlace *self)
{
  g_free (self->endpoint);
  g_free (self->token);
  g_free (self->cache);
  g_clear_object (&self->certificates);
  g_free (self);
}
