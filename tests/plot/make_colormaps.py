#!/usr/bin/env python3
"""Writes what the colour maps are checked against, from matplotlib (3.x), and the tables of viridis and cividis.

    make_colormaps.py golden > tests/plot/colormaps.txt       name, then 256 colours RRGGBB
    make_colormaps.py tables > src/plot/colormap-tables.h     (then clang-format)
"""
import sys

import numpy as np
from matplotlib import colormaps


def colors(name):
    rgb = colormaps[name](np.arange(256))[:, :3]
    return ["%02x%02x%02x" % tuple(int(round(v)) for v in row * 255) for row in rgb]


if sys.argv[1] == "golden":
    for name in ["RdYlBu_r", "viridis", "cividis", "Purples", "Greens", "Blues", "Oranges", "Reds", "RdBu_r"]:
        print(name, *colors(name))
else:
    print("/* matplotlib's viridis and cividis, 0xRRGGBB; written by tests/plot/make_colormaps.py. */")
    print("#pragma once\n\n#include <glib.h>\n")
    for name in ["viridis", "cividis"]:
        print(f"static const guint32 {name}[256] = {{")
        row = ["0x" + c for c in colors(name)]
        for i in range(0, 256, 8):
            print("  " + ", ".join(row[i : i + 8]) + ",")
        print("};\n")
