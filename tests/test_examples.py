"""Every example runs, offline, and its notebook is the same, with what it showed."""

import json
import pathlib

import keras
import pytest

from kerazoo import catalog

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py"))


def cells(name):
    """The cells of code of a notebook; the first one installs kerazoo."""
    text = (EXAMPLES / f"{name}.ipynb").read_text(encoding="utf-8")
    return [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]


def code(name):
    return "\n".join("".join(cell["source"]) for cell in cells(name)[1:])


@pytest.fixture
def reduced(tmp_path, monkeypatch):
    """One epoch, no data on disk, and nothing left behind in this process."""
    from matplotlib import pyplot

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(catalog, "_registered", {})
    keras.config.set_max_epochs(1)
    yield
    keras.config.set_max_epochs(None)
    pyplot.close("all")


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"several_devices"}))
def test_notebook_runs(name, reduced):
    """In this process: TensorFlow takes seconds to start."""
    exec(compile(code(name), f"{name}.ipynb", "exec"), {"__name__": "__main__"})


def test_notebook_of_virtual_devices_runs(python, tmp_path):
    """In its own process: devices are made before the backend starts."""
    pytest.importorskip("jax")
    printed = python(
        "-c", code("several_devices"), cwd=tmp_path, KERAS_MAX_EPOCHS="1"
    ).splitlines()
    one, *others = (float(line.split("[")[1].rstrip("]")) for line in printed[-4:])
    assert others == pytest.approx([one] * 3, rel=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_notebook_is_its_script_as_it_ran(name):
    """So that running the notebook's cells is running the script."""
    pytest.importorskip("nbformat")
    from docs import notebooks

    assert notebooks.is_current(name), "run: python -m docs.notebooks"
    outputs = [output for cell in cells(name) for output in cell["outputs"]]
    assert outputs
    for noise in ("stderr", "\\b", "\\r", "\\u001b", "/tmp/", "Traceback"):
        assert noise not in json.dumps(outputs)


def test_notebooks_run_in_jupyter(tmp_path, monkeypatch):
    """What the committed outputs were made by: one example, reduced."""
    pytest.importorskip("ipykernel")
    pytest.importorskip("nbclient")
    from docs import notebooks

    monkeypatch.setenv("PYTHONPATH", str(EXAMPLES.parent))
    monkeypatch.setenv("KERAS_MAX_EPOCHS", "1")
    book = notebooks.run(notebooks.notebook("first_model"))
    assert book.cells[1].source == notebooks.INSTALL
    text, picture = book.cells[2].outputs[0].text, book.cells[3].outputs[0].data
    assert "accuracy" in text
    assert picture["image/png"]


def test_readme_lists_every_example():
    pytest.importorskip("nbformat")
    from docs import notebooks

    assert sorted(notebooks.ORDER) == NAMES
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert notebooks.readme() == text, "run: python -m docs.notebooks"


def test_examples_are_short():
    assert sum(path.stat().st_size for path in EXAMPLES.glob("*.ipynb")) < 3e6
    for name in NAMES:
        text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 60, name
