"""A notebook of ours from its first cell to its figures, in an environment of its own (PyPI). Speaks TAP.

    test_python_notebook.py [FOLDER]      FOLDER: where the executed notebook is left
"""
import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap_unittest  # noqa: E402

SOURCES = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
NOTEBOOK = os.path.join(SOURCES, "python/examples/engram.ipynb")
PACKAGES = ["nbclient==0.10.2", "ipykernel==6.29.5", "matplotlib==3.10.3", "pandas==2.2.3", "xarray==2025.4.0", "setuptools", "wheel"]
RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=300, resources={"metadata": {"path": sys.argv[3]}}).execute()
nbformat.write(notebook, sys.argv[2])
"""
LEFT = sys.argv.pop(1) if len(sys.argv) > 1 and os.path.isdir(sys.argv[1]) else None


def install(folder):
    """The environment's Python; None where PyPI is not reachable."""
    subprocess.run([sys.executable, "-m", "venv", os.path.join(folder, "venv")], check=True)
    python = os.path.join(folder, "venv/bin/python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--retries", "1", "--timeout", "20"]
    done = subprocess.run([*pip, *PACKAGES], capture_output=True, text=True)
    if done.returncode != 0:
        print("# " + done.stderr.strip().replace("\n", "\n# "))
        return None
    # Away from the sources, into which setuptools would write.
    copy = os.path.join(folder, "python")
    subprocess.run(["cp", "-r", os.path.join(SOURCES, "python"), copy], check=True)
    subprocess.run([*pip, "--no-build-isolation", copy], check=True)
    return python


class AnExecutedNotebook(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="engram-notebook-")
        python = install(cls.folder.name)
        cls.cells = None
        if python is None:
            return
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        executed = os.path.join(LEFT or cls.folder.name, "executed.ipynb")
        subprocess.run([python, "-c", RUN, NOTEBOOK, executed, cls.folder.name], check=True, env=environment)
        with open(executed, encoding="utf-8") as file:
            cls.cells = [cell for cell in json.load(file)["cells"] if cell["cell_type"] == "code"]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        if self.cells is None:
            self.skipTest("the packages could not be had from PyPI")

    def outputs_of(self, text, kind):
        return [
            "".join(output["data"][kind])
            for cell in self.cells
            if text in "".join(cell["source"])
            for output in cell["outputs"]
            if kind in output.get("data", {})
        ]

    def test_all_cells_run(self):
        kinds = [output["output_type"] for cell in self.cells for output in cell["outputs"]]
        self.assertNotIn("error", kinds)
        self.assertEqual([cell["execution_count"] for cell in self.cells], list(range(1, len(self.cells) + 1)))

    def test_results_draw_themselves(self):
        pages = self.outputs_of("model.trace(prompt", "text/html")
        self.assertIn("<svg", base64.b64decode(re.search('base64,([^"]*)', pages[-1])[1]).decode())
        self.assertIn("most important", pages[-1])
        # The live map gave way to a line.
        self.assertEqual(len(pages), 2)
        self.assertIn("engram.Result", pages[0])

    def test_figures_are_drawn(self):
        for text in ("result.plot()", 'result["state"].plot(', 'plt.plot(subject_average'):
            figures = self.outputs_of(text, "image/png")
            self.assertEqual(len(figures), 1, text)
            self.assertGreater(len(figures[0]), 10000)

    def test_pandas_and_xarray_have_every_cell(self):
        self.assertIn("normalized", self.outputs_of("table.sort_values", "text/html")[0])
        self.assertIn("layer: 8", self.outputs_of("to_xarray", "text/plain")[0])


if __name__ == "__main__":
    tap_unittest.main()
