"""Key map of kerazoo/zoo/generative/ddpm.py.

A checkpoint holds one set of weights, those of the last step or their average. Both of
ours start from it.
"""

from kerazoo.weights.translation import Layout

_RESIDUAL = {
    "norm1": "norm1",
    "conv1": "conv1",
    "step": "time_emb_proj",
    "norm2": "norm2",
    "conv2": "conv2",
    "shortcut": "conv_shortcut",
}
_ATTENTION = {
    "norm": "group_norm",
    "query": "to_q",
    "key": "to_k",
    "value": "to_v",
    "output": "to_out.0",
}


def _network(model):
    return model.network


def _restart(model):
    model.averaged.restart()


def DIFFUSERS(model):  # noqa: N802
    """Of `diffusers.UNet2DModel`, which counts the levels of the way up from below."""
    levels = sum(layer.name.endswith("_half") for layer in model.network.layers) + 1

    def block(way, level):
        return f"{way}_blocks.{level - 1 if way == 'down' else levels - level}"

    return Layout(
        [
            ("conv_in", "conv_in"),
            (r"step_fc(\d)", r"time_embedding.linear_\1"),
            (
                r"(down|up)(\d)_(\d)_attention_(\w+)",
                lambda way, level, number, part: (
                    f"{block(way, level)}.attentions.{number - 1}.{_ATTENTION[part]}"
                ),
            ),
            (
                r"(down|up)(\d)_(\d)_(\w+)",
                lambda way, level, number, part: (
                    f"{block(way, level)}.resnets.{number - 1}.{_RESIDUAL[part]}"
                ),
            ),
            (
                r"(down|up)(\d)_(half|double)",
                lambda way, level, _: f"{block(way, level)}.{way}samplers.0.conv",
            ),
            (
                r"middle_1_attention_(\w+)",
                lambda part: f"mid_block.attentions.0.{_ATTENTION[part]}",
            ),
            (
                r"middle_(\d)_(\w+)",
                lambda number, part: (
                    f"mid_block.resnets.{number - 1}.{_RESIDUAL[part]}"
                ),
            ),
            ("norm_out", "conv_norm_out"),
            ("conv_out", "conv_out"),
        ],
        # Checkpoints of 2022
        renames=[
            (r"\.query\.", ".to_q."),
            (r"\.key\.", ".to_k."),
            (r"\.value\.", ".to_v."),
            (r"\.proj_attn\.", ".to_out.0."),
        ],
        part=_network,
        finish=_restart,
    )
