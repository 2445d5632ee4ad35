"""Key maps of kerazoo/zoo/vision/densenet.py. timm's names are torchvision's."""

from kerazoo.weights.translation import Layout

TORCHVISION = Layout(
    [
        (r"conv1_(conv|bn)", lambda kind: f"features.{_torch(kind)}0"),
        (
            r"block(\d)_layer(\d+)_(\d)_(conv|bn)",
            lambda block, layer, n, kind: (
                f"features.denseblock{block}.denselayer{layer}.{_torch(kind)}{n}"
            ),
        ),
        (
            r"transition(\d)_(conv|bn)",
            lambda n, kind: f"features.transition{n}.{_torch(kind)}",
        ),
        ("final_bn", "features.norm5"),
        ("fc", "classifier"),
    ],
    # Checkpoints of 2017: denselayer1.norm.1.weight
    renames=[(r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2.")],
)

KERAS_APPLICATIONS = Layout(
    [
        (r"conv1_(conv|bn)", r"conv1_\1"),
        (
            r"block(\d)_layer(\d+)_(\d)_bn",
            lambda block, layer, n: f"conv{block + 1}_block{layer}_{n - 1}_bn",
        ),
        (
            r"block(\d)_layer(\d+)_(\d)_conv",
            lambda block, layer, n: f"conv{block + 1}_block{layer}_{n}_conv",
        ),
        (r"transition(\d)_(conv|bn)", lambda n, kind: f"pool{n + 1}_{kind}"),
        ("final_bn", "bn"),
        ("fc", "predictions"),
    ],
    epsilon=1.001e-5,
    # The published files are of 2018: conv1/conv/kernel
    renames=[(r"conv1/(conv|bn)/", r"conv1_\1/")],
)


def _torch(kind):
    return "norm" if kind == "bn" else kind
