"""Key map of kerazoo/zoo/vision/bn_inception.py.

The port of the Caffe network takes images in BGR order.
"""

from kerazoo.weights.translation import Layout

PRETRAINEDMODELS = Layout(
    [
        (r"conv1_(conv|bn)", lambda kind: "conv1_7x7_s2" + _suffix(kind)),
        (
            r"conv2(_reduce)?_(conv|bn)",
            lambda reduce, kind: f"conv2_3x3{reduce or ''}{_suffix(kind)}",
        ),
        (
            r"inception(..)_(\w+)_(conv|bn)",
            lambda block, name, kind: f"inception_{block}_{name}{_suffix(kind)}",
        ),
        ("fc", "last_linear"),
    ],
    conv_bias=True,
)


def _suffix(kind):
    return "_bn" if kind == "bn" else ""
