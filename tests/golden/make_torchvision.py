"""Regenerates tests/golden/torchvision: python make_torchvision.py [MODEL ...]."""

import peers

peers.declare_torchvision_operators()

import torchvision  # noqa: E402

MODELS = {
    "alexnet": dict(builder="alexnet_owt"),
    "vgg16_bn": dict(),
    "googlenet": dict(
        builder="googlenet_bn",
        peer={"aux_logits": True, "init_weights": False},
        input_shape=(96, 96, 3),
    ),
    "resnet18": dict(input_shape=(96, 96, 3), gain=0.7),
    "resnet34": dict(input_shape=(96, 96, 3), gain=0.7),
    "resnet50": dict(
        config={"stride_on": "3x3"}, input_shape=(96, 96, 3), gain=0.7
    ),
    "resnet101": dict(
        config={"stride_on": "3x3"}, input_shape=(96, 96, 3), gain=0.7
    ),
    "resnet152": dict(
        config={"stride_on": "3x3"}, input_shape=(96, 96, 3), gain=0.7
    ),
    "densenet121": dict(input_shape=(64, 64, 3)),
    "vit_b_16": dict(builder="vit_base_16"),
    "convnext_tiny": dict(input_shape=(64, 64, 3)),
    "inception_v3": dict(
        config={"count_include_pad": True},
        peer={"aux_logits": False, "init_weights": False},
        input_shape=(139, 139, 3),
    ),
    "wide_resnet50_2": dict(input_shape=(64, 64, 3), gain=0.7),
}  # fmt: skip


def run(model, x, settings, fill):
    net = torchvision.models.get_model(model, weights=None, **settings.get("peer", {}))
    return peers.run_torch(net, x, fill)


if __name__ == "__main__":
    peers.make("torchvision", torchvision.__version__.partition("+")[0], MODELS, run)
