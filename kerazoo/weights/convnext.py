"""Key maps of kerazoo/zoo/vision/convnext.py."""

from kerazoo.weights.translation import Layout


def _block(stage, block):
    return f"features.{2 * stage - 1}.{block - 1}"


TORCHVISION = [
    ("stem_conv", "features.0.0"),
    ("stem_norm", "features.0.1"),
    (r"downsample(\d)_norm", lambda stage: f"features.{2 * stage - 2}.0"),
    (r"downsample(\d)_conv", lambda stage: f"features.{2 * stage - 2}.1"),
    (r"stage(\d)_(\d+)_depthwise", lambda s, b: f"{_block(s, b)}.block.0"),
    (r"stage(\d)_(\d+)_norm", lambda s, b: f"{_block(s, b)}.block.2"),
    (r"stage(\d)_(\d+)_expand", lambda s, b: f"{_block(s, b)}.block.3"),
    (r"stage(\d)_(\d+)_project", lambda s, b: f"{_block(s, b)}.block.5"),
    (
        r"stage(\d)_(\d+)_scale/gamma",
        lambda s, b: f"{_block(s, b)}.layer_scale",
        (-1, 1, 1),
    ),
    ("head_norm", "classifier.0"),
    ("head", "classifier.2"),
]

TIMM = [
    ("stem_conv", "stem.0"),
    ("stem_norm", "stem.1"),
    (r"downsample(\d)_norm", lambda stage: f"stages.{stage - 1}.downsample.0"),
    (r"downsample(\d)_conv", lambda stage: f"stages.{stage - 1}.downsample.1"),
    (
        r"stage(\d)_(\d+)_(depthwise|norm|expand|project)",
        lambda s, b, part: f"stages.{s - 1}.blocks.{b - 1}.{_TIMM[part]}",
    ),
    (
        r"stage(\d)_(\d+)_scale/gamma",
        lambda s, b: f"stages.{s - 1}.blocks.{b - 1}.gamma",
    ),
    ("head_norm", "head.norm"),
    ("head", "head.fc"),
]

_TIMM = {
    "depthwise": "conv_dw",
    "norm": "norm",
    "expand": "mlp.fc1",
    "project": "mlp.fc2",
}


def KERAS_APPLICATIONS(model):  # noqa: N802  a constant but for the model's name
    """Layers start with the model's name; depthwise convolutions are grouped ones."""
    name = model.architecture

    def block(s, b):
        return f"{name}_stage_{s - 1}_block_{b - 1}"

    return Layout(
        [
            ("stem_conv", f"{name}_stem_conv"),
            ("stem_norm", f"{name}_stem_layernorm"),
            (
                r"downsample(\d)_norm",
                lambda s: f"{name}_downsampling_layernorm_{s - 2}",
            ),
            (r"downsample(\d)_conv", lambda s: f"{name}_downsampling_conv_{s - 2}"),
            (
                r"stage(\d)_(\d+)_depthwise/kernel",
                lambda s, b: f"{block(s, b)}_depthwise_conv/kernel",
                (7, 7, 1, -1),
            ),
            (
                r"stage(\d)_(\d+)_depthwise",
                lambda s, b: f"{block(s, b)}_depthwise_conv",
            ),
            (r"stage(\d)_(\d+)_norm", lambda s, b: f"{block(s, b)}_layernorm"),
            (r"stage(\d)_(\d+)_expand", lambda s, b: f"{block(s, b)}_pointwise_conv_1"),
            (
                r"stage(\d)_(\d+)_project",
                lambda s, b: f"{block(s, b)}_pointwise_conv_2",
            ),
            (r"stage(\d)_(\d+)_scale", lambda s, b: f"{block(s, b)}_layer_scale"),
            ("head_norm", f"{name}_head_layernorm"),
            ("head", f"{name}_head_dense"),
        ],
        # Layer scales have no name there, but a number.
        renames=[(r"_layer_scale/[vV]ariable(_\d+)?$", "_layer_scale/gamma")],
    )
