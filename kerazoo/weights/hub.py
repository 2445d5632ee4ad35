"""Public ImageNet checkpoints, for `weights="imagenet"`.

Only those whose preprocessing equals the card's: a model never gets weights that its
own data adapter would feed wrongly.
"""

import hashlib
import os
import pathlib
import re

import keras

# Builder: file, whose name ends in the first eight digits of its SHA-256.
_TORCHVISION_FILES = {
    "resnet18": "resnet18-f37072fd.pth",
    "resnet34": "resnet34-b627a593.pth",
    "resnet50": "resnet50-0676ba61.pth",
    "resnet101": "resnet101-63fe2227.pth",
    "resnet152": "resnet152-394f9c45.pth",
}

# Builder: (layout, address, "algorithm:hash").
CHECKPOINTS = {
    builder: (
        "torchvision",
        f"https://download.pytorch.org/models/{file}",
        "sha256:" + re.search(r"-([0-9a-f]{8})\.pth", file)[1],
    )
    for builder, file in _TORCHVISION_FILES.items()
}


def folder():
    """Where checkpoints are kept: `models` in Keras' cache, `~/.keras`."""
    home = os.environ.get("KERAS_HOME", pathlib.Path.home() / ".keras")
    return pathlib.Path(home) / "models"


def checkpoint(builder):
    """`(layout, address, hash)` of a builder's ImageNet checkpoint.

    Raises:
        ValueError: there is none.
    """
    if builder not in CHECKPOINTS:
        raise ValueError(
            f'weights="imagenet": no public checkpoint is known for {builder!r}. There '
            f"are for: {', '.join(CHECKPOINTS)}. Give the path of a file instead."
        )
    return CHECKPOINTS[builder]


def download(address, expected):
    """Path of the file at `address`, fetched unless the cache has it.

    Args:
        address: of the file; its last component is the name in the cache.
        expected: `"algorithm:hash"`, the hash possibly cut short.

    Raises:
        ValueError: the file has another hash.
        ConnectionError: it could not be fetched.
    """
    path = folder() / address.rpartition("/")[2]
    if path.exists():
        _verify(path, expected)
        return path
    # A killed download leaves a partial file, which must never pass for the whole.
    partial = path.with_name(path.name + ".part")
    try:
        keras.utils.get_file(
            partial.name,
            address,
            cache_dir=str(folder().parent),
            cache_subdir="models",
            force_download=True,
        )
    except Exception as error:  # Keras raises the bare class
        raise ConnectionError(
            f"Could not download {address} ({error}). Download it by other means and "
            f"put it at {path}."
        ) from error
    _verify(partial, expected)
    os.replace(partial, path)
    return path


def _verify(path, expected):
    algorithm, _, digest = expected.partition(":")
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, algorithm).hexdigest()
    if not found.startswith(digest):
        raise ValueError(
            f"{path} is damaged or not the file it should be: its {algorithm} hash "
            f"starts with {found[: len(digest)]}, not {digest}. Delete it and retry."
        )
