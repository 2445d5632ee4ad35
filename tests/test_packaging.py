"""The wheel: it holds everything, and runs from where it was unpacked."""

import importlib.util
import shutil
import zipfile

import pytest
from sources import FILES, PACKAGE, ROOT

pytestmark = pytest.mark.skipif(
    not all(importlib.util.find_spec(tool) for tool in ("pip", "setuptools")),
    reason="building a wheel needs pip and setuptools",
)


@pytest.fixture(scope="module")
def wheel(python, tmp_path_factory):
    """A wheel of a copy of the sources: building leaves nothing behind in the tree."""
    copy = tmp_path_factory.mktemp("source")
    left_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(PACKAGE, copy / "kerazoo", ignore=left_out)
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    options = ("--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    python("-m", "pip", "wheel", *options, "-w", "dist", ".", cwd=copy)
    (path,) = (copy / "dist").glob("kerazoo-*.whl")
    return path


def test_the_wheel_holds_the_package(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    wanted = [*FILES, PACKAGE / "__init__.pyi", PACKAGE / "py.typed"]
    assert {path.relative_to(ROOT).as_posix() for path in wanted} <= held
    assert not any(name.startswith("tests/") for name in held)


def test_the_wheel_runs_outside_the_repository(wheel, python, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = "import kerazoo; print(kerazoo.__file__)"
    where = python("-c", code, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert where.startswith(str(tmp_path))
    listed = python("-m", "kerazoo", "list", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert "resnet50" in listed
