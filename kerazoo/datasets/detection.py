"""Batches of images and the boxes of the things in them, for detectors.

An example is `(image, {"boxes", "labels"})`: boxes `(n, 4)` as (left, top, right,
bottom) in pixels and integer labels `(n,)`. What is no box has the label -1; nothing
else says so.
"""

import tensorflow as tf

from kerazoo.datasets.images import (
    shuffle_buffer,
    standardisation,
    to_channels,
    with_seeds,
)

MOST = 100  # boxes of an image, where a data set does not say


def batches(
    examples, source, model, *, preprocess, augment, batch_size, shuffle, seed,
    drop_remainder,
):  # fmt: skip
    """Batches `(images, {"boxes", "labels"})` of a `Source` for a detector.

    An image is scaled until it fits into the model's input and keeps its proportions;
    what remains at the right and at the bottom is filled with zeros. Boxes go with it,
    and all images have equally many.

    Args:
        examples: dataset of examples.
        source: the `Source`.
        model: the detector.
        preprocess: the card's: `mean` and `std` on the 0..255 scale.
        augment: the recipe's: `flip`.
        batch_size: examples in a batch.
        shuffle: whether every epoch has a new order.
        seed: fixes order and augmentation.
        drop_remainder: whether to leave out a last batch that is not full.

    Raises:
        ValueError: the model is no detector, or one of fewer classes.
    """
    classes = getattr(model, "classes", None)
    if not hasattr(model, "detect"):
        raise ValueError(
            f"{source.name!r} says where things are in images, but {model.name!r} "
            "detects nothing."
        )
    if classes < source.classes:
        raise ValueError(
            f"{source.name!r} has {source.classes} classes but {model.name!r} has "
            f"{classes}. Build it with classes={source.classes}."
        )
    height, width, channels = model.input_shape[1:]
    most = examples.element_spec[1]["labels"].shape[0] or MOST
    scale, offset = standardisation(preprocess)

    def prepare(seeds, image, target):
        boxes, labels = target["boxes"][:most], target["labels"][:most]
        if image.shape[:2] != (height, width):
            image, boxes = _fitted(image, boxes, (height, width))
        image = tf.cast(to_channels(image, channels), tf.float32) * scale + offset
        if augment.get("flip"):
            image, boxes = _flipped(image, boxes, seeds)
        image = tf.image.pad_to_bounding_box(image, 0, 0, height, width)
        boxes = tf.where(labels[:, None] >= 0, boxes, -1.0)
        missing = [[0, most - tf.shape(labels)[0]]]
        boxes = tf.pad(boxes, [*missing, [0, 0]], constant_values=-1.0)
        labels = tf.pad(labels, missing, constant_values=-1)
        return tf.ensure_shape(image, (height, width, channels)), {
            "boxes": tf.ensure_shape(boxes, (most, 4)),
            "labels": tf.ensure_shape(tf.cast(labels, tf.int32), (most,)),
        }

    if shuffle:
        size = int(examples.cardinality())
        buffer = shuffle_buffer(size, source.image_shape)
        examples = examples.shuffle(buffer, seed=seed)
    examples = with_seeds(examples, seed)
    examples = examples.map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
    grouped = examples.batch(batch_size, drop_remainder=drop_remainder)
    return grouped.prefetch(tf.data.AUTOTUNE)


def _fitted(image, boxes, room):
    """An image with its boxes, as large as fits into the room."""
    before = tf.cast(tf.shape(image)[:2], tf.float32)
    room = tf.cast(room, tf.float32)
    after = tf.round(before * tf.reduce_min(room / before))
    after = tf.clip_by_value(after, 1.0, room)
    image = tf.image.resize(image, tf.cast(after, tf.int32), antialias=True)
    return image, boxes * tf.tile((after / before)[::-1], [2])


def _flipped(image, boxes, seeds):
    """An image with its boxes, in one case of two mirrored."""
    left, top, right, bottom = tf.unstack(boxes, axis=-1)
    width = tf.cast(tf.shape(image)[1], tf.float32)
    mirrored = tf.stack([width - right, top, width - left, bottom], axis=-1)
    flips = tf.random.stateless_uniform([], seeds) < 0.5
    return tf.where(flips, image[:, ::-1], image), tf.where(flips, mirrored, boxes)
