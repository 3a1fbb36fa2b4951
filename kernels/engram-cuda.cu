/* All of libengram-cuda.so, as one unit: nvcc reads the headers once for each architecture. */
#include "common.cuh"
#include "stream.cuh"

#include "pool.cu"
#include "stream.cu"

#include "elementwise.cu"

#include "activation.cu"
#include "attention.cu"
#include "conv.cu"
#include "gemm.cu"
#include "head.cu"
#include "norm.cu"
#include "rotary.cu"
#include "scan.cu"

#include "back.cu"

#include "back-attention.cu"
#include "back-scan.cu"
#include "head-scan.cu"
#include "top.cu"

#include "module.cu"
