/* Encodes and decodes a few texts; tokenizer: (transfer full) (nullable). */
#pragma once

#include "tokenizer/tokenizer.h"

void fuzz_tokenize (EgTokenizer *tokenizer);
