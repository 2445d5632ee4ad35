"""Maps and images as pictures, drawn without a display."""

import math

import numpy as np


def overlay(images, maps, *, strength=0.5):
    """Heat maps laid over their images.

    Args:
        images: `(n, height, width, 1 or 3)` in any range; each is stretched to 0..1.
        maps: `(n, height, width)`, likewise.
        strength: weight of the map, between 0 and 1.

    Returns:
        `(n, height, width, 3)` of values between 0 and 1.

    Example:
        >>> maps = kerazoo.interpret.grad_cam(model, images)
        >>> pictures = kerazoo.interpret.overlay(images, maps)
        >>> kerazoo.interpret.sheet({"image": images, "seen": pictures}, "seen.png")
    """
    from matplotlib import colormaps

    images, maps = np.asarray(images), np.asarray(maps)
    if images.ndim != 4 or maps.shape != images.shape[:3]:
        raise ValueError(
            "`maps` must be (n, height, width) and `images` (n, height, width, "
            f"channels) of the same size. Received: {maps.shape} and {images.shape}"
        )
    heat = colormaps["jet"](np.stack([_stretched(m) for m in maps]))[..., :3]
    pictures = np.stack([_stretched(image) for image in images])
    return strength * heat + (1 - strength) * pictures


def sheet(columns, path=None):
    """A picture with a row per image and a column per kind of picture.

    Every picture is stretched to its own range, so that small changes are seen.

    Args:
        columns: `{title: array}`. Arrays of `n` images `(n, height, width, 1 or 3)`,
            of maps `(n, height, width)`, or of flattened square ones `(n, pixels)`.
        path: where to write the picture; its ending chooses the format.

    Returns:
        The `matplotlib.figure.Figure`.
    """
    from matplotlib.figure import Figure

    columns = {title: _as_pictures(title, array) for title, array in columns.items()}
    counts = {title: len(pictures) for title, pictures in columns.items()}
    if len(set(counts.values())) != 1:
        raise ValueError(
            f"`columns` must hold arrays of equally many images. Received: {counts}"
        )
    rows = counts.popitem()[1]
    size = (1.4 * len(columns), 1.4 * rows + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(rows, len(columns), squeeze=False)
    for axes, (title, pictures) in zip(grid.T, columns.items(), strict=True):
        axes[0].set_title(title, fontsize=9)
        for axis, picture in zip(axes, pictures, strict=True):
            colors = "gray" if picture.ndim == 3 else "magma"
            axis.imshow(_stretched(picture), cmap=colors, vmin=0, vmax=1)
            axis.set_axis_off()
    if path is not None:
        figure.savefig(path, dpi=150)
    return figure


def _as_pictures(title, array):
    array = np.asarray(array)
    side = math.isqrt(array.shape[-1]) if array.ndim == 2 else 0
    if side and side**2 == array.shape[-1]:
        array = array.reshape(-1, side, side, 1)
    if array.ndim == 3 or array.ndim == 4 and array.shape[-1] in (1, 3):
        return array
    raise ValueError(
        "`columns` must hold arrays (n, height, width, 1 or 3), (n, height, width) or "
        f"(n, pixels) of square images. Received: {title!r} of shape {array.shape}"
    )


def _stretched(picture):
    least, largest = picture.min(), picture.max()
    return (picture - least) / (largest - least if largest > least else 1)
