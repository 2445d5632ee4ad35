"""What can be read off the sources, and what importing kerazoo costs."""

import ast
import configparser
import re

import pytest
from sources import FILES, ROOT, ZOO, builders, dotted, imports, module, tree

import kerazoo
from kerazoo import catalog, stub

HEAVY = (
    "jax", "keras", "matplotlib", "numpy", "rich", "sklearn", "tensorflow", "torch",
)  # fmt: skip
# Their instances are not part of a saved model.
UNSAVED = ("Callback", "PyDataset")


def name_of(path):
    return module(path).removeprefix("kerazoo.")


def keras_classes():
    """`(path, class)` of every class of the package that a model file may hold."""
    found = []
    for path in FILES:
        roots = {"keras"} | {
            alias.asname or alias.name
            for node in ast.walk(tree(path))
            if isinstance(node, ast.ImportFrom) and node.module == "keras"
            for alias in node.names
        }
        known = set()
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.ClassDef):
                continue
            bases = [dotted(base) for base in node.bases]
            if any(base.endswith(UNSAVED) for base in bases):
                continue
            if any(b.split(".")[0] in roots or b in known for b in bases):
                known.add(node.name)
                found.append((path, node))
    return found


@pytest.mark.parametrize("path", ZOO, ids=name_of)
def test_no_lambda(path):
    """Files with Python lambdas do not load in safe mode."""
    for node in ast.walk(tree(path)):
        assert not isinstance(node, ast.Lambda), f"lambda in line {node.lineno}"
        if isinstance(node, ast.Attribute | ast.Name):
            assert dotted(node).split(".")[-1] != "Lambda", f"line {node.lineno}"


@pytest.mark.parametrize(
    ("path", "node"), [pytest.param(p, c, id=c.name) for p, c in keras_classes()]
)
def test_classes_are_registered(path, node):
    decorators = [d for d in node.decorator_list if isinstance(d, ast.Call)]
    registered = [
        {word.arg: ast.literal_eval(word.value) for word in d.keywords}
        for d in decorators
        if dotted(d.func).endswith("register_keras_serializable")
    ]
    assert [r.get("package") for r in registered] == ["kerazoo"]
    methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
    if "__init__" in methods:
        arguments = methods["__init__"].args
        if len(arguments.args) > 1 or arguments.kwonlyargs:
            assert "get_config" in methods


def test_registered_names_are_unique():
    names = [node.name for _, node in keras_classes()]
    assert len(names) == len(set(names)), sorted(names)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_private_keras(path):
    """`keras.src` moves between releases; only the counter of products reads it."""
    if name_of(path) == "inspection":
        return
    assert not {name for name in imports(path) if name.startswith("keras.src")}


def test_stub_is_current():
    text = (ROOT / "kerazoo" / "__init__.pyi").read_text(encoding="utf-8")
    assert text == stub.stub(), "stale: see the first lines of the stub"


def test_one_version():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    assert setup["metadata"]["version"] == "attr: kerazoo.__version__"
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    cited = re.search(r"^version: *[\"']?([^\"'\s]+)", citation, re.MULTILINE)
    assert cited[1] == kerazoo.__version__


def test_cold_start_loads_no_framework(python):
    code = f"""
import sys, kerazoo
assert kerazoo.list_models() and kerazoo.search("lenet")
assert kerazoo.card("resnet50").params == 25_557_032
assert set(kerazoo.list_models()) <= set(dir(kerazoo))
try:
    kerazoo.resnet5O
except AttributeError as error:
    assert "resnet50" in str(error), error
else:
    raise AssertionError
print([name for name in {HEAVY} if name in sys.modules])
"""
    assert python("-c", code).strip() == "[]"


def test_the_face_is_complete():
    assert set(builders()) == set(catalog._read_zoo())
    for name in kerazoo._FACE:
        assert callable(getattr(kerazoo, name))
    taken = set(kerazoo._FACE) | kerazoo._MODULES | {"architecture", "zoo", "layers"}
    assert not taken & set(builders()), "a builder hides a part of the face"


def test_unknown_attributes_suggest_near_names():
    with pytest.raises(AttributeError, match="'resnet50'"):
        kerazoo.resnet5  # noqa: B018
    assert not hasattr(kerazoo, "no_such_thing_at_all")
