/* The draft: what an edit makes of the request, of tokens and of what is wrong, and who is told. No window.
 */
#include "app/ask/draft.h"

#include "library/locate.h"
#include "trace/ask/fields.h"

static const char EIFFEL[] = "The Eiffel Tower is located in";

/* ---- who is told ---- */

typedef struct
{
  EgDraft *draft;
  guint n_shown, n_tokens, n_problems, n_changed;
} Scene;

static void
count (guint *n)
{
  *n += 1;
}

static void
scene_open (Scene *self, gboolean with_model)
{
  *self = (Scene){ .draft = eg_draft_new () };
  g_signal_connect_swapped (self->draft, "shown", G_CALLBACK (count), &self->n_shown);
  g_signal_connect_swapped (self->draft, "tokens-changed", G_CALLBACK (count), &self->n_tokens);
  g_signal_connect_swapped (self->draft, "problems-changed", G_CALLBACK (count), &self->n_problems);
  g_signal_connect_swapped (self->draft, "changed", G_CALLBACK (count), &self->n_changed);
  if (!with_model)
    return;
  g_autofree char *demo = eg_model_find_demo ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = eg_model_open (demo, NULL, &error);
  g_assert_no_error (error);
  eg_draft_set_model (self->draft, model);
}

static void
scene_forget (Scene *self)
{
  self->n_shown = self->n_tokens = self->n_problems = self->n_changed = 0;
}

static void
scene_close (Scene *self)
{
  g_signal_handlers_disconnect_by_func (self->draft, count, &self->n_changed);
  g_object_unref (self->draft);
}

static void
test_edit_is_told_once (void)
{
  Scene scene;
  scene_open (&scene, TRUE);
  eg_draft_set_texts (scene.draft, EIFFEL, "Eiffel Tower");
  scene_forget (&scene);

  /* Edits inside an edit are one change with it, and a setting makes no other tokens. */
  EgTraceRequest *request = eg_draft_edit (scene.draft);
  request->samples = 3;
  eg_draft_edit (scene.draft)->noise_level = 2;
  eg_draft_commit (scene.draft);
  g_assert_cmpuint (scene.n_changed, ==, 0);
  eg_draft_commit (scene.draft);
  g_assert_cmpuint (scene.n_changed, ==, 1);
  g_assert_cmpuint (scene.n_tokens + scene.n_problems + scene.n_shown, ==, 0);
  g_assert_true (request == eg_draft_get_request (scene.draft));
  g_assert_cmpuint (eg_draft_get_request (scene.draft)->samples, ==, 3);

  eg_draft_set_subject (scene.draft, "Tower");
  g_assert_cmpuint (scene.n_tokens, ==, 1);
  g_assert_cmpuint (scene.n_problems, ==, 0);
  eg_draft_set_subject (scene.draft, "Rome");
  g_assert_cmpuint (scene.n_problems, ==, 1);
  g_assert_cmpuint (scene.n_changed, ==, 3);
  scene_close (&scene);
}

/* ---- prompt and subject ---- */

static void
test_subject_is_where_it_was_marked (void)
{
  Scene scene;
  scene_open (&scene, TRUE);

  eg_draft_set_texts (scene.draft, "Is Merkel Merkel", "");
  g_assert_cmpstr (eg_draft_get_named_subject (scene.draft), ==, "");
  const EgPromptTokens *tokens = eg_draft_get_tokens (scene.draft);
  const gsize last = tokens->n - 1;
  gsize first = last;
  while (first > 0 && tokens->starts[first] > 10)
    first--;
  eg_draft_mark_subject (scene.draft, first, last);
  const EgTraceRequest *request = eg_draft_get_request (scene.draft);
  g_assert_cmpstr (request->subject, ==, "Merkel");
  g_assert_cmpint (request->subject_offset, ==, 10);
  tokens = eg_draft_get_tokens (scene.draft);
  g_assert_cmpint (tokens->subject_first, ==, first);
  g_assert_cmpint (tokens->subject_last, ==, last);

  /* What is behind the last token marks nothing. */
  eg_draft_mark_subject (scene.draft, 0, tokens->n);
  g_assert_cmpint (request->subject_offset, ==, 10);
  scene_close (&scene);
}

