"""Regenerates tests/golden/timm: python make_timm.py [MODEL ...]."""

import peers

peers.declare_torchvision_operators()

import timm  # noqa: E402

MODELS = {
    "resnet50": dict(
        config={"stride_on": "3x3"}, input_shape=(96, 96, 3), gain=0.7
    ),
    "vit_tiny_patch16_224": dict(builder="vit_tiny_16"),
    "convnext_tiny": dict(input_shape=(64, 64, 3)),
    "inception_v4": dict(input_shape=(139, 139, 3)),
    "inception_resnet_v2": dict(input_shape=(139, 139, 3), gain=0.7),
    "resnetv2_50": dict(builder="resnet50_v2", input_shape=(96, 96, 3), gain=0.7),
}  # fmt: skip


def run(model, x, settings, fill):
    return peers.run_torch(
        timm.create_model(model, **settings.get("peer", {})), x, fill
    )


if __name__ == "__main__":
    peers.make("timm", timm.__version__, MODELS, run)
