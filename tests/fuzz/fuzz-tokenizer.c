/* tokenizer.json: what loads must encode and decode. */
#include "fuzz.h"
#include "tokenizing.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  GError *error = NULL;
  EgTokenizer *tokenizer = eg_tokenizer_load (fuzz_file (data, size), &error);
  fuzz_check (tokenizer != NULL, &error);
  fuzz_tokenize (tokenizer);
  return 0;
}
