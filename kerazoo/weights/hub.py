"""Public ImageNet checkpoints, for `weights="imagenet"`.

No model gets weights that its own data adapter would feed wrongly: where a checkpoint's
images were standardised otherwise than the card says, its first convolution absorbs the
difference.
"""

import dataclasses
import hashlib
import os
import pathlib

import keras
import numpy as np

from kerazoo.weights import files

_TORCH = {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}
_TF = {"mean": 127.5, "std": 127.5}
_CAFFE = {"mean": [123.68, 116.779, 103.939], "std": 1.0}


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A public checkpoint.

    Attributes:
        layout: whose key map it needs.
        source: address of a file that torch reads, whose name ends in the first digits
            of its SHA-256; or name of a network in keras.applications, which
            knows the hash of its own.
        preprocess: how its inputs were standardised, as on a card.
        first: its first convolution, where `preprocess` is not the card's.
        blue_first: whether its channels are blue, green, red.
        background: its classifier, where that has a class 0 of the background.
    """

    layout: str
    source: str
    preprocess: dict
    first: str | None = None
    blue_first: bool = False
    background: str | None = None

    def read(self, preprocess):
        """Its tensors; downloaded once, then from Keras' cache.

        Args:
            preprocess: how the inputs will be standardised.

        Raises:
            ConnectionError: it could not be downloaded.
            ValueError: the file has another hash.
            ImportError: torch, which a `.pth` file needs, is not installed.
        """
        tensors = self._fetch()
        if self.background is not None:
            for name in (f"{self.background}.weight", f"{self.background}.bias"):
                tensors[name] = tensors[name][1:]
        if self.first is not None:
            self._absorb(preprocess, tensors)
        return tensors

    def _absorb(self, preprocess, tensors):
        """Makes the first convolution take inputs that `preprocess` standardised.

        Exact where it pads nothing or both means are the same; in the ResNets of Caffe
        the padded border differs by half of one of the 255 grey levels.
        """
        if self.layout == "keras.applications":
            kernel, bias = f"{self.first}/kernel", f"{self.first}/bias"
            channels, window = 2, (0, 1)
        else:
            kernel, bias = f"{self.first}.weight", f"{self.first}.bias"
            channels, window = 1, (1, 2)
        # Their inputs are scale * ours + shift, for each channel.
        mean, std = self.preprocess["mean"], self.preprocess["std"]
        scale = np.divide(preprocess["std"], std)
        shift = np.subtract(preprocess["mean"], mean) / std
        weights = np.moveaxis(tensors[kernel], channels, -1)
        if self.blue_first:
            weights = weights[..., ::-1]
        constant = np.sum(weights * shift, axis=(*window, -1))
        tensors[bias] = (tensors[bias] + constant).astype("float32")
        weights = np.moveaxis(weights * scale, -1, channels)
        tensors[kernel] = weights.astype("float32")

    def _fetch(self):
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


_PYTORCH = "https://download.pytorch.org/models"
_CADENE = "http://data.lip6.fr/cadene/pretrainedmodels"

_TORCHVISION = {
    builder: Checkpoint("torchvision", f"{_PYTORCH}/{file}.pth", _TORCH)
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

# The paper's own were trained on images in -1..1.
_VIT = {
    builder: Checkpoint(
        "torchvision", f"{_PYTORCH}/{file}.pth", _TORCH, first="conv_proj"
    )
    for builder, file in {
        "vit_base_16": "vit_b_16-c867db91",
        "vit_base_32": "vit_b_32-d86f8d99",
        "vit_large_16": "vit_l_16-852ce7e3",
        "vit_large_32": "vit_l_32-c7638314",
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
    **_VIT,
    **_DEIT,
    **_KERAS,
    "bn_inception": Checkpoint(
        "pretrainedmodels",
        f"{_CADENE}/bn_inception-52deb4733.pth",
        {"mean": [128, 117, 104], "std": 1.0},
        first="conv1_7x7_s2",
        blue_first=True,
    ),
    # Its torchvision network rescales standardised inputs to [-1, 1] itself.
    "googlenet_bn": Checkpoint(
        "torchvision", f"{_PYTORCH}/googlenet-1378be20.pth", _TF
    ),
    "inception_v4": Checkpoint(
        "timm", f"{_CADENE}/inceptionv4-8e4777a0.pth", _TF, background="last_linear"
    ),
}

# For the paper's strides: those of torchvision are in the 3x3 convolutions.
CAFFE_RESNETS = {
    builder: Checkpoint(
        "keras.applications", network, _CAFFE, first="conv1_conv", blue_first=True
    )
    for builder, network in (
        ("resnet50", "ResNet50"),
        ("resnet101", "ResNet101"),
        ("resnet152", "ResNet152"),
    )
}


def checkpoints(builder):
    """The ImageNet checkpoints of a builder, for one or another configuration.

    Raises:
        ValueError: there is none.
    """
    if builder not in CHECKPOINTS:
        raise ValueError(
            f'weights="imagenet": no public checkpoint is known for {builder!r}. There '
            f"are for: {', '.join(sorted(CHECKPOINTS))}. Give the path of a file."
        )
    tables = CHECKPOINTS, CAFFE_RESNETS
    return [table[builder] for table in tables if builder in table]


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