static void
test_named_subject_comes_back_with_its_prompt (void)
{
  Scene scene;
  scene_open (&scene, FALSE);
  const EgTraceRequest *request = eg_draft_get_request (scene.draft);

  eg_draft_set_texts (scene.draft, "the tower of Pisa", "tower");
  eg_draft_set_prompt (scene.draft, "the lake of Como");
  g_assert_cmpstr (request->subject, ==, "Como");
  g_assert_cmpstr (eg_draft_get_named_subject (scene.draft), ==, "");
  eg_draft_set_prompt (scene.draft, "a tower of Bologna");
  g_assert_cmpstr (request->subject, ==, "tower");
  /* Another name makes it forgotten. */
  eg_draft_set_prompt (scene.draft, "the lake of Como");
  eg_draft_set_subject (scene.draft, "lake");
  eg_draft_set_subject (scene.draft, "");
  eg_draft_set_prompt (scene.draft, "a tower of Bologna");
  g_assert_cmpstr (request->subject, ==, "Bologna");
  scene_close (&scene);
}

/* ---- what belongs to one prompt ---- */

static void
count_answer_resets (EgDraft *draft, gpointer data)
{
  *(guint *)data += 1;
}

static void
test_new_prompt_starts_clean (void)
{
  Scene scene;
  guint n_resets = 0;
  scene_open (&scene, TRUE);
  const EgTraceRequest *request = eg_draft_get_request (scene.draft);
  g_signal_connect (scene.draft, "answer-reset", G_CALLBACK (count_answer_resets), &n_resets);

  eg_draft_set_texts (scene.draft, EIFFEL, "Eiffel Tower");
  EgTraceRequest *edited = eg_draft_edit (scene.draft);
  edited->target = g_strdup (" M");
  edited->against = g_strdup (" Rome");
  edited->metric = EG_METRIC_LOGIT_DIFF;
  edited->samples = 7;
  edited->corruption.kind = EG_CORRUPTION_SWAP;
  edited->corruption.swap = g_strdup ("Space Needle");
  eg_draft_commit (scene.draft);

  /* The same prompt with another end is the same one. */
  eg_draft_set_prompt (scene.draft, "The Eiffel Tower is in");
  g_assert_cmpstr (request->target, ==, " M");
  g_assert_cmpuint (n_resets, ==, 0);
  eg_draft_set_texts (scene.draft, "The mother tongue of Angela Merkel is", "Angela Merkel");
  g_assert_null (request->target);
  g_assert_null (request->against);
  g_assert_cmpint (request->corruption.kind, ==, EG_CORRUPTION_GAUSSIAN);
  g_assert_cmpuint (request->samples, ==, 7);
  g_assert_cmpuint (n_resets, ==, 1);
  g_assert_true (eg_draft_can_trace (scene.draft, NULL));

  eg_draft_restore_answer (scene.draft);
  g_assert_cmpstr (request->prompt, ==, "The mother tongue of Angela Merkel is");
  g_assert_cmpstr (request->target, ==, " M");
  g_assert_cmpstr (request->against, ==, " Rome");
  g_assert_cmpstr (request->corruption.swap, ==, "Space Needle");
  g_assert_cmpint (request->metric, ==, EG_METRIC_LOGIT_DIFF);
  g_signal_handlers_disconnect_by_data (scene.draft, &n_resets);
  scene_close (&scene);
}

/* As when the prompt's own Undo takes back what was typed. */
static void
test_answer_comes_back_with_its_prompt (void)
{
  Scene scene;
  scene_open (&scene, TRUE);
  const EgTraceRequest *request = eg_draft_get_request (scene.draft);

  eg_draft_set_texts (scene.draft, EIFFEL, "Eiffel Tower");
  eg_draft_set_target (scene.draft, " M");
  eg_draft_set_prompt (scene.draft, "T");
  g_assert_null (request->target);
  eg_draft_set_prompt (scene.draft, "Th");
  eg_draft_set_prompt (scene.draft, EIFFEL);
  g_assert_cmpstr (request->target, ==, " M");
  scene_close (&scene);
}

