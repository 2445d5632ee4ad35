"""kerazoo: every architecture of a first deep-learning course, one line away."""

import importlib

from kerazoo import catalog

__version__ = "0.1.0"

_FACE = {
    "create": "architecture",
    "Card": "catalog",
    "card": "catalog",
    "list_models": "catalog",
    "search": "catalog",
    "summary": "inspection",
    "ensemble": "layers.ensemble",
    "mc_dropout": "layers.monte_carlo",
    "evaluate": "training",
    "fit": "training",
    "load": "training",
}
_MODULES = {
    "calibration",
    "catalog",
    "datasets",
    "distribution",
    "inspection",
    "interpret",
    "optimizers",
    "report",
    "spectrogram",
    "tables",
    "tokenizers",
    "weights",
}


def __getattr__(name):
    if name in _FACE:
        value = getattr(importlib.import_module(f"kerazoo.{_FACE[name]}"), name)
    elif name in _MODULES:
        value = importlib.import_module(f"kerazoo.{name}")
    elif name in catalog.cards():
        value = catalog.builder(name)
    else:
        known = [*_FACE, *_MODULES, *catalog.cards()]
        raise AttributeError(catalog.unknown("attribute of kerazoo", name, known))
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_FACE, *_MODULES, *catalog.cards()})
