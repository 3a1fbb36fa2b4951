#!/bin/sh
# NumPy 2.4.6 on x86-64: the same script, the same wheel, another processor (AVX-512 switched off by NumPy's own variable):
# float64 exp, log, log1p, expm1, exp2 and powers get other last bits, while sums, square roots and standard deviations keep
# theirs; and argsort puts equal values in another order. Needs a processor with AVX-512.
. "$(dirname "$0")/lib.sh"
packages numpy==2.4.6
cat >"$folder/bits.py" <<'PY'
import hashlib, json
import numpy as np

x = np.abs(np.random.RandomState(0).randn(4099))
names = ["exp", "log", "log1p", "expm1", "exp2", "sqrt"]
results = {name: getattr(np, name)(x) for name in names}
results.update(power=x**1.7, sum=x.sum(), std=x.std(ddof=1), sort=np.sort(x))
results["argsort of ties"] = np.argsort(np.round(x, 1))
print(json.dumps({name: hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()[:8] for name, value in results.items()}))
PY
grep -q avx512f /proc/cpuinfo || { echo "this processor has no AVX-512"; exit 2; }
export ALL="$("$folder/python/bin/python" "$folder/bits.py")"
export LESS="$(NPY_DISABLE_CPU_FEATURES='X86_V4 AVX512_ICL AVX512_SPR' "$folder/python/bin/python" -W ignore "$folder/bits.py")"
python_here <<'PY'
import json, os
import numpy

with_it, without = json.loads(os.environ["ALL"]), json.loads(os.environ["LESS"])
changed = [name for name in with_it if with_it[name] != without[name]]
print("NumPy", numpy.__version__)
print("other bits without AVX-512:", changed)
assert {"exp", "log", "log1p", "expm1", "exp2", "power", "argsort of ties"} == set(changed), changed
PY
