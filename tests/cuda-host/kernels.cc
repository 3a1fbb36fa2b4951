/* The kernels, on a processor. */
#include "engram-cuda.cu"
