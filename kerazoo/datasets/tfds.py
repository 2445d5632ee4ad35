"""TensorFlow Datasets by name, with errors that say what to do."""

import dataclasses
import os
import socket
from collections.abc import Callable
from functools import partial

from kerazoo import catalog


@dataclasses.dataclass(frozen=True)
class View:
    """What is read from a dataset that holds more than one thing about its images.

    Attributes:
        kind: the module of this package that fits it to a model.
        classes: number of classes, or None.
        image: the feature that is the image.
        target: function of an example to the target.
    """

    kind: str
    classes: int | None
    image: str
    target: Callable


def _mask(feature, values, example):
    """Classes, numbered in the order of the values that stand for them in a mask."""
    import tensorflow as tf

    classes = [values.index(k) if k in values else 255 for k in range(256)]
    mask = tf.cast(example[feature][..., 0], tf.int32)
    return tf.gather(tf.constant(classes, tf.uint8), mask)


_PET = (1, 2, 3)  # pet, background, border
# Of the regions of Cityscapes 19 are evaluated.
_STREET = (7, 8, 11, 12, 13, 17, *range(19, 29), 31, 32, 33)


def _coco_captions(example):
    return example["captions"]["text"]


def _boxes(example):
    """Boxes in pixels and their labels, without crowds and difficult objects."""
    import tensorflow as tf

    extent = tf.cast(tf.shape(example["image"])[:2], tf.float32)
    objects = example["objects"]
    boxes = tf.gather(objects["bbox"] * tf.tile(extent, [2]), [1, 0, 3, 2], axis=1)
    kept = ~objects.get("is_crowd", objects.get("is_difficult"))
    return {"boxes": boxes[kept], "labels": objects["label"][kept]}


# By what the card's `preprocess` calls the target, then by the dataset's name.
VIEWS = {
    "boxes": {
        "coco": View("detection", 80, "image", _boxes),
        "voc": View("detection", 20, "image", _boxes),
    },
    "mask": {
        "oxford_iiit_pet": View(
            "segmentation", 3, "image", partial(_mask, "segmentation_mask", _PET)
        ),
        "cityscapes": View(
            "segmentation",
            19,
            "image_left",
            partial(_mask, "segmentation_label", _STREET),
        ),
    },
    "caption": {"coco_captions": View("captions", None, "image", _coco_captions)},
}


def find(name, offline, target=None):
    """Fields of a `Source` for a TFDS dataset of labelled images or of texts.

    Args:
        name: `"name"`, `"name/config:version"`, with or without the prefix `"tfds:"`.
        offline: embedded dataset to name in errors, or None.
        target: what the card's `preprocess` calls the target, e.g. `"mask"`.

    Returns:
        Mapping with `kind`, `classes`, `splits`, `image_shape`, `read` and, of classes
        with names, `labels`.

    Raises:
        ValueError: no such dataset, or it holds neither labelled images nor texts, or
            not the target.
        FileNotFoundError: it is not on disk and could not be downloaded.
    """
    import tensorflow_datasets as tfds

    from kerazoo.datasets.embedded import EMBEDDED

    plain = name.removeprefix("tfds:")
    try:
        builder = tfds.builder(plain)
    except tfds.core.DatasetNotFoundError:
        known = [*EMBEDDED, *tfds.list_builders(with_community_datasets=False)]
        raise ValueError(catalog.unknown("dataset", name, known)) from None
    features = builder.info.features
    kinds = {key: type(feature) for key, feature in features.items()}
    is_text = (
        kinds.get("text") is tfds.features.Text
        and tfds.features.ClassLabel not in kinds.values()
    )
    is_speech = tfds.features.Audio in kinds.values()
    is_translation = isinstance(features, tfds.features.Translation)
    view = _view(name, builder, target)
    if not (is_text or is_speech or is_translation or view):
        image, label = _keys(name, builder.info, tfds)
    if not _prepared(builder):
        try:
            _check_online()
            builder.download_and_prepare()
        except Exception as error:
            raise FileNotFoundError(_how_to_get(name, builder, offline)) from error
    if is_speech:
        from kerazoo.datasets import speech

        return speech.fields(builder)
    splits = tuple(builder.info.splits)

    def read(split):
        dataset = builder.as_dataset(split=split, shuffle_files=False)
        if view:
            return dataset.map(
                lambda example: (example[view.image], view.target(example))
            )
        if is_translation:
            return dataset
        if is_text:
            return dataset.map(lambda example: example["text"])
        return dataset.map(lambda example: (example[image], example[label]))

    if view:
        return {
            "kind": view.kind, "classes": view.classes, "splits": splits,
            "image_shape": features[view.image].shape, "read": read,
            "labels": tuple(features["objects"]["label"].names)
            if view.kind == "detection" else None,
        }  # fmt: skip
    if is_text or is_translation:
        return {
            "kind": "text" if is_text else "translation", "classes": None,
            "splits": splits, "image_shape": None, "read": read,
        }  # fmt: skip
    return {
        "kind": "images",
        "classes": features[label].num_classes,
        "splits": splits,
        "image_shape": features[image].shape,
        "read": read,
        "labels": tuple(features[label].names),
    }


def _view(name, builder, target):
    if target not in VIEWS:
        return None
    if builder.name not in VIEWS[target]:
        raise ValueError(
            f"{name!r}: not read for networks whose target is a {target}. Read are: "
            f"{', '.join(VIEWS[target])}. Read it with tensorflow_datasets and pass "
            "the tf.data.Dataset of batches as `data`."
        )
    return VIEWS[target][builder.name]


def _keys(name, info, tfds):
    images = [k for k, f in info.features.items() if type(f) is tfds.features.Image]
    labels = [
        k for k, f in info.features.items() if type(f) is tfds.features.ClassLabel
    ]
    if info.supervised_keys:
        images = [k for k in info.supervised_keys if k in images] or images
        labels = [k for k in info.supervised_keys if k in labels] or labels
    if not images or not labels:
        raise ValueError(
            f"{name!r} holds {sorted(info.features)}: no image with a class label. "
            "Read it with tensorflow_datasets and pass the tf.data.Dataset of "
            "(input, target) batches as `data`."
        )
    return images[0], labels[0]


def is_prepared(name):
    """Whether a dataset of TFDS is on disk; nothing is downloaded."""
    import tensorflow_datasets as tfds

    try:
        return _prepared(tfds.builder(name.removeprefix("tfds:")))
    except tfds.core.DatasetNotFoundError:
        return False


def _prepared(builder):
    return os.path.isfile(os.path.join(builder.data_dir, "dataset_info.json"))


def _check_online():
    """Raises at once without a network, where TFDS would retry for minutes."""
    socket.getaddrinfo("storage.googleapis.com", 443)


def _how_to_get(name, builder, offline):
    root = os.path.dirname(os.path.dirname(builder.data_dir))
    text = (
        f"Dataset {name!r} is not in {root} and could not be downloaded. With a "
        f'network, run: python -c "import tensorflow_datasets as tfds; '
        f"tfds.load('{name.removeprefix('tfds:')}')\"; or put the prepared files into "
        f"{builder.data_dir} (TFDS_DATA_DIR chooses another root)."
    )
    manual = getattr(builder, "MANUAL_DOWNLOAD_INSTRUCTIONS", None)
    if manual:
        text += f" It needs a manual download: {' '.join(manual.split())}"
    if offline:
        text += f" Offline, the embedded dataset serves: data={offline!r}."
    return text
