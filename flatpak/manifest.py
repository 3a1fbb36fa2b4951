#!/usr/bin/python3
"""The manifest as flatpak-builder gets it: with the path of these sources, for the builder looks from where the manifest
lies, and without what was built in them, whatever those folders are called, for the builder would copy gigabytes.

    manifest.py MANIFEST OUTPUT SOURCES [MODULE-TO-LEAVE-OUT…]
"""
import glob
import json
import os
import sys

source, output, root, *without = sys.argv[1:]
with open(source, encoding="utf-8") as file:
    manifest = json.load(file)
built = {os.path.basename(path) for pattern in ["_build*", "build*"] for path in glob.glob(os.path.join(root, pattern))}
manifest["modules"] = [module for module in manifest["modules"] if module["name"] not in without]
for module in manifest["modules"]:
    for entry in module["sources"]:
        if entry["type"] == "dir":
            entry["path"] = root
            entry["skip"] += sorted(built - set(entry["skip"]))
with open(output, "w", encoding="utf-8") as file:
    json.dump(manifest, file, indent=2)
