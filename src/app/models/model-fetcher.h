/* Fetches a model from Hugging Face's Hub in the background: first what there is of it, then, when a person
 * wants it, its files. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * EgFetchState:
 * @EG_FETCH_IDLE: nothing was asked yet
 * @EG_FETCH_ASKING: the Hub is asked what there is
 * @EG_FETCH_KNOWN: that is known
 * @EG_FETCH_RUNNING: files come
 * @EG_FETCH_STOPPED: by the person: what has come is kept
 * @EG_FETCH_FAILED: eg_model_fetcher_get_problem() says why
 * @EG_FETCH_DONE: the model is whole, in eg_model_fetcher_get_folder()
 */
typedef enum
{
  EG_FETCH_IDLE,
  EG_FETCH_ASKING,
  EG_FETCH_KNOWN,
  EG_FETCH_RUNNING,
  EG_FETCH_STOPPED,
  EG_FETCH_FAILED,
  EG_FETCH_DONE,
} EgFetchState;

#define EG_TYPE_MODEL_FETCHER (eg_model_fetcher_get_type ())

/* Signals: "changed" (): the state is another one, or more bytes have come. */
G_DECLARE_FINAL_TYPE (EgModelFetcher, eg_model_fetcher, EG, MODEL_FETCHER, GObject)

EgModelFetcher *eg_model_fetcher_new (void);

/* Asks the Hub about a model, "OWNER/NAME"; in place of what is under way. */
void eg_model_fetcher_ask (EgModelFetcher *self, const char *name);

/* Fetches what is not here of the model that was asked for last. */
void eg_model_fetcher_fetch (EgModelFetcher *self);

/* What is under way ends; what has come is kept, and the next fetch goes on with it. */
void eg_model_fetcher_stop (EgModelFetcher *self);

EgFetchState eg_model_fetcher_get_state (EgModelFetcher *self);

const char *eg_model_fetcher_get_folder (EgModelFetcher *self);
/* A sentence. */
const char *eg_model_fetcher_get_problem (EgModelFetcher *self);

/* Bytes of its files that are here, of all; both 0 before the Hub has answered. */
guint64 eg_model_fetcher_get_done (EgModelFetcher *self);
guint64 eg_model_fetcher_get_total (EgModelFetcher *self);

/* "120 MB of 517 MB · 3.1 MB/s · 2 min 5 s left": as far as it is known. (transfer full) */
char *eg_model_fetcher_describe (EgModelFetcher *self);

G_END_DECLS