static void
test_space_at_the_end_is_said_at_once (void)
{
  Scene scene;
  scene_open (&scene, FALSE);

  eg_draft_set_prompt (scene.draft, "The Eiffel Tower is in");
  g_assert_null (eg_draft_get_note (scene.draft, EG_PART_PROMPT));
  eg_draft_set_prompt (scene.draft, "The Eiffel Tower is in ");
  const char *note = eg_draft_get_note (scene.draft, EG_PART_PROMPT);
  g_assert_nonnull (note);
  g_assert_nonnull (strstr (note, "space"));
  scene_close (&scene);
}

/* ---- whole requests ---- */

static void
put_samples (EgDraft *draft, gpointer data)
{
  eg_draft_edit (draft)->samples = 7;
  eg_draft_commit (draft);
}

static void
test_shown_is_what_panels_can_hold (void)
{
  Scene scene;
  scene_open (&scene, FALSE);
  g_autoptr (EgTraceRequest) other = eg_trace_request_new (EIFFEL, "Tower");
  const EgTraceRequest *request = eg_draft_get_request (scene.draft);

  other->samples = 5000;
  other->seed = 9;
  other->threads = 3;
  g_signal_connect (scene.draft, "shown", G_CALLBACK (put_samples), NULL);
  eg_draft_show (scene.draft, other);
  g_assert_cmpuint (scene.n_changed, ==, 1);
  g_assert_cmpstr (request->prompt, ==, EIFFEL);
  g_assert_cmpstr (eg_draft_get_named_subject (scene.draft), ==, "Tower");
  g_assert_cmpuint (request->samples, ==, 7);
  g_assert_cmpuint (request->seed, ==, 9);
  /* How many work here says nothing of a request. */
  g_assert_cmpuint (request->threads, ==, 0);
  scene_close (&scene);
}

static void
test_reset_leaves_the_texts (void)
{
  Scene scene;
  scene_open (&scene, FALSE);
  const EgTraceRequest *request = eg_draft_get_request (scene.draft);

  g_assert_true (eg_draft_is_usual (scene.draft));
  eg_draft_set_texts (scene.draft, EIFFEL, "Tower");
  g_assert_true (eg_draft_is_usual (scene.draft));
  eg_draft_edit (scene.draft)->threads = 2;
  eg_draft_commit (scene.draft);
  g_assert_false (eg_draft_is_usual (scene.draft));
  eg_draft_reset_settings (scene.draft);
  g_assert_true (eg_draft_is_usual (scene.draft));
  g_assert_cmpuint (request->threads, ==, 0);
  g_assert_cmpstr (request->prompt, ==, EIFFEL);
  g_assert_cmpstr (request->subject, ==, "Tower");
  scene_close (&scene);
}

/* ---- what is wrong ---- */

static guint
count_errors (EgDraft *draft)
{
  guint n = 0;
  for (EgPart part = 0; part < EG_N_PARTS; part++)
    n += eg_draft_get_error (draft, part) != NULL;
  return n;
}

