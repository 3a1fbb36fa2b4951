"""Packages from PyPI for the benchmarks, in a virtual environment that they make themselves."""
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

VENV = Path(__file__).resolve().parent / "_venv"


def need(*names):
    """Returns when all are there; otherwise installs them beside this file and starts the script again."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if not missing:
        return
    python = VENV / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", *names], check=True)
    if Path(sys.prefix) == VENV:
        return
    os.execv(python, [str(python), *sys.argv])
