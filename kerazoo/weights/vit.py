"""Key maps of kerazoo/zoo/vision/vit.py.

The libraries keep the projections to queries, keys and values in one tensor.
"""

from kerazoo.weights.translation import Layout

_PROJECTIONS = ("query", "key", "value")

TORCHVISION = Layout(
    [
        ("patch_embedding", "conv_proj"),
        ("class_token/token", "class_token"),
        ("position_embedding/embedding", "encoder.pos_embedding"),
        (r"encoder(\d+)_norm(\d)", lambda i, n: f"{_torchvision(i)}.ln_{n}"),
        (
            r"encoder(\d+)_attention/(query|key|value)",
            lambda i, name: (
                f"{_torchvision(i)}.self_attention.in_proj_*"
                f"[{_PROJECTIONS.index(name)}/3]"
            ),
        ),
        (
            r"encoder(\d+)_attention/attention_output",
            lambda i: f"{_torchvision(i)}.self_attention.out_proj",
        ),
        (
            r"encoder(\d+)_mlp_(\d)",
            lambda i, n: f"{_torchvision(i)}.mlp.{(0, 3)[n - 1]}",
        ),
        ("norm", "encoder.ln"),
        ("head", "heads.head"),
    ],
    # Checkpoints of 2021
    renames=[(r"mlp\.linear_1\.", "mlp.0."), (r"mlp\.linear_2\.", "mlp.3.")],
)

TIMM = [
    ("patch_embedding", "patch_embed.proj"),
    ("class_token/token", "cls_token"),
    ("position_embedding/embedding", "pos_embed"),
    (r"encoder(\d+)_norm(\d)", lambda i, n: f"blocks.{i - 1}.norm{n}"),
    (
        r"encoder(\d+)_attention/(query|key|value)",
        lambda i, name: f"blocks.{i - 1}.attn.qkv[{_PROJECTIONS.index(name)}/3]",
    ),
    (
        r"encoder(\d+)_attention/attention_output",
        lambda i: f"blocks.{i - 1}.attn.proj",
    ),
    (r"encoder(\d+)_mlp_(\d)", lambda i, n: f"blocks.{i - 1}.mlp.fc{n}"),
    ("norm", "norm"),
    ("head", "head"),
]


def _torchvision(block):
    return f"encoder.layers.encoder_layer_{block - 1}"