static void
test_each_part_is_told_what_is_wrong (void)
{
  Scene scene;
  scene_open (&scene, TRUE);
  const char *why;

  eg_draft_set_texts (scene.draft, EIFFEL, "Eiffel Tower");
  g_assert_true (eg_draft_can_trace (scene.draft, &why));
  g_assert_null (why);
  /* Three at once: each where it stands, and none hides another. */
  EgTraceRequest *request = eg_draft_edit (scene.draft);
  request->corruption.kind = EG_CORRUPTION_STUDENT_T;
  request->corruption.degrees = 1;
  request->sweep = EG_SWEEP_POSITIONS;
  request->window = 3;
  request->metric = EG_METRIC_LOGIT_DIFF;
  eg_draft_commit (scene.draft);
  g_assert_nonnull (eg_draft_get_error (scene.draft, EG_PART_CORRUPTION));
  g_assert_nonnull (eg_draft_get_error (scene.draft, EG_PART_RESTORING));
  g_assert_nonnull (eg_draft_get_error (scene.draft, EG_PART_MORE));
  g_assert_cmpuint (count_errors (scene.draft), ==, 3);
  g_assert_false (eg_draft_can_trace (scene.draft, &why));
  g_assert_cmpstr (why, ==, eg_draft_get_error (scene.draft, EG_PART_CORRUPTION));
  /* The prompt is still read. */
  g_assert_cmpint (eg_draft_get_tokens (scene.draft)->subject_first, >, 0);

  eg_draft_reset_settings (scene.draft);
  eg_draft_set_prompt (scene.draft, "");
  g_assert_nonnull (eg_draft_get_error (scene.draft, EG_PART_PROMPT));
  eg_draft_set_texts (scene.draft, EIFFEL, "Rome");
  g_assert_nonnull (eg_draft_get_error (scene.draft, EG_PART_SUBJECT));
  g_assert_cmpuint (count_errors (scene.draft), ==, 1);
  g_assert_cmpuint (eg_draft_get_tokens (scene.draft)->n, >, 4);
  g_assert_cmpint (eg_draft_get_tokens (scene.draft)->subject_first, ==, -1);
  scene_close (&scene);
}

static void
test_unreadable_text_is_wrong_until_it_is_readable (void)
{
  Scene scene;
  scene_open (&scene, TRUE);
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "No range");

  eg_draft_set_texts (scene.draft, EIFFEL, "Eiffel Tower");
  eg_draft_edit (scene.draft);
  eg_draft_set_unreadable (scene.draft, EG_PART_RESTORING, error);
  eg_draft_commit (scene.draft);
  eg_draft_set_target (scene.draft, "Paris");
  g_assert_cmpstr (eg_draft_get_error (scene.draft, EG_PART_RESTORING), ==, "No range");
  g_assert_false (eg_draft_can_trace (scene.draft, NULL));
  eg_draft_edit (scene.draft);
  eg_draft_set_unreadable (scene.draft, EG_PART_RESTORING, NULL);
  eg_draft_commit (scene.draft);
  g_assert_true (eg_draft_can_trace (scene.draft, NULL));
  scene_close (&scene);
}

static void
test_nothing_is_traced_without_a_model (void)
{
  Scene scene;
  scene_open (&scene, FALSE);

  eg_draft_set_texts (scene.draft, EIFFEL, "Eiffel Tower");
  g_assert_cmpuint (count_errors (scene.draft), ==, 0);
  g_assert_cmpuint (eg_draft_get_tokens (scene.draft)->n, ==, 0);
  g_assert_false (eg_draft_can_trace (scene.draft, NULL));
  scene_close (&scene);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/draft/space-at-the-end-is-said-at-once", test_space_at_the_end_is_said_at_once);
  g_test_add_func ("/app/draft/new-prompt-starts-clean", test_new_prompt_starts_clean);
  g_test_add_func ("/app/draft/answer-comes-back-with-its-prompt", test_answer_comes_back_with_its_prompt);
  g_test_add_func ("/app/draft/edit-is-told-once", test_edit_is_told_once);
  g_test_add_func ("/app/draft/subject-is-where-it-was-marked", test_subject_is_where_it_was_marked);
  g_test_add_func ("/app/draft/named-subject-comes-back-with-its-prompt",
                   test_named_subject_comes_back_with_its_prompt);
  g_test_add_func ("/app/draft/shown-is-what-panels-can-hold", test_shown_is_what_panels_can_hold);
  g_test_add_func ("/app/draft/reset-leaves-the-texts", test_reset_leaves_the_texts);
  g_test_add_func ("/app/draft/each-part-is-told-what-is-wrong", test_each_part_is_told_what_is_wrong);
  g_test_add_func ("/app/draft/unreadable-text-is-wrong-until-it-is-readable",
                   test_unreadable_text_is_wrong_until_it_is_readable);
  g_test_add_func ("/app/draft/nothing-is-traced-without-a-model", test_nothing_is_traced_without_a_model);
  return g_test_run ();
}
