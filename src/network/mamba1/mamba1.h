/* Mamba-1 (Gu & Dao 2023, "Mamba: Linear-Time Sequence Modeling with Selective State Spaces"; docs/design.md
 * §3 has the equations and the letters). */
#pragma once

#include "network/family.h"

G_BEGIN_DECLS

extern const EgFamily eg_family_mamba1;

G_END_DECLS
