"""Batches, and the adapter of labelled images.

Decoded examples are cached before they are shuffled, shuffled before they are batched,
and whatever works on whole batches does: on two cores the pipeline keeps ahead of a
small network.
"""

import math

import tensorflow as tf

from kerazoo.datasets.arrays import SHUFFLE_BUFFER

CACHE_BYTES = 2**30
PHOTOGRAPH = 500, 500, 3  # about as large as those of ImageNet and COCO


def batches(examples, source, model, *, preprocess, **settings):
    """Batches of a `Source` of images for `model`; keywords as in `fit_to_model`."""
    shape = tuple(model.input_shape[1:])
    return fit_to_model(
        examples,
        int(examples.cardinality()),
        source.image_shape,
        target_shape(shape, source, model),
        flat=len(shape) == 1,
        preprocess=preprocess,
        **settings,
    )


def target_shape(shape, source, model):
    """Image shape `(height, width, channels)` behind a model's input shape."""
    if len(shape) == 3:
        return tuple(
            given if wanted is None else wanted
            for given, wanted in zip(source.image_shape, shape, strict=True)
        )
    if len(shape) == 1 and shape[0]:
        for channels in (source.image_shape[-1], 1, 3):
            side = math.isqrt(shape[0] // channels)
            if side * side * channels == shape[0]:
                return side, side, channels
    raise ValueError(
        f"Images of {source.name!r} cannot be given the input shape {shape} of "
        f"{model.name!r}: expected (height, width, channels), or the length of a "
        "flattened square image."
    )


def fit_to_model(
    examples, size, image_shape, shape, *, flat, preprocess, augment, batch_size,
    shuffle, seed, drop_remainder,
):  # fmt: skip
    """Batches of images as a model takes them.

    Args:
        examples: dataset of (uint8 image, label).
        size: number of examples.
        image_shape: shape of the raw images, None where it varies.
        shape: `(height, width, channels)` of the model's images.
        flat: whether the model takes flattened images.
        preprocess: the card's: `mean`, `std` on the 0..255 scale, `pad`, `threshold`;
            `target`: `"label"` (default) or `"image"`, the input itself.
        augment: the recipe's: `random_resized_crop` (least and largest share of the
            area), `pad_crop` (pixels), `flip`.
        batch_size: examples in a batch.
        shuffle: whether every epoch has a new order.
        seed: fixes order and augmentation.
        drop_remainder: whether to leave out a last batch that is not full.
    """
    height, width, channels = shape
    pad = preprocess.get("pad", 0)
    inner = height - 2 * pad, width - 2 * pad
    if fits_cache(size, image_shape):
        examples = examples.cache()
    if shuffle:
        examples = examples.shuffle(shuffle_buffer(size, image_shape), seed=seed)
    area = augment.get("random_resized_crop")
    if area or None in image_shape:
        examples = with_seeds(examples, seed).map(
            lambda seeds, image, label: (_crop(image, inner, area, seeds), label),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
    scale, offset = standardisation(preprocess)

    def prepare(seeds, image, label):
        image = tf.cast(image, tf.float32)
        if image.shape[1:3] != inner:
            image = tf.image.resize(image, inner, antialias=True)
        image = to_channels(image, channels)
        if pad:
            image = tf.pad(image, [[0, 0], [pad, pad], [pad, pad], [0, 0]])
        image = _augment(image, augment, seeds)
        if "threshold" in preprocess:
            image = tf.cast(image > preprocess["threshold"], tf.float32)
        else:
            image = image * scale + offset
        if flat:
            image = tf.reshape(image, [-1, math.prod(shape)])
        return image, image if preprocess.get("target") == "image" else label

    batches = examples.batch(batch_size, drop_remainder=drop_remainder)
    batches = with_seeds(batches, seed)
    batches = batches.map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
    return batches.prefetch(tf.data.AUTOTUNE)


def fits_cache(size, image_shape):
    """Whether `size` raw images of one shape are kept in memory."""
    return None not in image_shape and size * math.prod(image_shape) <= CACHE_BYTES


def shuffle_buffer(size, image_shape):
    """How many of `size` raw images wait for their shuffling, in a GiB at most."""
    shape = PHOTOGRAPH if None in image_shape else image_shape
    return min(size, SHUFFLE_BUFFER, max(CACHE_BYTES // math.prod(shape), 1))


def with_seeds(dataset, seed):
    """Puts fresh random numbers, fixed by `seed`, in front of every element."""
    seeds = tf.data.Dataset.random(seed, rerandomize_each_iteration=True)
    return tf.data.Dataset.zip(seeds.batch(2), dataset).map(
        lambda numbers, element: (tf.cast(numbers, tf.int32), *element)
    )


def standardisation(preprocess):
    """Factor and summand that bring the 0..255 scale to that of the inputs."""
    mean = tf.constant(preprocess.get("mean", 0.0), tf.float32)
    std = tf.constant(preprocess.get("std", 255.0), tf.float32)
    return 1 / std, -mean / std


def to_channels(image, channels):
    """Images of one channel, or of three, from those of the other kind."""
    if image.shape[-1] == channels:
        return image
    if image.shape[-1] == 1:
        return tf.repeat(image, channels, axis=-1)
    if channels == 1:
        return tf.image.rgb_to_grayscale(image)
    raise ValueError(
        f"Images of {image.shape[-1]} channels cannot be given {channels}."
    )


def _crop(image, inner, area, seeds):
    """One image of any size cropped to `inner`: at random by area, else the centre."""
    size, channels = tf.shape(image), image.shape[-1]
    if area:
        begin, extent, _ = tf.image.stateless_sample_distorted_bounding_box(
            size,
            tf.constant([[[0.0, 0.0, 1.0, 1.0]]]),
            seeds,
            aspect_ratio_range=(3 / 4, 4 / 3),
            area_range=tuple(area),
            min_object_covered=0.0,
        )
        image = tf.slice(image, begin, extent)
    else:
        # The usual evaluation view: 224 of a short side of 256.
        share = 0.875 * tf.cast(tf.reduce_min(size[:2]), tf.float32)
        scale = share / max(inner)
        extent = tf.cast(tf.round(scale * tf.constant(inner, tf.float32)), tf.int32)
        begin = (size[:2] - extent) // 2
        image = tf.image.crop_to_bounding_box(
            image, *tf.unstack(begin), *tf.unstack(extent)
        )
    image = tf.image.resize(image, inner, antialias=True)
    return tf.ensure_shape(image, (*inner, channels))


def _augment(image, augment, seeds):
    """Random shifts and mirrors, another for every image of the batch."""
    count, height, width = tf.shape(image)[0], image.shape[1], image.shape[2]
    reach = augment.get("pad_crop")
    if reach:
        image = tf.pad(image, [[0, 0], [reach, reach], [reach, reach], [0, 0]])
        corner = tf.random.stateless_uniform(
            [2, count, 1], seeds, 0, 2 * reach + 1, tf.int32
        )
        rows, columns = corner[0] + tf.range(height), corner[1] + tf.range(width)
        image = tf.gather(image, rows, axis=1, batch_dims=1)
        image = tf.gather(image, columns, axis=2, batch_dims=1)
    if augment.get("flip"):
        mirrored = tf.random.stateless_uniform([count, 1, 1, 1], seeds + 1) < 0.5
        image = tf.where(mirrored, image[:, :, ::-1], image)
    return image
