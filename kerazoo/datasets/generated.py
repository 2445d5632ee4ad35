"""Embedded datasets that are generated from a seed by a documented recipe."""

import numpy as np

from kerazoo.datasets.embedded import embedded


@embedded(
    "xor",
    kind="arrays",
    classes=None,
    about="the four rows of the exclusive-or table; 100 times over in train",
)
def xor(split, input_shape=None):
    """Exclusive or: two binary inputs, one binary target `(n, 1)`."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    y = np.array([[0], [1], [1], [0]], "float32")
    repeats = 100 if split == "train" else 1
    return np.tile(x, (repeats, 1)), np.tile(y, (repeats, 1))
