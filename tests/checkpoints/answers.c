/* What Engram makes of checkpoints: a folder's path each line of the input; of each the three tokens that are
 * most probable after the prompt, "9:0.148827 0:0.139308 …", or why it does not open. */
#include "trace/run/predict.h"

#include <stdio.h>
#include <string.h>

#define TOP 3

static void
answer (const char *folder, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = eg_model_open (folder, NULL, &error);
  g_autoptr (EgPrediction) prediction = model != NULL ? eg_predict (model, text, TOP, NULL, &error) : NULL;
  if (prediction == NULL)
    {
      printf ("%s\n", error->message);
      return;
    }
  for (gsize i = 0; i < prediction->n_predictions; i++)
    printf ("%s%u:%.6f", i > 0 ? " " : "", prediction->predictions[i].id,
            prediction->predictions[i].probability);
  printf ("\n");
}

int
main (int argc, char **argv)
{
  char folder[4096];
  g_assert (argc == 2);
  while (fgets (folder, sizeof folder, stdin) != NULL)
    {
      folder[strcspn (folder, "\n")] = '\0';
      answer (folder, argv[1]);
    }
  return 0;
}
