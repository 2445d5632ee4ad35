"""Key map of kerazoo/zoo/vision/resnet_v2_cifar.py, and of the wide networks."""

PYTORCHCV = [
    ("conv1_conv", "features.init_block"),
    (
        r"conv(\d)_(\d+)_(\d)_(conv|bn)",
        lambda stage, block, n, kind: (
            f"features.stage{stage - 1}.unit{block}.body.conv{n}.{kind}"
        ),
    ),
    (
        r"conv(\d)_(\d+)_shortcut_conv",
        lambda stage, block: f"features.stage{stage - 1}.unit{block}.identity_conv",
    ),
    ("final_bn", "features.post_activ.bn"),
    ("fc", "output"),
]
