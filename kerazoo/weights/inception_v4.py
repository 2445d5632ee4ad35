"""Key map of kerazoo/zoo/vision/inception_v4.py."""

# timm's modules are numbered: 0-5 stem, 6-9 A, 10 reduction, 11-17 B, 18, 19-21 C.
_FIRST = {"a": 5, "b": 10, "c": 18}
_A_AND_B = {"3x3": 1, "7x7": 1, "double": 2}
_C = {"3x3": "branch1", "double": "branch2"}
_C_SPLIT = {"3x3": "branch1_1", "double": "branch2_3"}

TIMM = [
    (r"stem_(\d)_(conv|bn)", lambda n, kind: f"features.{n - 1}.{kind}"),
    (r"mixed3a_conv_1_(conv|bn)", r"features.3.conv.\1"),
    (
        r"mixed4a_(3x3|7x7)_(\d)_(conv|bn)",
        lambda b, n, kind: f"features.4.branch{int(b == '7x7')}.{n - 1}.{kind}",
    ),
    (r"mixed5a_conv_1_(conv|bn)", r"features.5.conv.\1"),
    (
        r"inception_(.)(\d)_1x1_1_(conv|bn)",
        lambda block, i, kind: f"features.{_FIRST[block] + i}.branch0.{kind}",
    ),
    (
        r"inception_(.)(\d)_projection_1_(conv|bn)",
        lambda block, i, kind: f"features.{_FIRST[block] + i}.branch3.1.{kind}",
    ),
    (
        r"inception_(a|b)(\d)_(3x3|7x7|double)_(\d)_(conv|bn)",
        lambda block, i, branch, n, kind: (
            f"features.{_FIRST[block] + i}.branch{_A_AND_B[branch]}.{n - 1}.{kind}"
        ),
    ),
    (
        r"inception_c(\d)_(3x3|double)_(\d)_(conv|bn)",
        lambda i, branch, n, kind: f"features.{18 + i}.{_C[branch]}_{n - 1}.{kind}",
    ),
    (
        r"inception_c(\d)_(3x3|double)_(wide|high)_1_(conv|bn)",
        lambda i, branch, shape, kind: (
            f"features.{18 + i}.{_C_SPLIT[branch]}{'ab'[shape == 'high']}.{kind}"
        ),
    ),
    (r"reduction_a_single_1_(conv|bn)", r"features.10.branch0.\1"),
    (
        r"reduction_a_double_(\d)_(conv|bn)",
        lambda n, kind: f"features.10.branch1.{n - 1}.{kind}",
    ),
    (
        r"reduction_b_(3x3|7x7)_(\d)_(conv|bn)",
        lambda b, n, kind: f"features.18.branch{int(b == '7x7')}.{n - 1}.{kind}",
    ),
    ("fc", "last_linear"),
]
