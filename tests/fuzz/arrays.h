/* Reads an array in every way that it can be; array: (transfer full) (nullable). */
#pragma once

#include "formats/npy.h"

void fuzz_array (EgNpyArray *array);
