"""Key maps of kerazoo/zoo/vision/inception_resnet_v2.py."""

from kerazoo.weights.inception_v3 import numbered
from kerazoo.weights.translation import Layout

_STEM = {
    "stem_1": "1a",
    "stem_2": "2a",
    "stem_3": "2b",
    "stem2_1": "3b",
    "stem2_2": "4a",
}
_MIXED5B = {"1x1": 0, "5x5": 1, "3x3": 2}
_REPEATS = {35: "repeat", 17: "repeat_1", 8: "repeat_2"}
_BLOCK = {"1x1": 0, "3x3": 1, "7x7": 1, "double": 2}
_MIXED7A = {"3x3_1": 0, "3x3_2": 1, "double": 2}


def _repeat(kind, index):
    """Module of a residual block in timm; the last one has a name of its own."""
    if (kind, index) == (8, 10):
        return "block8"
    return f"{_REPEATS[kind]}.{index - 1}"


def _nth(branch, n):
    """A branch of one convolution has no number in timm."""
    return f"branch{branch}.{n - 1}" if branch else "branch0"


TIMM = [
    (
        r"(stem2?_\d)_(conv|bn)",
        lambda part, kind: f"conv2d_{_STEM[part]}.{kind}",
    ),
    (
        r"mixed5b_(1x1|5x5|3x3)_(\d)_(conv|bn)",
        lambda b, n, kind: f"mixed_5b.{_nth(_MIXED5B[b], n)}.{kind}",
    ),
    (r"mixed5b_projection_1_(conv|bn)", r"mixed_5b.branch3.1.\1"),
    (
        r"block(\d+)_(\d+)_(1x1|3x3|7x7|double)_(\d)_(conv|bn)",
        lambda k, i, b, n, kind: f"{_repeat(k, i)}.{_nth(_BLOCK[b], n)}.{kind}",
    ),
    (r"block(\d+)_(\d+)_up", lambda k, i: f"{_repeat(k, i)}.conv2d"),
    (r"mixed6a_single_1_(conv|bn)", r"mixed_6a.branch0.\1"),
    (
        r"mixed6a_double_(\d)_(conv|bn)",
        lambda n, kind: f"mixed_6a.branch1.{n - 1}.{kind}",
    ),
    (
        r"mixed7a_(3x3_1|3x3_2|double)_(\d)_(conv|bn)",
        lambda b, n, kind: f"mixed_7a.branch{_MIXED7A[b]}.{n - 1}.{kind}",
    ),
    (r"conv7b_1_(conv|bn)", r"conv2d_7b.\1"),
    ("fc", "classif"),
]

# keras.applications numbers its convolutions in this order.
_BLOCKS = {
    35: "1x1_1 3x3_1 3x3_2 double_1 double_2 double_3",
    17: "1x1_1 7x7_1 7x7_2 7x7_3",
    8: "1x1_1 3x3_1 3x3_2 3x3_3",
}
_ORDER = [
    ("stem", "1 2 3"),
    ("stem2", "1 2"),
    ("mixed5b", "1x1_1 5x5_1 5x5_2 3x3_1 3x3_2 3x3_3 projection_1"),
    *((f"block35_{i}", _BLOCKS[35]) for i in range(1, 11)),
    ("mixed6a", "single_1 double_1 double_2 double_3"),
    *((f"block17_{i}", _BLOCKS[17]) for i in range(1, 21)),
    ("mixed7a", "3x3_1_1 3x3_1_2 3x3_2_1 3x3_2_2 double_1 double_2 double_3"),
    *((f"block8_{i}", _BLOCKS[8]) for i in range(1, 11)),
]

KERAS_APPLICATIONS = Layout(
    [
        *numbered(f"{part}_{n}" for part, names in _ORDER for n in names.split()),
        (r"block(\d+)_(\d+)_up", r"block\1_\2_conv"),
        ("conv7b_1_conv", "conv_7b"),
        ("conv7b_1_bn", "conv_7b_bn"),
        ("fc", "predictions"),
    ],
    scale=False,
)


# Inception-ResNet-v1 with FaceNet's embedding
_FIRST = {"mixed6a": "stage2.unit1", "mixed7a": "stage3.unit1"}
_UNITS = {"1x1": 1, "3x3": 2, "7x7": 2, "double": 3}
_REDUCTIONS = {
    "mixed6a": {"single": 1, "double": 2},
    "mixed7a": {"3x3_1": 1, "3x3_2": 2, "double": 3},
}


def _unit(kind, index):
    """Module of a residual block; a reduction goes before the second and third."""
    stage = {35: 1, 17: 2, 8: 3}[kind]
    return f"features.stage{stage}.unit{index + (stage > 1)}"


def _sequence(branch, n):
    """A branch of one convolution has no list of them."""
    if branch == 1:
        return "branches.branch1.conv"
    return f"branches.branch{branch}.conv_list.conv{n}"


def PYTORCHCV(model):  # noqa: N802  a constant but for the last block's number
    """Branches have no names but numbers."""
    blocks = {layer.name for layer in model.layers}
    last = sum(f"block8_{index}" in blocks for index in range(1, 100)) + 1

    def reduction(part, branch, n, kind):
        number = _REDUCTIONS[part][branch]
        target = f"branches.branch{number}.conv_list.conv{n}"
        return f"features.{_FIRST[part]}.{target}.{kind}"

    return [
        (r"stem_(\d)_(conv|bn)", r"features.init_block.conv\1.\2"),
        (
            r"stem2_(\d)_(conv|bn)",
            lambda n, kind: f"features.init_block.conv{n + 3}.{kind}",
        ),
        (r"stem3_1_(conv|bn)", r"features.init_block.conv6.\1"),
        (
            r"block8_last_(1x1|3x3)_(\d)_(conv|bn)",
            lambda b, n, kind: f"{_unit(8, last)}.{_sequence(_UNITS[b], n)}.{kind}",
        ),
        ("block8_last_up", f"{_unit(8, last)}.conv"),
        (
            r"block(\d+)_(\d+)_(1x1|3x3|7x7|double)_(\d)_(conv|bn)",
            lambda k, i, b, n, kind: f"{_unit(k, i)}.{_sequence(_UNITS[b], n)}.{kind}",
        ),
        (r"block(\d+)_(\d+)_up", lambda k, i: f"{_unit(k, i)}.conv"),
        (
            r"(mixed[67]a)_(single|3x3_1|3x3_2|double)_(\d)_(conv|bn)",
            reduction,
        ),
        ("fc_embedding", "output.fc1"),
        ("fc_embedding_bn", "output.bn"),
        ("fc", "output.fc2"),
    ]
