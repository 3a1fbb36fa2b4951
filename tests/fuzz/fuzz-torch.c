/* Files of torch.save: the archive with all that is in it. */
#include "formats/pytorch-file.h"
#include "fuzz.h"
#include "tensors.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  GError *error = NULL;
  EgTensorFile *file = eg_pytorch_file_load (fuzz_file (data, size), &error);
  fuzz_check (file != NULL, &error);
  fuzz_tensors (file);
  return 0;
}
