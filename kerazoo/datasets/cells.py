"""Cells under a microscope: an embedded dataset of membranes to be found."""

import numpy as np

from kerazoo.datasets.embedded import embedded

SIDE = 64


@embedded(
    "cells",
    kind="segmentation",
    classes=2,
    labels=("cell", "membrane"),
    about="64x64 generated slices of tissue: wavy dark membranes (1) around cells (0) "
    "with organelles as dark as they are, noise; 600 train, 150 test",
)
def cells(split, input_shape=None):
    """Grey images and masks `(n, 64, 64)`, after the ISBI challenge of 2012."""
    random = np.random.default_rng({"train": 0, "test": 1}[split])
    n = {"train": 600, "test": 150}[split]
    rows, columns = np.mgrid[:SIDE, :SIDE].astype("float32")
    images = np.empty((n, SIDE, SIDE, 1), "uint8")
    masks = np.empty((n, SIDE, SIDE), "uint8")
    for k in range(n):
        # The membranes are where two of 12 centres are nearly as far.
        phase = random.uniform(0, 2 * np.pi, 2)
        y = rows + 2 * np.sin(columns / 5 + phase[0])
        x = columns + 2 * np.sin(rows / 5 + phase[1])
        centres = random.uniform(-8, SIDE + 8, (12, 2))
        distances = np.hypot(y[..., None] - centres[:, 0], x[..., None] - centres[:, 1])
        nearest = np.partition(distances, 1)
        membrane = nearest[..., 1] - nearest[..., 0] < 3
        shade = random.uniform(140, 190, 12)[distances.argmin(axis=-1)]
        for _ in range(random.integers(3, 8)):
            middle, radii = random.uniform(0, SIDE, 2), random.uniform(2, 4.5, 2)
            apart = np.hypot(
                (rows - middle[0]) / radii[0], (columns - middle[1]) / radii[1]
            )
            shade[apart < 1] = 75
        shade[membrane] = 75
        noisy = shade + random.normal(0, 15, shade.shape)
        images[k, ..., 0], masks[k] = noisy.clip(0, 255), membrane
    return images, masks
