"""Key map of kerazoo/zoo/vision/googlenet.py, for `googlenet_bn`."""

from kerazoo.weights.translation import Layout

BRANCHES = {
    "1x1": "branch1",
    "3x3_reduce": "branch2.0",
    "3x3": "branch2.1",
    "5x5_reduce": "branch3.0",
    "5x5": "branch3.1",
    "pool_proj": "branch4.1",
}


def _module(kind):
    return "conv" if kind is None else "bn"


# torchvision numbers conv2_reduce and conv2 of the paper's table 2 and 3.
TORCHVISION = Layout(
    [
        ("conv1", "conv1.conv"),
        ("conv1_bn", "conv1.bn"),
        ("conv2_reduce", "conv2.conv"),
        ("conv2_reduce_bn", "conv2.bn"),
        ("conv2", "conv3.conv"),
        ("conv2_bn", "conv3.bn"),
        (
            r"inception_(..)_(.*?)(_bn)?",
            lambda name, branch, bn: (
                f"inception{name}.{BRANCHES[branch]}.{_module(bn)}"
            ),
        ),
        ("aux1_conv", "aux1.conv.conv"),
        ("aux1_conv_bn", "aux1.conv.bn"),
        ("aux1_fc", "aux1.fc1"),
        ("aux1_classifier", "aux1.fc2"),
        ("aux2_conv", "aux2.conv.conv"),
        ("aux2_conv_bn", "aux2.conv.bn"),
        ("aux2_fc", "aux2.fc1"),
        ("aux2_classifier", "aux2.fc2"),
        ("fc", "fc"),
    ]
)
