"""Key maps of kerazoo/zoo/vision/resnet.py.

The libraries disagree on the convolution of a bottleneck that halves the map. All its
tensors have the same shapes, so weights of one network would silently load into the
other: `requires` asks the model.
"""

from kerazoo.weights.translation import Layout


def _strides_on(wanted):
    """A check that bottlenecks are built with `stride_on=wanted`."""

    def check(model):
        layers = {layer.name: layer for layer in model.layers}
        first = layers.get("conv3_1_1_conv")  # the first that may halve the map
        if first is None or first.kernel_size != (1, 1):  # a basic block
            return
        built = "1x1" if first.strides == (2, 2) else "3x3"
        if built != wanted:
            raise ValueError(
                f"This checkpoint's bottlenecks halve the map in the {wanted} "
                f"convolution, the model's in the {built}: outputs would be wrong. "
                f'Build with kerazoo.{model.architecture}(stride_on="{wanted}", ...).'
            )

    return check


TORCHVISION = Layout(
    [
        ("conv1_conv", "conv1"),
        ("conv1_bn", "bn1"),
        (
            r"conv(\d)_(\d+)_(\d)_(conv|bn)",
            lambda stage, block, n, kind: f"layer{stage - 1}.{block - 1}.{kind}{n}",
        ),
        (
            r"conv(\d)_(\d+)_shortcut_(conv|bn)",
            lambda stage, block, kind: (
                f"layer{stage - 1}.{block - 1}.downsample.{int(kind == 'bn')}"
            ),
        ),
        ("fc", "fc"),
    ],
    requires=_strides_on("3x3"),
)

TIMM = TORCHVISION

KERAS_APPLICATIONS = Layout(
    [
        (r"conv1_(conv|bn)", r"conv1_\1"),
        (r"conv(\d)_(\d+)_(\d)_(conv|bn)", r"conv\1_block\2_\3_\4"),
        (r"conv(\d)_(\d+)_shortcut_(conv|bn)", r"conv\1_block\2_0_\3"),
        ("fc", "predictions"),
    ],
    epsilon=1.001e-5,
    conv_bias=True,
    requires=_strides_on("1x1"),
)
