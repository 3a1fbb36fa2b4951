/* Where models come from and where they go: as huggingface_hub takes it from the environment. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * EgHubPlace:
 * @endpoint: $HF_ENDPOINT, or https://huggingface.co; without a final slash
 * @token: $HF_TOKEN (or $HUGGING_FACE_HUB_TOKEN), or what the file $HF_TOKEN_PATH, $HF_HOME/token or
 * ~/.cache/huggingface/token holds; %NULL for none. Sent to the endpoint alone
 * @cache: the first of eg_model_get_caches()
 * @certificates: whom to trust in place of the system's: the file $SSL_CERT_FILE, or by requests' and curl's
 * names $REQUESTS_CA_BUNDLE, $CURL_CA_BUNDLE; %NULL for none
 * @timeout: seconds in which something must come: $HF_HUB_DOWNLOAD_TIMEOUT, or 30
 */
typedef struct
{
  char *endpoint, *token, *cache;
  GTlsDatabase *certificates;
  guint timeout;
} EgHubPlace;

/* EG_ERROR_INVALID when $HF_HUB_OFFLINE (or $TRANSFORMERS_OFFLINE) forbids it, or the endpoint or the file of
 * certificates is none.
 * (transfer full) */
EgHubPlace *eg_hub_place_new (GError **error);
void eg_hub_place_free (EgHubPlace *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgHubPlace, eg_hub_place_free)

G_END_DECLS
