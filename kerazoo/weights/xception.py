"""Key map of kerazoo/zoo/vision/xception.py."""

from kerazoo.weights.inception_v3 import numbered

_SHORTCUTS = ("entry1", "entry2", "entry3", "exit")

KERAS_APPLICATIONS = [
    (r"entry_conv(\d)(_bn)?", lambda n, bn: f"block1_conv{n}{bn or ''}"),
    # Shortcuts have automatic names: ours are `entry1_shortcut`, `entry1_shortcut_bn`.
    *(
        (pattern.replace("_conv", ""), target)
        for pattern, target in numbered(f"{name}_shortcut" for name in _SHORTCUTS)
    ),
    (
        r"entry(\d)_(\d)(_bn)?",
        lambda block, n, bn: f"block{block + 1}_sepconv{n}{bn or ''}",
    ),
    (
        r"middle(\d)_(\d)(_bn)?",
        lambda block, n, bn: f"block{block + 4}_sepconv{n}{bn or ''}",
    ),
    (r"exit_(\d)(_bn)?", lambda n, bn: f"block13_sepconv{n}{bn or ''}"),
    (r"exit_conv(\d)(_bn)?", lambda n, bn: f"block14_sepconv{n}{bn or ''}"),
    ("fc", "predictions"),
]
