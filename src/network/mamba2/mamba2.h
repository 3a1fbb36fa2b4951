/* Mamba-2 (Dao & Gu 2024, "Transformers are SSMs: Generalized Models and Efficient Algorithms Through
 * Structured State Space Duality"). */
#pragma once

#include "network/family.h"

G_BEGIN_DECLS

extern const EgFamily eg_family_mamba2;

G_END_DECLS
