"""Named datasets, as batches in exactly the shape a model takes."""

import dataclasses
import importlib
from collections.abc import Callable

from kerazoo import catalog
from kerazoo.datasets import (  # noqa: F401  register theirs
    cells,
    environments,
    generated,
    little_german,
    little_language,
    planetoid,
    regression,
    shapes,
    tones,
)
from kerazoo.datasets.embedded import EMBEDDED

# Kinds whose inputs are images, which their adapters fit to the model's input.
OF_IMAGES = ("captions", "detection", "images", "segmentation")


@dataclasses.dataclass(frozen=True)
class Source:
    """A raw dataset: what it holds before it is fitted to a model.

    Attributes:
        name: the name it was asked for.
        kind: the module of this package that fits it to a model: `"arrays"`,
            `"captions"`, `"detection"`, `"environments"`, `"graphs"`, `"images"`,
            `"segmentation"`, `"speech"`, `"text"`, `"translation"`.
        classes: number of classes, or None.
        splits: names of its splits.
        image_shape: `(height, width, channels)` with None where they vary.
        read: `split -> tf.data.Dataset` of (image or input, target) examples, or of
            texts; of an environment, a function `(count, seed)` that makes it.
        labels: names of the classes, or None.
    """

    name: str
    kind: str
    classes: int | None
    splits: tuple
    image_shape: tuple | None
    read: Callable
    labels: tuple | None = None


def names():
    """Names of the embedded datasets, which need no network."""
    return sorted(EMBEDDED)


def find(name, model):
    """The `Source` behind a dataset's name, for a model.

    Raises:
        ValueError: neither an embedded nor a TFDS dataset has this name, or its
            features are neither labelled images nor texts.
        FileNotFoundError: the TFDS dataset is not on disk and cannot be downloaded.
    """
    if environments.is_meant(name, model):
        return Source(name, **environments.find(name, model))
    if name in planetoid.NAMES:
        return Source(name, **planetoid.find(name, offline(model)))
    if name not in EMBEDDED:
        from kerazoo.datasets import tfds

        card = card_of(model)
        target = card.preprocess.get("target") if card else None
        return Source(name, **tfds.find(name, offline(model), target))
    dataset = EMBEDDED[name]
    shape = _input_shape(model)

    def read(split):
        import tensorflow as tf

        return tf.data.Dataset.from_tensor_slices(dataset.load(split, shape))

    image_shape = None
    if dataset.kind in OF_IMAGES:
        image_shape = dataset.load("test", shape)[0].shape[1:]
    return Source(
        name, dataset.kind, dataset.classes, ("train", "test"), image_shape, read,
        dataset.labels,
    )  # fmt: skip


def offline(model):
    """Name of the embedded dataset that serves a model's architecture, or None."""
    card = card_of(model)
    return card.offline if card else None


def architecture_of(model):
    """Builder name behind a model; its own name where it was loaded from a file."""
    return getattr(model, "architecture", model.name)


def card_of(model):
    """The card of a model's architecture, or None where it is not of the catalogue."""
    return catalog.cards().get(architecture_of(model))


def recipe_of(model):
    """The recipe a model was built with, else its card's, else an empty one."""
    card = card_of(model)
    return getattr(model, "recipe", None) or (card.recipe if card else {})


def name_for(model, data):
    """Name of the dataset meant by `data`, or None where data were handed over.

    Raises:
        ValueError: `data` is None and the model has no dataset of its own.
    """
    if isinstance(data, str):
        return data
    if data is not None:
        return None
    card = card_of(model)
    if card is None or card.dataset is None:
        raise ValueError(
            f"{model.name!r} is no architecture of the catalogue with a dataset of its "
            "own: pass `data`, the name of a dataset or the data themselves."
        )
    return card.dataset


def _input_shape(model):
    shape = model.input_shape
    return tuple(shape[1:]) if isinstance(shape, tuple) else None


def evaluation_split(source):
    """The split that measures: the labelled test set, else the validation set."""
    name = source.name.removeprefix("tfds:")
    # These keep the answers of their test sets to themselves.
    if "test" in source.splits and not name.startswith(("imagenet2012", "coco")):
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
    standardised as the card of its architecture says (else scaled to 0..1). Texts are
    cut into windows of tokens, see `kerazoo.datasets.text`.

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
    card = card_of(model)
    if batch_size is None:
        batch_size = recipe_of(model).get("batch_size", 32)
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
    preprocess = card.preprocess if card else {}
    if preprocess.get("target") != "image":
        _check_classes(source, model)
    try:
        examples = source.read(split)
    except ValueError as error:
        raise ValueError(
            f"Split {split!r} of {source.name!r} is empty or malformed: {error}"
        ) from error
    if source.kind != "environments" and int(examples.cardinality()) == 0:
        raise ValueError(f"Split {split!r} of {source.name!r} is empty.")
    adapter = importlib.import_module(f"kerazoo.datasets.{source.kind}")
    return adapter.batches(
        examples,
        source,
        model,
        preprocess=preprocess,
        augment=(augment or {}) if training else {},
        batch_size=batch_size,
        shuffle=training and shuffle,
        seed=seed,
        drop_remainder=drop_remainder,
    )


def prepared(image, model):
    """One image from anywhere as the model takes it, a batch of inputs.

    It is resized, given the model's channels and standardised as the card of its
    architecture says; a classifier is shown its middle square.

    Args:
        image: uint8 array `(height, width, 1 or 3)`.
        model: a model that takes images.

    Returns:
        NumPy inputs of one example, an array or a mapping of arrays.

    Raises:
        ValueError: `image` is no such array, or the model takes no images.

    Example:
        >>> model.predict(kerazoo.datasets.prepared(image, model))
    """
    import numpy as np
    import tensorflow as tf

    image = np.asarray(image)
    if image.ndim != 3 or image.shape[-1] not in (1, 3) or image.dtype != "uint8":
        raise ValueError(
            "`image` must be a uint8 array (height, width, 1 or 3). Received: "
            f"{image.dtype} {image.shape}"
        )
    card = card_of(model)
    no_boxes = {"boxes": np.zeros((0, 4), "float32"), "labels": np.zeros(0, int)}
    kind, target = {
        "boxes": ("detection", no_boxes),
        "caption": ("captions", np.array([""])),
        "mask": ("segmentation", np.zeros(image.shape[:2], "uint8")),
    }.get(card and card.preprocess.get("target"), ("images", 0))
    if kind == "images":
        height, width, _ = image.shape
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        image = image[top : top + side, left : left + side]

    def read(split):
        return tf.data.Dataset.from_tensors((image, target))

    source = Source("the image", kind, 0, ("given",), image.shape, read)
    batch = batches(source, "given", model, batch_size=1, training=False)
    return next(batch.as_numpy_iterator())[0]


def _check_classes(source, model):
    outputs = model.output_shape
    if source.classes is None or not isinstance(outputs, tuple):
        return
    if outputs[-1] is not None and 1 < outputs[-1] < source.classes:
        raise ValueError(
            f"{source.name!r} has {source.classes} classes but {model.name!r} has "
            f"{outputs[-1]} outputs. Build it with classes={source.classes}."
        )
