"""Two notebooks from their first cell to their figures, in an environment of its own (PyPI): ours, and the one that Engram
began with (ENGRAM_FIRST_NOTEBOOK names its text), its cells as they are but for two lines and section 2. Speaks TAP.

    test_python_notebook.py [FOLDER]      FOLDER: where the executed notebook is left
"""
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap_unittest  # noqa: E402

SOURCES = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
NOTEBOOK = os.path.join(SOURCES, "python/examples/engram.ipynb")
PACKAGES = ["nbclient==0.10.2", "ipykernel==6.29.5", "matplotlib==3.10.3", "pandas==2.2.3", "xarray==2025.4.0", "seaborn==0.13.2", "setuptools", "wheel"]
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


class Environment:
    """One for all tests; python: None where PyPI is not reachable."""

    folder = python = None

    @classmethod
    def need(cls):
        if cls.folder is None:
            cls.folder = tempfile.TemporaryDirectory(prefix="engram-notebook-")
            cls.python = install(cls.folder.name)
        return cls.python

    @classmethod
    def execute(cls, notebook, name, **more):
        """The code cells of an executed notebook."""
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        executed = os.path.join(LEFT or cls.folder.name, name)
        subprocess.run([cls.python, "-c", RUN, notebook, executed, cls.folder.name], check=True, env={**environment, **more})
        with open(executed, encoding="utf-8") as file:
            return [cell for cell in json.load(file)["cells"] if cell["cell_type"] == "code"]


class AnExecutedNotebook(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cells = Environment.execute(NOTEBOOK, "executed.ipynb") if Environment.need() else None

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
        for text in ("result.plot()", 'result["state"].plot(', 'study["mixer"].plot(', 'plt.plot(subject_average'):
            figures = self.outputs_of(text, "image/png")
            self.assertEqual(len(figures), 1, text)
            self.assertGreater(len(figures[0]), 10000)

    def test_pandas_and_xarray_have_every_cell(self):
        self.assertIn("normalized", self.outputs_of("table.sort_values", "text/html")[0])
        self.assertIn("layer: 8", self.outputs_of("to_xarray", "text/plain")[0])
        self.assertIn("normalized_upper", self.outputs_of("study.to_pandas", "text/html")[0])

    def test_a_study_draws_itself(self):
        pages = self.outputs_of("model.study(", "text/html")
        self.assertEqual(len(pages), 2)
        self.assertIn("engram.Study", pages[0])
        self.assertIn("40 total", pages[1])
        self.assertIn("<svg", base64.b64decode(re.search('base64,([^"]*)', pages[1])[1]).decode())


# ---- the notebook that Engram began with ----

# What is changed: two lines, and in section 2 the PyTorch module, which is not there.
LINES = {
    "from mamba_causal_analysis.mamba_models import load_mamba_model": "from engram.notebook import load_mamba_model",
    "from mamba_causal_analysis.mamba_causal_trace import calculate_hidden_flow": "from engram.notebook import calculate_hidden_flow",
}
SECTION_2 = (
    'tokens = mt.tokenizer(prompt, return_tensors="pt")',
    'for token in mt.predict(prompt, top=5):\n    print(f"  {token.text:20s} {token.probability:.4f}")\n',
)
# As far as the other cells use PyTorch.
TORCH = "__version__ = 'none'\n\n\nclass cuda:\n    is_available = staticmethod(lambda: False)\n"


def read_first_notebook():
    """Its cells; ("code" or "markdown", text). It is not ours to keep: ENGRAM_FIRST_NOTEBOOK names its text, as Markdown with cells."""
    with open(os.environ["ENGRAM_FIRST_NOTEBOOK"], encoding="utf-8") as file:
        text = file.read()
    for line, ours in LINES.items():
        assert text.count(line) == 1
        text = text.replace(line, ours)
    cells = []
    for part in re.split(r"(?m)^(?=## |In \[None\]:$)", text):
        is_code = part.startswith("In [None]:")
        source = part.partition("\n")[2].strip("\n") if is_code else part.strip("\n")
        if is_code and SECTION_2[0] in source:
            source = source.partition(SECTION_2[0])[0] + SECTION_2[1]
        cells.append(("code" if is_code else "markdown", source))
    return cells


class TheNotebookEngramBeganWith(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cells = None
        if "ENGRAM_FIRST_NOTEBOOK" not in os.environ or Environment.need() is None:
            return
        folder = Environment.folder.name
        data, modules = os.path.join(folder, "data"), os.path.join(folder, "modules")
        # By the name that it asks for; this machine has no other model.
        shutil.copytree(os.path.join(SOURCES, "data/demo"), os.path.join(data, "engram/models/state-spaces/mamba-130m"))
        os.makedirs(modules)
        with open(os.path.join(modules, "torch.py"), "w", encoding="utf-8") as file:
            file.write(TORCH)
        cells = [
            {"cell_type": kind, "id": f"c{i}", "metadata": {}, "source": source, **({"outputs": [], "execution_count": None} if kind == "code" else {})}
            for i, (kind, source) in enumerate(read_first_notebook())
        ]
        notebook = os.path.join(folder, "first.ipynb")
        with open(notebook, "w", encoding="utf-8") as file:
            json.dump({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, file)
        cls.cells = Environment.execute(notebook, "first-executed.ipynb", XDG_DATA_HOME=data, PYTHONPATH=modules)
        cls.text = "".join("".join(output.get("text", "")) for cell in cls.cells for output in cell["outputs"])

    def setUp(self):
        if self.cells is None:
            self.skipTest("ENGRAM_FIRST_NOTEBOOK names no notebook, or the packages could not be had from PyPI")

    def test_its_cells_run_as_they_are(self):
        self.assertEqual(len(self.cells), 8)
        self.assertNotIn("error", [output["output_type"] for cell in self.cells for output in cell["outputs"]])
        for said in ("✓ Model loaded with 8 layers", "Device: cpu", "✓ Causal tracing complete!", "Target token:  Paris"):
            self.assertIn(said, self.text)
        self.assertRegex(self.text, r" Paris +0\.9903\n")

    def test_its_figures_are_drawn(self):
        figures = [output for cell in self.cells for output in cell["outputs"] if "image/png" in output.get("data", {})]
        self.assertEqual(len(figures), 3)

    def test_its_numbers_are_those_of_the_command_line(self):
        command = [os.environ["ENGRAM_CLI"], "trace", "The Eiffel Tower is located in", "--subject", "Eiffel Tower", "--json"]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        best, average = told["most_important"], told["layer_average"]
        self.assertIn(f"  Layer {best['layer']}, Position {best['position']}\n", self.text)
        self.assertIn(f"  Score: {best['score']:.4f}\n", self.text)
        self.assertIn(f"Corrupted probability: {told['low_score']:.4f}", self.text)
        self.assertIn(f"Overall average effect (all tokens): {sum(average) / len(average):.4f}", self.text)


if __name__ == "__main__":
    tap_unittest.main()
