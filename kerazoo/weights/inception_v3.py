"""Key maps of kerazoo/zoo/vision/inception_v3.py.

The libraries disagree on the border of the average pools, and the tensors do not show
it: `requires` asks the model.
"""

from kerazoo.weights.translation import Layout


def _pools(count_include_pad):
    """A check that average pools count the padding, or not."""

    def check(model):
        names = {layer.name for layer in model.layers}
        if ("mixed5b_pool_pad" in names) != count_include_pad:
            raise ValueError(
                "This checkpoint's average pools count the zeros around the map: "
                f"{count_include_pad}; the model's do otherwise. Build with "
                f"kerazoo.inception_v3(count_include_pad={count_include_pad}, ...)."
            )

    return check


TORCHVISION = Layout(
    [
        (r"stem_1_(conv|bn)", r"Conv2d_1a_3x3.\1"),
        (r"stem_2_(conv|bn)", r"Conv2d_2a_3x3.\1"),
        (r"stem_3_(conv|bn)", r"Conv2d_2b_3x3.\1"),
        (r"stem2_1_(conv|bn)", r"Conv2d_3b_1x1.\1"),
        (r"stem2_2_(conv|bn)", r"Conv2d_4a_3x3.\1"),
        (r"mixed(..)_1x1_1_(conv|bn)", r"Mixed_\1.branch1x1.\2"),
        (r"mixed(..)_projection_1_(conv|bn)", r"Mixed_\1.branch_pool.\2"),
        (r"mixed(5.)_5x5_(\d)_(conv|bn)", r"Mixed_\1.branch5x5_\2.\3"),
        (r"mixed(5.)_3x3_(\d)_(conv|bn)", r"Mixed_\1.branch3x3dbl_\2.\3"),
        (r"mixed6a_single_1_(conv|bn)", r"Mixed_6a.branch3x3.\1"),
        (r"mixed6a_double_(\d)_(conv|bn)", r"Mixed_6a.branch3x3dbl_\1.\2"),
        (r"mixed(6.)_7x7_(\d)_(conv|bn)", r"Mixed_\1.branch7x7_\2.\3"),
        (r"mixed(6.)_double_(\d)_(conv|bn)", r"Mixed_\1.branch7x7dbl_\2.\3"),
        (r"mixed7a_7x7_(\d)_(conv|bn)", r"Mixed_7a.branch7x7x3_\1.\2"),
        (r"mixed(7.)_3x3_(\d)_(conv|bn)", r"Mixed_\1.branch3x3_\2.\3"),
        (r"mixed(7.)_3x3_wide_1_(conv|bn)", r"Mixed_\1.branch3x3_2a.\2"),
        (r"mixed(7.)_3x3_high_1_(conv|bn)", r"Mixed_\1.branch3x3_2b.\2"),
        (r"mixed(7.)_double_(\d)_(conv|bn)", r"Mixed_\1.branch3x3dbl_\2.\3"),
        (r"mixed(7.)_double_wide_1_(conv|bn)", r"Mixed_\1.branch3x3dbl_3a.\2"),
        (r"mixed(7.)_double_high_1_(conv|bn)", r"Mixed_\1.branch3x3dbl_3b.\2"),
        ("fc", "fc"),
        ("aux_projection_1_conv", "AuxLogits.conv0.conv"),
        ("aux_projection_1_bn", "AuxLogits.conv0.bn"),
        ("aux_1_conv", "AuxLogits.conv1.conv"),
        ("aux_1_bn", "AuxLogits.conv1.bn"),
        ("aux_fc", "AuxLogits.fc"),
    ],
    requires=_pools(count_include_pad=True),
)

# keras.applications numbers its convolutions in this order.
_A = "1x1_1 5x5_1 5x5_2 3x3_1 3x3_2 3x3_3 projection_1"
_B = "1x1_1 7x7_1 7x7_2 7x7_3 double_1 double_2 double_3 double_4 double_5 projection_1"
_C = (
    "1x1_1 3x3_1 3x3_wide_1 3x3_high_1 double_1 double_2 double_wide_1 double_high_1 "
    "projection_1"
)
_ORDER = {
    "stem": "1 2 3",
    "stem2": "1 2",
    "mixed5b": _A,
    "mixed5c": _A,
    "mixed5d": _A,
    "mixed6a": "single_1 double_1 double_2 double_3",
    "mixed6b": _B,
    "mixed6c": _B,
    "mixed6d": _B,
    "mixed6e": _B,
    "mixed7a": "3x3_1 3x3_2 7x7_1 7x7_2 7x7_3 7x7_4",
    "mixed7b": _C,
    "mixed7c": _C,
}


def numbered(names):
    """Rules for convolutions, and their normalisations, that Keras named by itself."""
    rules = []
    for index, name in enumerate(names):
        number = f"_{index}" if index else ""
        rules.append((f"{name}_conv", f"conv2d{number}"))
        rules.append((f"{name}_bn", f"batch_normalization{number}"))
    return rules


KERAS_APPLICATIONS = Layout(
    [
        *numbered(
            f"{part}_{n}" for part, names in _ORDER.items() for n in names.split()
        ),
        ("fc", "predictions"),
    ],
    scale=False,
    requires=_pools(count_include_pad=False),
)
