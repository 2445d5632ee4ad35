"""The site: guides run, links lead somewhere, and pages of a few cards build."""

import configparser
import importlib.util
import pathlib
import pydoc
import re
import shutil

import keras
import pytest

import kerazoo
from docs import links

ROOT = pathlib.Path(__file__).parent.parent
DOCS = ROOT / "docs"
GUIDES = sorted((DOCS / "guides").glob("*.md"))
PAGES = [*GUIDES, DOCS / "index.md"]
# Read in the repository, not on the site.
FILES = sorted(
    [
        *ROOT.glob("*.md"), *ROOT.glob("benchmarks/*.md"), *ROOT.glob("examples/*.md"),
        ROOT / "tests/golden/README.md",
    ]
)  # fmt: skip


def blocks(path):
    """The python blocks of a page, one after the other, as one script."""
    text = path.read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.M | re.S))


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="a page exports to LiteRT, JAX cannot"
)
def test_blocks_run(python, tmp_path):
    """All pages in one process, which TensorFlow takes its time to start."""
    scripts = {str(path): blocks(path) for path in PAGES}
    code = f"""
for path, script in {scripts!r}.items():
    exec(compile(script, path, "exec"), {{"__name__": path}})
"""
    python("-c", code, cwd=tmp_path, KERAS_MAX_EPOCHS="1", TFDS_DATA_DIR=str(tmp_path))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_that_are_linked_exist(path):
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r'(?:\]\(|href="|src=")([^)#\s"]+)', text):
        assert "://" in target or (path.parent / target).exists(), target


def test_the_api_reference_names_what_there_is():
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    names = re.findall(r"^\.\. auto\w+:: (\S+)", text, re.M)
    assert all(map(pydoc.locate, names)), [n for n in names if not pydoc.locate(n)]


def test_every_extra_is_explained():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    text = (DOCS / "guides/install.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)` \|", text, re.M)
    assert set(told) >= set(setup["options.extras_require"])


def test_names_in_the_guides_exist():
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        names = re.findall(r'kerazoo\.(?:create|card)\("(\w+)"', text)
        names += re.findall(r"kerazoo (?:fit|info|summary|evaluate) (\w+)", text)
        assert set(names) <= {*kerazoo.list_models(), "runs"}, path.stem


@pytest.mark.skipif(
    not importlib.util.find_spec("furo"), reason='pip install "kerazoo[docs]"'
)
def test_the_site_builds(python, tmp_path):
    """Three cards here; `python -m sphinx -W docs docs/_build` builds all."""
    copy = tmp_path / "checkout"
    skipped = shutil.ignore_patterns("_build", "_cache", "generated", "__pycache__")
    shutil.copytree(DOCS, copy / "docs", ignore=skipped)
    (copy / "kerazoo").symlink_to(DOCS.parent / "kerazoo")
    (copy / "benchmarks").symlink_to(DOCS.parent / "benchmarks")
    python(
        "-m", "sphinx", "-W", "--keep-going", "-q", "docs", "site", cwd=copy,
        KERAZOO_DOCS="lenet5,gpt2,resnet18",
    )  # fmt: skip
    page = (copy / "site/generated/models/lenet5.html").read_text(encoding="utf-8")
    for wanted in ("LeCun", "60,000", "28x28x6", "lenet5.svg", "Deviations"):
        assert wanted in page
    index = (copy / "site/generated/catalogue.html").read_text(encoding="utf-8")
    assert index.count("<tr data-domain") == 3
    assert "lenet5" in (copy / "site/searchindex.js").read_text(encoding="utf-8")
    timeline = (copy / "site/generated/timeline.html").read_text(encoding="utf-8")
    assert timeline.index("1998") < timeline.index("2019")
    assert "ResNet-18" in (copy / "site/generated/chart.html").read_text("utf-8")
    measured = (copy / "site/generated/measured.html").read_text(encoding="utf-8")
    assert 'href="models/lenet5.html"' in measured
    within, lost = links.broken(copy / "site")
    assert len(within) > 500 and not lost


def test_lost_links_are_found(tmp_path):
    (tmp_path / "b.html").write_text('<h1 id="there"></h1>')
    (tmp_path / "a.html").write_text(
        '<a href="b.html#there"></a> <a href="b.html#gone"></a> <img src="c.svg">'
        '<a href="https://example.org/x"></a> <a href="#top"></a>'
    )
    within, lost = links.broken(tmp_path)
    assert len(within) == 4
    assert lost == [("a.html", "b.html#gone"), ("a.html", "c.svg")]
