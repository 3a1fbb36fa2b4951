/* Models that are loaded in the background, one at a time: the last one that was asked for; no display. */
#include "fixture.h"

#include "app/models/model-loader.h"
#include "library/locate.h"

#include <string.h>

typedef struct
{
  EgModelLoader *loader;
  char *demo;
  guint n_changed, n_loaded, n_failed;
  char *message; /* of the last failure */
} Scene;

static void
count (guint *n)
{
  *n += 1;
}

static void
on_failed (EgModelLoader *loader, const GError *error, gpointer data)
{
  Scene *self = data;

  self->n_failed++;
  g_free (self->message);
  self->message = g_strdup (error->message);
}

static void
scene_open (Scene *self)
{
  *self = (Scene){ .loader = eg_model_loader_new (), .demo = eg_model_find_demo () };
  g_signal_connect_swapped (self->loader, "changed", G_CALLBACK (count), &self->n_changed);
  g_signal_connect_swapped (self->loader, "loaded", G_CALLBACK (count), &self->n_loaded);
  g_signal_connect (self->loader, "failed", G_CALLBACK (on_failed), self);
}

static void
scene_close (Scene *self)
{
  g_object_unref (self->loader);
  g_free (self->demo);
  g_free (self->message);
}

static void
test_loads_and_says_how_far_it_is (void)
{
  Scene scene;
  scene_open (&scene);

  g_assert_null (eg_model_loader_get_model (scene.loader));
  g_assert_null (eg_model_loader_get_asked_for (scene.loader));
  eg_model_loader_open (scene.loader, scene.demo, NULL);
  g_assert_true (eg_model_loader_is_loading (scene.loader));
  g_assert_cmpuint (scene.n_changed, ==, 1);
  g_assert_cmpfloat (eg_model_loader_get_progress (scene.loader), <=, 1);
  fixture_wait_for (scene.n_loaded == 1);
  g_assert_false (eg_model_loader_is_loading (scene.loader));
  g_assert_cmpuint (scene.n_changed, >=, 2);
  g_assert_cmpstr (eg_model_get_folder (eg_model_loader_get_model (scene.loader)), ==, scene.demo);
  g_assert_cmpstr (eg_model_loader_get_asked_for (scene.loader), ==, scene.demo);
  scene_close (&scene);
}

static void
test_last_that_was_asked_for_is_loaded (void)
{
  Scene scene;
  scene_open (&scene);

  for (int i = 0; i < 5; i++)
    eg_model_loader_open (scene.loader, i < 4 ? "/nonexistent" : scene.demo, NULL);
  fixture_wait_for (eg_model_loader_get_model (scene.loader) != NULL);
  fixture_run_for (0.2);
  g_assert_cmpuint (scene.n_loaded, ==, 1);
  g_assert_cmpuint (scene.n_failed, ==, 0);
  scene_close (&scene);
}

static void
test_failure_leaves_the_model_before (void)
{
  Scene scene;
  scene_open (&scene);

  eg_model_loader_open (scene.loader, scene.demo, NULL);
  fixture_wait_for (scene.n_loaded == 1);
  EgModel *model = eg_model_loader_get_model (scene.loader);
  eg_model_loader_open (scene.loader, "/nonexistent/model", NULL);
  fixture_wait_for (scene.n_failed == 1);
  g_assert_nonnull (strstr (scene.message, "/nonexistent/model"));
  g_assert_true (eg_model_loader_get_model (scene.loader) == model);
  g_assert_false (eg_model_loader_is_loading (scene.loader));
  g_assert_cmpstr (eg_model_loader_get_asked_for (scene.loader), ==, "/nonexistent/model");
  scene_close (&scene);
}

static void
test_cancelled_is_never_told (void)
{
  Scene scene;
  scene_open (&scene);

  eg_model_loader_cancel (scene.loader);
  g_assert_cmpuint (scene.n_changed, ==, 0);
  eg_model_loader_open (scene.loader, scene.demo, NULL);
  eg_model_loader_cancel (scene.loader);
  g_assert_false (eg_model_loader_is_loading (scene.loader));
  g_assert_cmpuint (scene.n_changed, ==, 2);
  fixture_run_for (0.3);
  g_assert_cmpuint (scene.n_loaded + scene.n_failed, ==, 0);
  g_assert_cmpuint (scene.n_changed, ==, 2);
  g_assert_null (eg_model_loader_get_model (scene.loader));
  scene_close (&scene);
}

/* As a window that closes: what is still read finds nobody any more, and is let go of. */
static void
test_loader_may_go_while_it_loads (void)
{
  Scene scene;
  scene_open (&scene);
  gpointer watched = scene.loader;

  g_object_add_weak_pointer (G_OBJECT (scene.loader), &watched);
  eg_model_loader_open (scene.loader, scene.demo, NULL);
  eg_model_loader_cancel (scene.loader);
  scene_close (&scene);
  g_assert_nonnull (watched);
  fixture_wait_for (watched == NULL);
  g_assert_cmpuint (scene.n_loaded + scene.n_failed, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/model-loader/loads-and-says-how-far-it-is", test_loads_and_says_how_far_it_is);
  g_test_add_func ("/app/model-loader/last-that-was-asked-for-is-loaded",
                   test_last_that_was_asked_for_is_loaded);
  g_test_add_func ("/app/model-loader/failure-leaves-the-model-before", test_failure_leaves_the_model_before);
  g_test_add_func ("/app/model-loader/cancelled-is-never-told", test_cancelled_is_never_told);
  g_test_add_func ("/app/model-loader/loader-may-go-while-it-loads", test_loader_may_go_while_it_loads);
  return g_test_run ();
}
