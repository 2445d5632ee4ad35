"""TensorFlow Datasets by name, with errors that say what to do."""

import os
import socket

from kerazoo import catalog


def find(name, offline):
    """Fields of a `Source` for a TFDS dataset of labelled images or of texts.

    Args:
        name: `"name"`, `"name/config:version"`, with or without the prefix `"tfds:"`.
        offline: embedded dataset to name in errors, or None.

    Returns:
        Mapping with `kind`, `classes`, `splits`, `image_shape` and `read`.

    Raises:
        ValueError: no such dataset, or it holds neither labelled images nor texts.
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
    if not is_text:
        image, label = _keys(name, builder.info, tfds)
    if not _prepared(builder):
        try:
            _check_online()
            builder.download_and_prepare()
        except Exception as error:
            raise FileNotFoundError(_how_to_get(name, builder, offline)) from error
    splits = tuple(builder.info.splits)

    def read(split):
        dataset = builder.as_dataset(split=split, shuffle_files=False)
        if is_text:
            return dataset.map(lambda example: example["text"])
        return dataset.map(lambda example: (example[image], example[label]))

    if is_text:
        return {
            "kind": "text", "classes": None, "splits": splits, "image_shape": None,
            "read": read,
        }  # fmt: skip
    return {
        "kind": "images",
        "classes": features[label].num_classes,
        "splits": splits,
        "image_shape": features[image].shape,
        "read": read,
    }


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
