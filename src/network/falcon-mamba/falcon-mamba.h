/* Falcon-Mamba (Zuo et al. 2024, "Falcon Mamba: The First Competitive Attention-free 7B Language Model"):
 * Mamba-1 with a weightless RMSNorm of Δ's low rank, B and C. */
#pragma once

#include "network/family.h"

G_BEGIN_DECLS

extern const EgFamily eg_family_falcon_mamba;

G_END_DECLS
