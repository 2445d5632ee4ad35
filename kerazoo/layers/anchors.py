"""Anchors: the boxes that a detector corrects, some at every place of its maps."""

import numpy as np


def anchor_grids(image_shape, grids, sizes, ratios=(0.5, 1.0, 2.0)):
    """Anchors of all maps of a pyramid, as NumPy arrays.

    As in torchvision: the anchors of a place are centred on its upper left corner, and
    their corners around it are whole pixels. The order is that of
    `reshape(map, (batch, -1, 4))` for a map of `4 * anchors` channels: row, column,
    ratio, size.

    Args:
        image_shape: `(height, width, ...)` of the network's input.
        grids: `(height, width)` of every map.
        sizes: for every map the sides of its square anchors, in pixels.
        ratios: height over width of the anchors, at equal area.

    Returns:
        A list of float32 arrays `(height * width * ratios * sizes, 4)`.
    """
    anchors = []
    for (rows, columns), sides in zip(grids, sizes, strict=True):
        stretch = np.sqrt(ratios)[:, None]
        half = [(np.array(sides) * s / 2).ravel() for s in (1 / stretch, stretch)]
        around = np.stack([-half[0], -half[1], *half], axis=-1).round()
        y = np.arange(rows)[:, None] * (image_shape[0] // rows)
        x = np.arange(columns) * (image_shape[1] // columns)
        corner = np.stack(np.broadcast_arrays(x, y, x, y), axis=-1)
        every = corner[:, :, None] + around
        anchors.append(every.reshape(-1, 4).astype("float32"))
    return anchors
