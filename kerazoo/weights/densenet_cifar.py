"""Key map of kerazoo/zoo/vision/densenet_cifar.py: DenseNet-BC.

pytorchcv's networks without bottlenecks compress, which the paper's do not: they have
no counterpart.
"""

PYTORCHCV = [
    ("conv1", "features.init_block"),
    (
        r"block(\d)_layer(\d+)_(\d)_(conv|bn)",
        r"features.stage\1.unit\2.conv\3.\4",
    ),
    (
        r"transition(\d)_(conv|bn)",
        lambda n, kind: f"features.stage{n + 1}.trans{n + 1}.conv.{kind}",
    ),
    ("final_bn", "features.post_activ.bn"),
    ("fc", "output"),
]
