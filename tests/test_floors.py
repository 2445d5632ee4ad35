"""The floors of the house: imports run only downwards (read with `ast`)."""

import ast
import sys

import pytest
from sources import FILES, PACKAGE, ZOO, dotted, imports, module, tree

# A module may import its own floor and those below.
FLOORS = (
    {
        "bleu",
        "catalog",
        "coco",
        "distribution",
        "optimizers",
        "spectrogram",
        "stub",
        "tables",
        "tokenizers",
        "weights",
    },
    {"architecture", "gradients", "layers"},
    {"interpret", "zoo"},
    {"datasets", "inspection"},
    {"stages"},
    {"calibration", "diagram", "pictures", "report", "show", "training"},
    {"__main__", "cli", "demo"},
)
FRAMEWORKS = {"tensorflow", "tf", "torch", "jax", "numpy"}


def identity(path):
    return str(path.relative_to(PACKAGE))


def floor(name):
    """Number of the floor of `kerazoo.<part>...`; the face is on the highest."""
    part = (name.split(".") + [""])[1]
    lower = [number for number, members in enumerate(FLOORS) if part in members]
    return lower[0] if lower else len(FLOORS) - 1


def own(path):
    return {name for name in imports(path) if name.split(".")[0] == "kerazoo"}


def test_every_module_has_a_floor():
    known = set().union(*FLOORS)
    parts = {module(path).split(".")[1] for path in FILES if module(path) != "kerazoo"}
    assert parts <= known


@pytest.mark.parametrize("path", FILES, ids=identity)
def test_imports_run_downwards(path):
    if module(path) == "kerazoo":
        assert own(path) == {"kerazoo.catalog"}
        return
    upwards = {name for name in own(path) if floor(name) > floor(module(path))}
    assert not upwards, f"{path.name} imports from floors above: {sorted(upwards)}"


@pytest.mark.parametrize("path", ZOO, ids=identity)
def test_zoo_files_import_no_framework(path):
    allowed = ("kerazoo.architecture", "kerazoo.gradients", "kerazoo.layers")
    for name in imports(path):
        assert name in {"keras", "math"} or name.startswith((*allowed, "kerazoo.zoo."))
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Name):
            assert node.id not in FRAMEWORKS, f"{path.name}:{node.lineno}"


@pytest.mark.parametrize(
    "path", [path for path in FILES if path not in ZOO], ids=identity
)
def test_only_the_zoo_imports_zoo_files(path):
    """The catalogue finds a builder by its card."""
    assert not {name for name in own(path) if name.startswith("kerazoo.zoo")}


def test_the_catalogue_needs_the_standard_library_only():
    for name in imports(PACKAGE / "catalog.py"):
        assert name.split(".")[0] in sys.stdlib_module_names


def test_only_distribution_knows_strategies():
    strategies = ("tf.distribute", "tensorflow.distribute", "keras.distribution")
    for path in FILES:
        if module(path) == "kerazoo.distribution":
            continue
        used = {dotted(n) for n in ast.walk(tree(path)) if isinstance(n, ast.Attribute)}
        mentioned = {n for n in used | imports(path) if n.startswith(strategies)}
        assert not mentioned, f"{path.name} uses {sorted(mentioned)}"
