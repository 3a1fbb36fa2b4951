/* GPT-NeoX (Black et al. 2022, "GPT-NeoX-20B: An Open-Source Autoregressive Language Model") and Pythia
 * (Biderman et al. 2023), as Hugging Face's checkpoints have them. */
#pragma once

#include "network/family.h"

G_BEGIN_DECLS

extern const EgFamily eg_family_gpt_neox;

G_END_DECLS
