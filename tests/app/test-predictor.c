/* Typing never waits for a prediction: each key is taken while one is under way, and the one under way is
 * cancelled. The program is linked with eg_predict_async() replaced by one that takes until it is told to
 * end. */
#include "fixture.h"

#include "app/ask/prediction-list.h"
#include "app/ask/prompt-panel.h"
#include "app/shell/window.h"

#include <string.h>

/* ---- the slow predictor ---- */

typedef struct
{
  int n_begun, n_cancelled, n_done; /* atomic */
  int may_end;                      /* atomic */
} Slow;

static Slow slow;

static void
predict_slowly (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_atomic_int_inc (&slow.n_begun);
  while (!g_atomic_int_get (&slow.may_end) && !g_cancellable_is_cancelled (cancellable))
    g_usleep (1000);
  if (g_cancellable_is_cancelled (cancellable))
    {
      g_atomic_int_inc (&slow.n_cancelled);
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Cancelled");
      return;
    }
  EgPrediction *prediction = g_new0 (EgPrediction, 1);
  prediction->n_predictions = 1;
  prediction->predictions = g_new0 (EgPredictedToken, 1);
  prediction->predictions[0]
      = (EgPredictedToken){ .text = g_strdup (data), .spelled = g_strdup (data), .probability = 0.5 };
  g_atomic_int_inc (&slow.n_done);
  g_task_return_pointer (task, prediction, (GDestroyNotify)eg_prediction_free);
}

void __wrap_eg_predict_async (EgModel *model,
                              const char *prompt,
                              gsize top,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer data);

void
__wrap_eg_predict_async (EgModel *model,
                         const char *prompt,
                         gsize top,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  g_task_set_task_data (task, g_strdup (prompt), g_free);
  g_task_run_in_thread (task, predict_slowly);
}

/* ---- the test ---- */

static void
count (EgPredictor *predictor, const EgPrediction *prediction, gpointer data)
{
  if (prediction != NULL)
    *(int *)data += 1;
}

static void
test_typing_never_waits (void)
{
  static const char *const keys[] = { "a", "b", "c", "d", "e" };
  EgWindow *window = eg_window_new (NULL, NULL, NULL);
  int n_shown = 0;

  gtk_window_present (GTK_WINDOW (window));
  fixture_settle (GTK_WINDOW (window));
  eg_window_open_model (window, NULL);
  EgDraft *draft = eg_window_get_draft (window);
  fixture_wait_for (eg_draft_get_model (draft) != NULL);
  GtkWidget *predictions = fixture_find (GTK_WIDGET (window), EG_TYPE_PREDICTION_LIST);
  g_signal_connect (eg_prediction_list_get_predictor (EG_PREDICTION_LIST (predictions)), "predicted",
                    G_CALLBACK (count), &n_shown);
  GtkWidget *view
      = fixture_find (fixture_find (GTK_WIDGET (window), EG_TYPE_PROMPT_PANEL), GTK_TYPE_TEXT_VIEW);
  gtk_widget_grab_focus (view);
  fixture_point (GTK_WINDOW (window), view, 20, 20);

  for (int i = 0; i < (int)G_N_ELEMENTS (keys); i++)
    {
      /* It comes through while the prediction of what stood there before is under way … */
      fixture_input (GTK_WINDOW (window), "key %s", keys[i]);
      const char *prompt = eg_draft_get_request (draft)->prompt;
      g_assert_cmpuint (strlen (prompt), ==, (gsize)i + 1);
      g_assert_cmpint (g_ascii_tolower (prompt[i]), ==, *keys[i]);
      g_assert_cmpint (g_atomic_int_get (&slow.n_done), ==, 0);
      /* … which is cancelled, before there is another. */
      fixture_wait_for (g_atomic_int_get (&slow.n_cancelled) == i);
      fixture_wait_for (g_atomic_int_get (&slow.n_begun) == i + 1);
    }
  g_assert_cmpint (n_shown, ==, 0);

  /* The last is shown, alone. */
  g_atomic_int_set (&slow.may_end, 1);
  fixture_wait_for (n_shown == 1);
  g_assert_cmpint (g_atomic_int_get (&slow.n_cancelled), ==, (int)G_N_ELEMENTS (keys) - 1);
  g_assert_cmpint (g_atomic_int_get (&slow.n_done), ==, 1);
  GtkWidget *label = gtk_widget_get_first_child (predictions);
  g_assert_cmpstr (gtk_label_get_text (GTK_LABEL (label)), ==, eg_draft_get_request (draft)->prompt);
  fixture_close (GTK_WINDOW (window));
}

/* Keys in quick succession begin one prediction, not one each. */
static void
test_quick_keys_are_one_question (void)
{
  g_autoptr (EgModel) model = NULL;
  g_autofree char *demo = g_test_build_filename (G_TEST_DIST, "..", "data", "demo", NULL);
  g_autoptr (EgPredictor) predictor = eg_predictor_new (5);
  int n_shown = 0;

  slow = (Slow){ .may_end = 1 };
  model = eg_model_open (demo, NULL, NULL);
  g_signal_connect (predictor, "predicted", G_CALLBACK (count), &n_shown);
  for (int i = 0; i < 20; i++)
    eg_predictor_ask (predictor, model, "The");
  fixture_wait_for (n_shown == 1);
  g_assert_cmpint (slow.n_begun, ==, 1);

  /* Nothing is asked of an empty prompt. */
  eg_predictor_ask (predictor, model, "");
  g_assert_cmpint (slow.n_begun, ==, 1);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add_func ("/app/predictor/typing-never-waits", test_typing_never_waits);
  g_test_add_func ("/app/predictor/quick-keys-are-one-question", test_quick_keys_are_one_question);
  return g_test_run ();
}
