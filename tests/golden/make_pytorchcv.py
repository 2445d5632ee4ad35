"""Regenerates tests/golden/pytorchcv: python make_pytorchcv.py [MODEL ...]."""

import importlib.metadata

import peers

peers.declare_torchvision_operators()

from pytorchcv.model_provider import get_model  # noqa: E402

MODELS = {
    "inceptionresnetv1": dict(
        builder="inception_resnet_v1",
        config={"embedding": 512},
        input_shape=(299, 299, 3),
        gain=0.7,
    ),
    "resnet20_cifar10": dict(
        builder="resnet20", config={"shortcut": "B"}, input_shape=(32, 32, 3), gain=0.7
    ),
    "preresnet20_cifar10": dict(
        builder="resnet110_v2", config={"n": 3}, input_shape=(32, 32, 3), gain=0.7
    ),
    "wrn16_10_cifar10": dict(
        builder="wide_resnet16_10", input_shape=(32, 32, 3), gain=0.7
    ),
    "densenet40_k12_bc_cifar10": dict(
        builder="densenet_bc100_k12", config={"depth": 40}, input_shape=(32, 32, 3)
    ),
}  # fmt: skip


def run(model, x, settings, fill):
    return peers.run_torch(get_model(model, **settings.get("peer", {})), x, fill)


if __name__ == "__main__":
    peers.make("pytorchcv", importlib.metadata.version("pytorchcv"), MODELS, run)
