#!/usr/bin/env bash
# Makes the three figures of this folder, at a column's width: a map, three sites, a sweep over layers.
#
#     make.sh ENGRAM-CLI [FOLDER]
#
# The prompt, its subject and its samples are the notebook's; the model is the demo model. Ends with pictures of them beside
# the notebook's own, where NOTEBOOK names the folder of those (needs poppler's pdftocairo and ImageMagick).
set -eu
cli=$(readlink -f "$1")
out=$(readlink -f "${2:-$(dirname "$0")}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

prompt=("The mother tongue of Angela Merkel is" --subject "Angela Merkel" --samples 10)
"$cli" trace "${prompt[@]}" --site resid -o map.npz >log
"$cli" trace "${prompt[@]}" --site mixer,conv,state --window 3 -o sites.npz >log
"$cli" trace "${prompt[@]}" --site mixer,state --sweep layers --window 3 -o layers.npz >log

"$cli" plot map.npz --width column --hatch-noise -o "$out/map.pdf"
"$cli" plot sites.npz --width column -o "$out/sites.pdf"
"$cli" plot layers.npz --width column -o "$out/layers.pdf"

[ -n "${NOTEBOOK:-}" ] || exit 0
for name in map sites layers; do
  pdftocairo -png -r 200 -singlefile "$out/$name.pdf" "$name"
done
# The notebook's pictures as they would be printed in the same column: 700 pixels are 3.5 inches.
for pair in map:heatmap sites:heatmap layers:layer-average; do
  convert "$NOTEBOOK/${pair#*:}.png" -resize 700x "${pair%:*}-notebook.png"
  convert "${pair%:*}-notebook.png" "${pair%:*}.png" -background white -gravity north +append "$out/${pair%:*}-beside-notebook.png"
done
