"""Key maps of kerazoo/zoo/vision/resnet_v2.py.

The libraries disagree on the block that halves the map: `requires` asks the model.
"""

from kerazoo.weights.translation import Layout


def _stage_stride(wanted):
    """A check that the model is built with `stage_stride=wanted`."""

    def check(model):
        names = {layer.name for layer in model.layers}
        built = "last" if "pool1_pad" in names else "first"
        if built != wanted:
            raise ValueError(
                f"This checkpoint's stages halve the map in their {wanted} block, the "
                f"model's in their {built}: outputs would be wrong. Build with "
                f'kerazoo.{model.architecture}(stage_stride="{wanted}", ...).'
            )

    return check


def TIMM(model):  # noqa: N802  a constant but for the shape of the classifier
    """The classifier is a 1x1 convolution."""
    (features,) = model.get_layer("final_bn").gamma.shape
    return Layout(
        [
            ("conv1_conv", "stem.conv"),
            (
                r"conv(\d)_(\d+)_(\d)_(conv|bn)",
                lambda stage, block, n, kind: (
                    f"stages.{stage - 2}.blocks.{block - 1}."
                    f"{'norm' if kind == 'bn' else kind}{n}"
                ),
            ),
            (
                r"conv(\d)_(\d+)_shortcut_conv",
                lambda stage, block: (
                    f"stages.{stage - 2}.blocks.{block - 1}.downsample.conv"
                ),
            ),
            ("final_bn", "norm"),
            ("fc/kernel", "head.fc.weight", (-1, features, 1, 1)),
            ("fc", "head.fc"),
        ],
        requires=_stage_stride("first"),
    )


KERAS_APPLICATIONS = Layout(
    [
        ("conv1_conv", "conv1_conv"),
        (
            r"conv(\d)_(\d+)_(\d)_bn",
            lambda stage, block, n: (
                f"conv{stage}_block{block}_{n - 1 if n > 1 else 'preact'}_bn"
            ),
        ),
        (r"conv(\d)_(\d+)_(\d)_conv", r"conv\1_block\2_\3_conv"),
        (r"conv(\d)_(\d+)_shortcut_conv", r"conv\1_block\2_0_conv"),
        ("final_bn", "post_bn"),
        ("fc", "predictions"),
    ],
    epsilon=1.001e-5,
    requires=_stage_stride("last"),
)
