"""Named datasets, as batches in exactly the shape a model takes."""

import dataclasses
import math
from collections.abc import Callable

from kerazoo import catalog
from kerazoo.datasets import generated  # noqa: F401  registers its datasets
from kerazoo.datasets.embedded import EMBEDDED


@dataclasses.dataclass(frozen=True)
class Source:
    """A raw dataset: what it holds before it is fitted to a model.

    Attributes:
        name: the name it was asked for.
        kind: `"images"` or `"arrays"`.
        classes: number of classes, or None.
        splits: names of its splits.
        image_shape: `(height, width, channels)` with None where they vary.
        read: `split -> tf.data.Dataset` of (image or input, target) examples.
    """

    name: str
    kind: str
    classes: int | None
    splits: tuple
    image_shape: tuple | None
    read: Callable


def names():
    """Names of the embedded datasets, which need no network."""
    return sorted(EMBEDDED)


def find(name, model):
    """The `Source` behind a dataset's name, for a model.

    Raises:
        ValueError: neither an embedded nor a TFDS dataset has this name, or its
            features are no labelled images.
        FileNotFoundError: the TFDS dataset is not on disk and cannot be downloaded.
    """
    if name not in EMBEDDED:
        from kerazoo.datasets import tfds

        return Source(name, "images", **tfds.find(name, offline(model)))
    dataset = EMBEDDED[name]
    shape = _input_shape(model)

    def read(split):
        import tensorflow as tf

        return tf.data.Dataset.from_tensor_slices(dataset.load(split, shape))

    image_shape = None
    if dataset.kind == "images":
        image_shape = dataset.load("test", shape)[0].shape[1:]
    return Source(
        name, dataset.kind, dataset.classes, ("train", "test"), image_shape, read
    )


def offline(model):
    """Name of the embedded dataset that serves a model's architecture, or None."""
    known = catalog.cards().get(architecture_of(model))
    return known.offline if known else None


def architecture_of(model):
    """Builder name behind a model; its own name where it was loaded from a file."""
    return getattr(model, "architecture", model.name)


def _input_shape(model):
    shape = model.input_shape
    return tuple(shape[1:]) if isinstance(shape, tuple) else None


def evaluation_split(source):
    """The split that measures: the labelled test set, else the validation set."""
    if "test" in source.splits and not source.name.startswith("imagenet2012"):
        return "test"
    return "validation" if "validation" in source.splits else source.splits[-1]


def load(
    name,
    split="train",
    *,
    model,
    batch_size=None,
    training=None,
    shuffle=True,
    augment=None,
    seed=None,
    drop_remainder=False,
):
    """Batches of a named dataset, fitted to a model.

    Images are resized to the model's input, given its number of channels and
    standardised as the card of its architecture says (else scaled to 0..1).

    Args:
        name: an embedded dataset (`kerazoo.datasets.names()`), or a TFDS dataset
            `"name"`, `"name/config:version"`, `"tfds:name"`.
        split: `"train"`, `"test"`, ...; for TFDS also slices like `"train[:1000]"`.
        model: the `keras.Model` that will take the batches.
        batch_size: examples in a batch; the recipe's by default.
        training: whether to shuffle and augment; by default for splits of "train".
        shuffle: whether training batches are drawn in a new order every epoch.
        augment: mapping as in a recipe, used in training.
        seed: fixes the order and the augmentation.
        drop_remainder: whether to leave out a last batch that is not full.

    Returns:
        A finite `tf.data.Dataset` of `(inputs, targets)` batches.

    Raises:
        ValueError: unknown name or split, empty split, more classes than the model
            has, or inputs that cannot be given the model's shape.
        FileNotFoundError: the dataset is not on disk and cannot be downloaded; the
            message says what to run and which embedded dataset serves offline.
    """
    return batches(
        find(name, model), split, model, batch_size=batch_size, training=training,
        shuffle=shuffle, augment=augment, seed=seed, drop_remainder=drop_remainder,
    )  # fmt: skip


def batches(
    source, split, model, *, batch_size=None, training=None, shuffle=True, augment=None,
    seed=None, drop_remainder=False,
):  # fmt: skip
    """As `load`, for a `Source` that was found already."""
    from kerazoo.datasets import images

    card = catalog.cards().get(architecture_of(model))
    if batch_size is None:
        recipe = getattr(model, "recipe", None) or (card.recipe if card else {})
        batch_size = recipe.get("batch_size", 32)
    if not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError(
            f"`batch_size` must be a positive integer. Received: {batch_size!r}"
        )
    if split.split("[")[0] not in source.splits:
        raise ValueError(
            catalog.unknown(f"split of {source.name!r}:", split, source.splits)
            + f" It has: {', '.join(source.splits)}."
        )
    if training is None:
        training = split.startswith("train")
    _check_classes(source, model)
    try:
        examples = source.read(split)
    except ValueError as error:
        raise ValueError(
            f"Split {split!r} of {source.name!r} is empty or malformed: {error}"
        ) from error
    size = int(examples.cardinality())
    if size == 0:
        raise ValueError(f"Split {split!r} of {source.name!r} is empty.")
    shape = _input_shape(model)
    order = {"shuffle": training and shuffle, "seed": seed, "batch_size": batch_size}
    if source.kind == "arrays":
        given = tuple(examples.element_spec[0].shape)
        if shape is None or not _fits(given, shape):
            raise ValueError(
                f"Dataset {source.name!r} gives inputs of shape {given}, but "
                f"{model.name!r} takes {shape}."
            )
        return images.batch(examples, size, drop_remainder=drop_remainder, **order)
    return images.fit_to_model(
        examples,
        size,
        source.image_shape,
        target_shape(shape, source, model, card.preprocess if card else {}),
        flat=len(shape) == 1,
        preprocess=card.preprocess if card else {},
        augment=(augment or {}) if training else {},
        drop_remainder=drop_remainder,
        **order,
    )


def _fits(given, shape):
    return len(given) == len(shape) and all(
        b is None or a == b for a, b in zip(given, shape, strict=True)
    )


def _check_classes(source, model):
    outputs = model.output_shape
    if source.classes is None or not isinstance(outputs, tuple):
        return
    if outputs[-1] is not None and 1 < outputs[-1] < source.classes:
        raise ValueError(
            f"{source.name!r} has {source.classes} classes but {model.name!r} has "
            f"{outputs[-1]} outputs. Build it with classes={source.classes}."
        )


def target_shape(shape, source, model, preprocess):
    """Image shape `(height, width, channels)` behind a model's input shape."""
    if shape is not None and len(shape) == 3:
        return tuple(
            s if t is None else t
            for s, t in zip(source.image_shape, shape, strict=True)
        )
    if shape is not None and len(shape) == 1 and shape[0]:
        for channels in (source.image_shape[-1], 1, 3):
            side = math.isqrt(shape[0] // channels)
            if side * side * channels == shape[0]:
                return side, side, channels
    raise ValueError(
        f"Images of {source.name!r} cannot be given the input shape {shape} of "
        f"{model.name!r}: expected (height, width, channels), or the length of a "
        "flattened square image."
    )
