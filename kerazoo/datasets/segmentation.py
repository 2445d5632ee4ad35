"""Batches of images with a class for every pixel, and weights for pixels."""

import math

import numpy as np
import tensorflow as tf

from kerazoo.datasets.images import (
    CACHE_BYTES,
    fits_cache,
    standardisation,
    target_shape,
    to_channels,
    with_seeds,
)

# In a mask: belongs to no class, and counts for nothing.
VOID = 255


def batches(
    examples, source, model, *, preprocess, augment, batch_size, shuffle, seed,
    drop_remainder,
):  # fmt: skip
    """Batches `(images, masks, weights)` of a `Source` of uint8 images and masks.

    Both are resized to the extent of the model's output. Where its input is larger,
    the image is continued beyond its borders as in a mirror. Weights are 0 at pixels
    that belong to no class and 1 elsewhere.

    Of `preprocess`, `mean` and `std` are as of images. Of `augment`, `flip` mirrors
    half of the examples; `elastic` bends them smoothly: it is the standard deviation,
    in pixels, of the displacements of a 3x3 grid (Ronneberger et al., 2015).
    """
    shape = target_shape(tuple(model.input_shape[1:]), source, model)
    _, *extent, channels = model.compute_output_shape((1, *shape))
    margins = [[0, 0]]
    for size, inner in zip(shape[:2], extent, strict=True):
        margins.append([(size - inner) // 2, (size - inner + 1) // 2])
    scale, offset = standardisation(preprocess)

    def fit(image, mask):
        image = to_channels(tf.cast(image, tf.float32), shape[-1])
        if image.shape[-3:-1] != extent:
            image = tf.image.resize(image, extent, antialias=True)
            mask = tf.image.resize(mask[..., None], extent, method="nearest")[..., 0]
        return image, mask

    def small(image, mask):
        image, mask = fit(image, mask)
        return tf.cast(tf.round(image), tf.uint8), mask

    def prepare(seeds, image, mask):
        image, mask = fit(image, mask)
        if augment.get("elastic"):
            image, mask = _bent(image, mask, augment["elastic"], seeds)
        if augment.get("flip"):
            mirrored = (
                tf.random.stateless_uniform([tf.shape(image)[0]], seeds + 1) < 0.5
            )
            mask = tf.where(mirrored[:, None, None], mask[:, :, ::-1], mask)
            image = tf.where(mirrored[:, None, None, None], image[:, :, ::-1], image)
        image = tf.pad(image, [*margins, [0, 0]], mode="REFLECT")
        known = mask != VOID
        mask = tf.where(known, tf.cast(mask, tf.int32), 0)
        if channels == 1:
            mask = mask[..., None]  # as Keras wants it for a probability
        return image * scale + offset, mask, tf.cast(known, tf.float32)

    size, room = int(examples.cardinality()), CACHE_BYTES // (math.prod(extent) * 4)
    if fits_cache(size, source.image_shape):
        examples = examples.cache()
    else:
        # Brought to size one by one, so that many find room for their shuffling.
        examples = examples.map(small, num_parallel_calls=tf.data.AUTOTUNE)
    if shuffle:
        examples = examples.shuffle(min(size, room), seed=seed)
    grouped = examples.batch(batch_size, drop_remainder=drop_remainder)
    grouped = with_seeds(grouped, seed)
    grouped = grouped.map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
    return grouped.prefetch(tf.data.AUTOTUNE)


def _bent(image, mask, deviation, seeds):
    """Images and masks moved by a smooth random flow, another for each of the batch."""
    _, height, width, _ = image.shape
    coarse = tf.random.stateless_normal([tf.shape(image)[0], 3, 3, 2], seeds)
    flow = tf.image.resize(deviation * coarse, (height, width), method="bicubic")
    grid = tf.stack(tf.meshgrid(tf.range(height), tf.range(width), indexing="ij"), -1)
    last = tf.constant([height - 1, width - 1], tf.float32)
    # Mirrored at the borders.
    place = last - tf.abs(last - tf.abs(tf.cast(grid, tf.float32) + flow))
    place = tf.clip_by_value(place, 0.0, last)
    corner = tf.minimum(tf.floor(place), last - 1)
    share, corner = place - corner, tf.cast(corner, tf.int32)

    def at(rows, columns):
        weight = [share if step else 1 - share for step in (rows, columns)]
        weight = weight[0][..., :1] * weight[1][..., 1:]
        return weight * tf.gather_nd(image, corner + [rows, columns], batch_dims=1)

    image = tf.add_n([at(rows, columns) for rows in (0, 1) for columns in (0, 1)])
    nearest = tf.cast(tf.round(place), tf.int32)
    return image, tf.gather_nd(mask, nearest, batch_dims=1)


def border_weights(cells, *, strength=10.0, sigma=5.0):
    """The weight map of U-Net, which parts touching cells (equation 2 of the paper).

    `w = w_c + strength * exp(-(d1 + d2)^2 / (2 sigma^2))`: `w_c` balances cells against
    background, `d1` and `d2` are the distances to the nearest and to the second nearest
    cell.

    Args:
        cells: integers `(n, height, width)`: 0 is background, each cell of an image has
            a number of its own, e.g. by `scipy.ndimage.label`.
        strength: weight between cells that touch, `w_0` of the paper.
        sigma: how far from them it falls off, in pixels.

    Returns:
        float32 weights of the same shape, for
        `kerazoo.fit(model, (images, masks, weights))`.

    Raises:
        ValueError: `cells` has another number of axes.
    """
    from scipy import ndimage

    cells = np.asarray(cells)
    if cells.ndim != 3:
        raise ValueError(
            f"`cells` must have the shape (n, height, width). Received: {cells.shape}"
        )
    share = max(np.mean(cells > 0), 1 / cells.size)
    weights = np.where(cells > 0, 0.5 / share, 0.5 / max(1 - share, 1 / cells.size))
    for image, weight in zip(cells, weights, strict=True):
        numbers = np.setdiff1d(image, 0)
        if len(numbers) < 2:
            continue
        far = [ndimage.distance_transform_edt(image != number) for number in numbers]
        both = np.partition(far, 1, axis=0)[:2].sum(axis=0)
        weight += strength * np.exp(-(both**2) / (2 * sigma**2))
    return weights.astype("float32")
