#!/bin/sh
# Captum 0.9.0, IntegratedGradients(method="riemann_trapezoid"): its weights add up to (n - 1)/n, since the points are those of
# n - 1 intervals and the width is that of n. So every attribution is short by one n-th, of a straight line, too, where any
# rule is exact: by half with n_steps=2, by a tenth with 10, by 2 % with 50. The other rules' weights add up to 1.
. "$(dirname "$0")/lib.sh"
packages torch==2.15.0 numpy==2.4.6 captum==0.9.0
python_here <<'PY'
import captum, torch
from captum.attr import IntegratedGradients

def line(x):
    return (3 * x).sum(1)

print("Captum", captum.__version__)
one, zero = torch.ones(1, 4), torch.zeros(1, 4)
for method in ("gausslegendre", "riemann_left", "riemann_middle", "riemann_right", "riemann_trapezoid"):
    shares = {n: float(IntegratedGradients(line).attribute(one, zero, method=method, n_steps=n).sum()) / 12 for n in (2, 5, 10, 50)}
    print(f"{method}: attributed of what there is", {n: round(share, 4) for n, share in shares.items()})
    for n, share in shares.items():
        expected = (n - 1) / n if method == "riemann_trapezoid" else 1
        assert abs(share - expected) < 1e-5, (method, n, share)
PY
