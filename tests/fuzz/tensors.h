/* Reads every byte of a file of tensors, which is (transfer full) (nullable). */
#pragma once

#include "formats/tensor-file.h"

void fuzz_tensors (EgTensorFile *file);
