/* A model is verified in a dialog: it says how far it is, what it found, and ends when it is told to. */
#include "app/models/verify-dialog.h"
#include "app/parts/progress-view.h"
#include "fixture.h"
#include "library/locate.h"

#include <stdio.h>
#include <string.h>

static EgModel *
open_demo (void)
{
  g_autofree char *folder = eg_model_find_demo ();
  g_autoptr (GError) error = NULL;
  EgModel *model = eg_model_open (folder, NULL, &error);
  g_assert_no_error (error);
  return model;
}

static EgProgressView *
get_progress (GtkWindow *dialog)
{
  return EG_PROGRESS_VIEW (fixture_find (GTK_WIDGET (dialog), EG_TYPE_PROGRESS_VIEW));
}

/* One sentence, with the error of eight cells, and nothing to stop any more. */
static void
test_error (void)
{
  g_autoptr (EgModel) model = open_demo ();
  GtkWindow *window = fixture_show (gtk_label_new (NULL), 300, 300);
  const EgDevice device = { .kind = EG_DEVICE_CPU };
  GtkWindow *dialog = eg_verify_dialog_show (window, model, &device);
  EgProgressView *progress = get_progress (dialog);
  gsize layer = 99, token = 99;
  double error = 1;

  g_assert_cmpstr (gtk_window_get_title (dialog), ==, "Verify demo");
  fixture_wait_for (g_str_has_prefix (eg_progress_view_get_text (progress), "Of "));
  const char *text = eg_progress_view_get_text (progress), *end = strstr (text, " is off by ");
  g_assert_true (g_str_has_prefix (text, "Of 8 cells computed by cpu"));
  g_assert_nonnull (end);
  g_assert_cmpint (sscanf (end, " is off by %lf (layer %zu, token %zu)", &error, &layer, &token), ==, 3);
  g_assert_cmpfloat (error, >, 0);
  g_assert_cmpfloat (error, <, 1e-5);
  g_assert_cmpuint (layer, <, eg_model_get_sizes (model)->n_layers);
  g_assert_cmpuint (token, <, 20);
  GtkWidget *button = fixture_find (GTK_WIDGET (progress), GTK_TYPE_BUTTON);
  g_assert_cmpstr (gtk_button_get_label (GTK_BUTTON (button)), ==, "_Close");
  gpointer left = dialog;
  g_object_add_weak_pointer (G_OBJECT (dialog), &left);
  g_signal_emit_by_name (button, "clicked");
  fixture_wait_for (left == NULL);
  fixture_close (window);
}

/* By its button, and with its parent. */
static void
test_stop (void)
{
  for (int with_parent = 0; with_parent < 2; with_parent++)
    {
      g_autoptr (EgModel) model = open_demo ();
      GtkWindow *window = fixture_show (gtk_label_new (NULL), 300, 300);
      const EgDevice device = { .kind = EG_DEVICE_CPU };
      GtkWindow *dialog = eg_verify_dialog_show (window, model, &device);
      GtkWidget *button = fixture_find (GTK_WIDGET (get_progress (dialog)), GTK_TYPE_BUTTON);
      gpointer left = dialog;

      g_object_add_weak_pointer (G_OBJECT (dialog), &left);
      if (with_parent)
        fixture_close (window);
      else
        g_signal_emit_by_name (button, "clicked");
      fixture_wait_for (left == NULL);
      fixture_run_for (0.5); /* what the thread gives back comes to nobody */
      if (!with_parent)
        fixture_close (window);
    }
}

/* A device that is not there. */
static void
test_failure (void)
{
  g_autoptr (EgModel) model = open_demo ();
  GtkWindow *window = fixture_show (gtk_label_new (NULL), 300, 300);
  const EgDevice device = { .kind = EG_DEVICE_CUDA, .index = 99 };
  GtkWindow *dialog = eg_verify_dialog_show (window, model, &device);
  EgProgressView *progress = get_progress (dialog);

  fixture_wait_for (!gtk_widget_get_visible (fixture_find (GTK_WIDGET (progress), GTK_TYPE_PROGRESS_BAR)));
  g_assert_null (strstr (eg_progress_view_get_text (progress), "double precision"));
  g_assert_cmpuint (strlen (eg_progress_view_get_text (progress)), >, 10);
  fixture_close (window);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add_func ("/verify-dialog/says-the-largest-error", test_error);
  g_test_add_func ("/verify-dialog/ends-when-it-is-closed", test_stop);
  g_test_add_func ("/verify-dialog/says-why-it-cannot", test_failure);
  return g_test_run ();
}
