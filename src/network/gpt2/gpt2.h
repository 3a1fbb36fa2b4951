/* GPT-2 (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"), as Hugging Face's
 * checkpoints have it. */
#pragma once

#include "network/family.h"

G_BEGIN_DECLS

extern const EgFamily eg_family_gpt2;

G_END_DECLS
