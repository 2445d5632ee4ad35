"""Regenerates tests/golden/timm: python make_timm.py [MODEL ...]."""

import peers

peers.declare_torchvision_operators()

import timm  # noqa: E402

MODELS = {
    "resnet50": dict(
        config={"stride_on": "3x3"}, input_shape=(96, 96, 3), gain=0.7
    ),
}  # fmt: skip


def run(model, x, settings, fill):
    return peers.run_torch(
        timm.create_model(model, **settings.get("peer", {})), x, fill
    )


if __name__ == "__main__":
    peers.make("timm", timm.__version__, MODELS, run)
