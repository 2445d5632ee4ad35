"""The completion stub: python -m kerazoo.stub > kerazoo/__init__.pyi."""

from kerazoo import catalog

_HEAD = '''"""The face of kerazoo, for type checkers and completion. Generated:
python -m kerazoo.stub > kerazoo/__init__.pyi
"""

from collections.abc import Mapping
from typing import Any

import keras

from kerazoo.architecture import create as create
from kerazoo.catalog import Card as Card
from kerazoo.catalog import card as card
from kerazoo.catalog import list_models as list_models
from kerazoo.catalog import search as search
from kerazoo.inspection import summary as summary
from kerazoo.layers.ensemble import ensemble as ensemble
from kerazoo.layers.monte_carlo import mc_dropout as mc_dropout
from kerazoo.training import evaluate as evaluate
from kerazoo.training import fit as fit
from kerazoo.training import load as load

__version__: str
'''

_ADDED = (
    "weights: str | None = None",
    "compile: bool = True",
    "recipe: Mapping[str, Any] | None = None",
)


def stub():
    """Text of `__init__.pyi`: every builder with its signature and first line."""
    lines = [_HEAD]
    for name, (keywords, summary) in catalog.builders().items():
        own = [f"{keyword}={default}" for keyword, default in keywords.items()]
        signature = ", ".join(["*", *own, *_ADDED, f'name: str = "{name}"'])
        lines.append(f'def {name}({signature}) -> keras.Model:\n    """{summary}"""\n')
    return "\n".join(lines)


if __name__ == "__main__":
    print(stub(), end="")
