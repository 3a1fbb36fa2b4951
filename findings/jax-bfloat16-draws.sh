#!/bin/sh
# JAX 0.10.2 draws in the type that is asked for, from as few random bits as that type has digits. random.normal with
# dtype=bfloat16 knows just 128 numbers: none beyond -2.89 and 2.52, and their mean is -0.012; float16 knows 1024, from -3.49 to 3.18. Rounding a float32 draw gives thousands, with tails beyond 4.5.
# random.categorical of bfloat16 logits draws so, too: of 50000 equally likely tokens half of the draws are among the first
# 200, and none of 500 is beyond 2500. Nothing warns.
. "$(dirname "$0")/lib.sh"
packages jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
export JAX_PLATFORMS=cpu
python_here <<'PY'
import jax, jax.numpy as jnp, numpy as np

key = jax.random.key(0)
print("JAX", jax.__version__)

def look(x):
    x = np.asarray(x).astype(np.float64)
    return len(np.unique(x)), x.min(), x.max(), x.mean(), x.std()

def draw(kind, how):
    return look(jax.random.normal(key, (1 << 20,), dtype=kind) if how == "asked for" else jax.random.normal(key, (1 << 20,)).astype(kind))

found = {(kind.__name__, how): draw(kind, how) for kind in (jnp.bfloat16, jnp.float16) for how in ("asked for", "rounded")}
for (kind, how), (distinct, least, most, mean, deviation) in found.items():
    print(f"2^20 normals, {kind} {how}: {distinct} distinct, {least:.2f} to {most:.2f}, mean {mean:+.4f} (by chance 0.001), deviation {deviation:.4f}")
assert found["bfloat16", "asked for"][:3] == (128, -2.890625, 2.515625)
assert abs(found["bfloat16", "asked for"][3] + 0.012) < 0.003
assert found["float16", "asked for"][0] == 1024 and found["float16", "asked for"][1] > -3.5 and found["float16", "asked for"][2] < 3.2
for kind in ("bfloat16", "float16"):
    distinct, least, most, mean, _ = found[kind, "rounded"]
    assert distinct > 3000 and least < -4.4 and most > 4.4 and abs(mean) < 0.003

tokens = {}
for kind in (jnp.float32, jnp.float16, jnp.bfloat16):
    ids = tokens[kind.__name__] = np.asarray(jax.random.categorical(key, jnp.zeros(50000, kind), shape=(500,)))
    print(f"500 of 50000 equally likely tokens, {kind.__name__} logits: median id {np.median(ids):.0f}, largest {ids.max()}")
assert np.median(tokens["float32"]) > 20000 and tokens["float32"].max() > 49000
assert np.median(tokens["float16"]) < 2000
assert np.median(tokens["bfloat16"]) < 200 and tokens["bfloat16"].max() < 2500
PY
