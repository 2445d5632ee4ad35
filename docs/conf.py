"""The site: `python -m sphinx -W docs docs/_build`.

The pages of the catalogue are written by `catalogue.py` before Sphinx reads the rest.
`KERAZOO_DOCS=lenet5,gpt2` builds only these architectures' pages.
"""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import kerazoo  # noqa: E402

project = "kerazoo"
author = "The kerazoo contributors"
copyright = "The kerazoo contributors"  # noqa: A001
version = release = kerazoo.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "_cache", "README.md"]
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "none"
nitpicky = False

html_theme = "furo"
html_title = "kerazoo"
html_static_path = ["_static"]
html_css_files = ["kerazoo.css"]
html_js_files = ["kerazoo.js"]
html_copy_source = False
html_show_sourcelink = False


def setup(app):
    """Writes the generated pages before Sphinx looks for its sources."""
    import catalogue

    wanted = os.environ.get("KERAZOO_DOCS")
    names = wanted.split(",") if wanted else kerazoo.list_models()
    catalogue.write(names, HERE / "generated", cache=HERE / "_cache")
