"""Key map of kerazoo/zoo/language/gpt2.py.

Hugging Face kept OpenAI's matrices, `(in, out)` as Keras has them, and the projections
to queries, keys and values in one.
"""

from kerazoo.weights.translation import Layout

_VARIABLES = {"kernel": "weight", "gamma": "weight", "beta": "bias", "bias": "bias"}
_PARTS = {
    "attention/qkv": "attn.c_attn",
    "attention/output": "attn.c_proj",
    "mlp1": "mlp.c_fc",
    "mlp2": "mlp.c_proj",
    "norm1": "ln_1",
    "norm2": "ln_2",
}


def _check(model, config):
    """What the tensors do not show."""
    heads = model.get_layer("block1_attention").num_heads
    ours = {
        "n_head": heads,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5,
        "scale_attn_weights": True,
        "scale_attn_by_inverse_layer_idx": False,
    }
    differing = {
        key: config[key]
        for key, value in ours.items()
        if key in config and config[key] != value
    }
    if differing:
        expected = {key: ours[key] for key in differing}
        raise ValueError(
            f"`weights`: the network of config.json is not that of {model.name!r}: "
            f"it has {differing}, the model has {expected}."
        )


HUGGINGFACE = Layout(
    [
        ("token_embedding/embeddings", "wte.weight"),
        ("position_embedding/embeddings", "wpe.weight"),
        (
            r"block(\d+)_(.+)/(kernel|bias|gamma|beta)",
            lambda block, part, variable: (
                f"h.{block - 1}.{_PARTS[part]}.{_VARIABLES[variable]}"
            ),
        ),
        (r"norm/(gamma|beta)", lambda variable: f"ln_f.{_VARIABLES[variable]}"),
    ],
    # The triangle of ones, which old files hold.
    ignored=r"h\.\d+\.attn\.(masked_)?bias",
    # Files of the network with its head, which is the embedding.
    renames=[(r"^transformer\.", "")],
    configuration=_check,
    native=True,
)
