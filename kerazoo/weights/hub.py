"""Public ImageNet checkpoints, for `weights="imagenet"`.

Only those whose preprocessing equals the card's: no model gets weights that its own
data adapter would feed wrongly. (keras.applications' VGG and ResNet, for one, expect
blue first and unscaled, so these families take torchvision's checkpoints.)
"""

import dataclasses
import hashlib
import os
import pathlib

import keras

from kerazoo.weights import files

_TORCH = {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}
_TF = {"mean": 127.5, "std": 127.5}


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A public checkpoint.

    Attributes:
        layout: whose key map it needs.
        source: address of a file that torch reads, whose name ends in the first eight
            digits of its SHA-256; or name of a network in keras.applications, which
            knows the hash of its own.
        preprocess: how its inputs were standardised, as on a card.
    """

    layout: str
    source: str
    preprocess: dict

    def read(self):
        """Its tensors; downloaded once, then from Keras' cache.

        Raises:
            ConnectionError: it could not be downloaded.
            ValueError: the file has another hash.
            ImportError: torch, which a `.pth` file needs, is not installed.
        """
        if self.layout != "keras.applications":
            files.require_torch(self.source)  # before a long download
            return files.read_torch(download(self.source))
        builder = getattr(keras.applications, self.source)
        try:
            network = builder(weights="imagenet")
        except Exception as error:
            _explain(error, "that file", folder())
            raise
        return files.read_network(network)


_TORCHVISION = {
    builder: Checkpoint(
        "torchvision", f"https://download.pytorch.org/models/{file}.pth", _TORCH
    )
    for builder, file in {
        "alexnet_owt": "alexnet-owt-7be5be79",
        "convnext_tiny": "convnext_tiny-983f1562",
        "convnext_small": "convnext_small-0c510722",
        "convnext_base": "convnext_base-6075fbad",
        "convnext_large": "convnext_large-ea097f82",
        "densenet161": "densenet161-8d451a50",
        "resnet18": "resnet18-f37072fd",
        "resnet34": "resnet34-b627a593",
        "resnet50": "resnet50-0676ba61",
        "resnet101": "resnet101-63fe2227",
        "resnet152": "resnet152-394f9c45",
        "vgg11": "vgg11-8a719046",
        "vgg11_bn": "vgg11_bn-6002323d",
        "vgg13": "vgg13-19584684",
        "vgg13_bn": "vgg13_bn-abd245e5",
        "vgg16": "vgg16-397923af",
        "vgg16_bn": "vgg16_bn-6c64b313",
        "vgg19": "vgg19-dcbb9e9d",
        "vgg19_bn": "vgg19_bn-c79401a0",
        "wide_resnet50_2": "wide_resnet50_2-95faca4d",
        "wide_resnet101_2": "wide_resnet101_2-32ee1156",
    }.items()
}

_DEIT = {
    builder: Checkpoint(
        "timm", f"https://dl.fbaipublicfiles.com/deit/{file}.pth", _TORCH
    )
    for builder, file in {
        "vit_tiny_16": "deit_tiny_patch16_224-a1311bcf",
        "vit_small_16": "deit_small_patch16_224-cd65a155",
    }.items()
}

_KERAS = {
    builder: Checkpoint("keras.applications", network, preprocess)
    for builder, network, preprocess in (
        ("densenet121", "DenseNet121", _TORCH),
        ("densenet169", "DenseNet169", _TORCH),
        ("densenet201", "DenseNet201", _TORCH),
        ("inception_v3", "InceptionV3", _TF),
        ("inception_resnet_v2", "InceptionResNetV2", _TF),
        ("resnet50_v2", "ResNet50V2", _TF),
        ("resnet101_v2", "ResNet101V2", _TF),
        ("resnet152_v2", "ResNet152V2", _TF),
        ("xception", "Xception", _TF),
    )
}

CHECKPOINTS = {
    **_TORCHVISION,
    **_DEIT,
    **_KERAS,
    # Its torchvision network rescales standardised inputs to [-1, 1] itself.
    "googlenet_bn": Checkpoint(
        "torchvision", "https://download.pytorch.org/models/googlenet-1378be20.pth", _TF
    ),
}


def checkpoint(builder):
    """The ImageNet checkpoint of a builder.

    Raises:
        ValueError: there is none.
    """
    if builder not in CHECKPOINTS:
        raise ValueError(
            f'weights="imagenet": no public checkpoint is known for {builder!r}. There '
            f"are for: {', '.join(sorted(CHECKPOINTS))}. Give the path of a file."
        )
    return CHECKPOINTS[builder]


def folder():
    """Where checkpoints are kept: `models` in Keras' cache."""
    home = os.environ.get("KERAS_HOME", pathlib.Path.home() / ".keras")
    return pathlib.Path(home) / "models"


def download(address):
    """Path of the file at `address`, fetched unless the cache has it."""
    path = folder() / address.rpartition("/")[2]
    if path.exists():
        _verify(path)
        return path
    # A killed download leaves a partial file, which must never pass for the whole.
    partial = path.with_name("partial-" + path.name)
    try:
        keras.utils.get_file(
            partial.name,
            address,
            cache_dir=str(folder().parent),
            cache_subdir="models",
            force_download=True,
        )
    except Exception as error:
        _explain(error, address, path)
        raise
    _verify(partial)
    os.replace(partial, path)
    return path


def _explain(error, what, where):
    """Raises a better error where Keras, with a bare Exception, found no network."""
    if "URL fetch failure" in str(error):
        raise ConnectionError(
            f"Could not download the checkpoint ({error}). Download {what} where there "
            f"is a network and put it at {where}."
        ) from error


def _verify(path):
    expected = path.stem.rpartition("-")[2]
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(expected):
        raise ValueError(
            f"{path} is damaged or not the file it should be: its SHA-256 starts with "
            f"{found[: len(expected)]}, not {expected}. Delete it and retry."
        )
