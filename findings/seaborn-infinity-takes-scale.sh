#!/bin/sh
# seaborn 0.13.2 on matplotlib 3.11.2: a heatmap of log probabilities with one cell at -inf. seaborn finds the ends of the
# scale itself and leaves out nan, but not infinity. Drawing the colour bar then turns -inf to -0.11 into -0.116 to 0.1:
# all that is below, here probabilities of 0.5 and of 0.01, has the lowest colour, and the bar reaches log probabilities
# that cannot be. No warning. robust=True does not help (its percentiles warn). matplotlib's own imshow and pcolormesh take
# the finite ends from the same numbers and leave the cell blank. pandas 3.1.1's background_gradient makes the whole table black.
. "$(dirname "$0")/lib.sh"
packages seaborn==0.13.2 matplotlib==3.11.2 pandas==3.1.1 numpy==2.4.6 jinja2==3.1.6
export MPLBACKEND=agg MPLCONFIGDIR="$folder"
python_here <<'PY'
import matplotlib.pyplot as plt, numpy as np, pandas, re, seaborn, warnings

p = np.array([[0.5, 0.2, 0.1], [0.01, 0, 0.9]])
with np.errstate(divide="ignore"):
    x = np.log(p)
finite = np.isfinite(x)

def look(name, draw):
    figure, ax = plt.subplots()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        mesh = draw(figure, ax)
        figure.canvas.draw()
    colours = mesh.cmap(mesh.norm(np.ma.masked_invalid(x)))[finite]
    distinct = len(np.unique(colours.round(6), axis=0))
    print(f"{name:24}: scale {mesh.norm.vmin:.4f} to {mesh.norm.vmax:.4f}, {distinct} colours for 5 finite numbers, {len(said)} warnings")
    return mesh.norm.vmin, mesh.norm.vmax, distinct, len(said)

def by_seaborn(**options):
    return lambda figure, ax: seaborn.heatmap(x, ax=ax, **options).collections[0]

def by_matplotlib(draw):
    def drawn(figure, ax):
        mesh = getattr(ax, draw)(x)
        figure.colorbar(mesh)
        return mesh
    return drawn

print("seaborn", seaborn.__version__)
plain = look("seaborn.heatmap", by_seaborn())
robust = look("seaborn.heatmap, robust", by_seaborn(robust=True))
masked = look("seaborn.heatmap, masked", by_seaborn(mask=~finite))
given = look("seaborn.heatmap, as nan", lambda figure, ax: seaborn.heatmap(np.where(finite, x, np.nan), ax=ax).collections[0])
mesh = look("matplotlib's pcolormesh", by_matplotlib("pcolormesh"))
image = look("matplotlib's imshow", by_matplotlib("imshow"))
assert np.allclose(plain[:2], (-0.1159, 0.1), atol=1e-3) and plain[2] == 2 and plain[3] == 0
assert robust[0] > -0.2 and robust[1] == 0.1 and robust[2] == 2
for right in (masked, given, mesh, image):
    assert np.allclose(right[:2], (np.log(0.01), np.log(0.9))) and right[2] == 5

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    html = [pandas.DataFrame(values).style.background_gradient(axis=None).to_html() for values in (x, np.where(finite, x, np.nan))]
infinite, missing = (set(re.findall("background-color: (#[0-9a-f]+)", text)) for text in html)
print("pandas' background_gradient: with -inf", sorted(infinite), "- with nan in its place", len(missing), "colours")
assert infinite == {"#000000"} and len(missing) > 4
PY
