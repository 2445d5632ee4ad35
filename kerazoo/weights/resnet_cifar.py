"""Key map of kerazoo/zoo/vision/resnet_cifar.py."""

from kerazoo.weights.translation import Layout


def _projections(model):
    """The source has option B, where the paper pads by zeros."""
    names = {layer.name for layer in model.layers}
    if "conv2_1_shortcut_conv" in names or "conv3_1_shortcut_conv" not in names:
        raise ValueError(
            "This checkpoint's shortcuts are projections where the shape changes. "
            f'Build with kerazoo.{model.architecture}(shortcut="B", ...).'
        )


PYTORCHCV = Layout(
    [
        (r"conv1_(conv|bn)", r"features.init_block.\1"),
        (
            r"conv(\d)_(\d+)_(\d)_(conv|bn)",
            lambda stage, block, n, kind: (
                f"features.stage{stage - 1}.unit{block}.body.conv{n}.{kind}"
            ),
        ),
        (
            r"conv(\d)_(\d+)_shortcut_(conv|bn)",
            lambda stage, block, kind: (
                f"features.stage{stage - 1}.unit{block}.identity_conv.{kind}"
            ),
        ),
        ("fc", "output"),
    ],
    requires=_projections,
)
