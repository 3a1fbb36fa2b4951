#!/bin/sh
# Captum 0.9.0, IntegratedGradients of a float64 function of float64 inputs: the attributions are float64, and only as exact as
# float32, since the points and weights of the rule are rounded to float32 on the way. The default rule with 5 points is exact
# for the fifth power; what comes out is 6e-9 off where the same points in float64 give 1e-16. A check of completeness to
# 1e-10, or a comparison of an estimate with finite differences in float64, fails through no fault of the model.
. "$(dirname "$0")/lib.sh"
packages torch==2.15.0 numpy==2.4.6 captum==0.9.0
python_here <<'PY'
import captum, numpy as np, torch
from captum.attr import IntegratedGradients

def fifth(x):
    return (x**5).sum(1)

print("Captum", captum.__version__)
one = torch.ones(1, 1, dtype=torch.float64)
for n in (5, 10, 50):
    found = IntegratedGradients(fifth).attribute(one, 0 * one, n_steps=n)
    points, weights = np.polynomial.legendre.leggauss(n)
    own = float((weights / 2 * 5 * ((points + 1) / 2) ** 4).sum())
    print(f"{n} points: Captum is {abs(float(found) - 1):.1e} off ({found.dtype}), the rule itself {abs(own - 1):.1e}")
    assert found.dtype == torch.float64 and 1e-10 < abs(float(found) - 1) < 1e-7 and abs(own - 1) < 1e-13
PY
