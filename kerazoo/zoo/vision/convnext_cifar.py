"""The course's ladder from a ResNet to a ConvNeXt, for CIFAR-10.

Four networks of equal plan (three stages of two blocks with 32, 64 and 128 channels),
each one step of Liu et al. (2022, section 2) further: ResNet, inverted bottlenecks,
large depthwise kernels in front, and LayerNorm, GELU and patches at last.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture

STEPS = ("resnet", "inverted", "large_kernel", "convnext")


def conv_bn(x, filters, kernel_size, strides=1, name=None):
    """Convolution without bias, symmetric padding, batch normalisation."""
    if kernel_size > 1:
        x = layers.ZeroPadding2D(kernel_size // 2, name=f"{name}_pad")(x)
    x = layers.Conv2D(
        filters, kernel_size, strides, use_bias=False, name=f"{name}_conv"
    )(x)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)


def depthwise_bn(x, kernel_size, name):
    """Depthwise convolution without bias, batch normalisation."""
    x = layers.DepthwiseConv2D(
        kernel_size, padding="same", use_bias=False, name=f"{name}_depthwise"
    )(x)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)


def resnet_block(x, name):
    """Two 3x3 convolutions (He et al., 2016)."""
    y = conv_bn(x, x.shape[-1], 3, name=f"{name}_1")
    y = layers.ReLU(name=f"{name}_1_relu")(y)
    y = conv_bn(y, x.shape[-1], 3, name=f"{name}_2")
    y = layers.Add(name=f"{name}_add")([x, y])
    return layers.ReLU(name=f"{name}_relu")(y)


def inverted_block(x, name):
    """1x1 up to four times the channels, 3x3 depthwise there, 1x1 down."""
    y = conv_bn(x, 4 * x.shape[-1], 1, name=f"{name}_1")
    y = layers.ReLU(name=f"{name}_1_relu")(y)
    y = depthwise_bn(y, 3, name=f"{name}_2")
    y = layers.ReLU(name=f"{name}_2_relu")(y)
    y = conv_bn(y, x.shape[-1], 1, name=f"{name}_3")
    return layers.Add(name=f"{name}_add")([x, y])


def large_kernel_block(x, name):
    """The depthwise convolution moves up to the narrow place and grows to 7x7."""
    y = depthwise_bn(x, 7, name=f"{name}_1")
    y = conv_bn(y, 4 * x.shape[-1], 1, name=f"{name}_2")
    y = layers.ReLU(name=f"{name}_2_relu")(y)
    y = conv_bn(y, x.shape[-1], 1, name=f"{name}_3")
    return layers.Add(name=f"{name}_add")([x, y])


def norm(x, name):
    """Normalisation over all positions and channels of a sample."""
    return layers.GroupNormalization(groups=1, epsilon=1e-5, name=name)(x)


def convnext_block(x, name):
    """One normalisation and one activation, both as in transformers."""
    y = layers.DepthwiseConv2D(7, padding="same", name=f"{name}_depthwise")(x)
    y = norm(y, name=f"{name}_norm")
    y = layers.Dense(4 * x.shape[-1], name=f"{name}_expand")(y)
    y = layers.Activation("gelu", name=f"{name}_gelu")(y)  # the exact one, with erf
    y = layers.Dense(x.shape[-1], name=f"{name}_project")(y)
    return layers.Add(name=f"{name}_add")([x, y])


def batch_norm_network(x, block, filters, blocks):
    """Stem and stages of the first three steps."""
    x = conv_bn(x, filters, 3, name="stem")  # 32x32x32
    x = layers.ReLU(name="stem_relu")(x)
    for stage in range(1, 4):  # 32x32x32, 16x16x64, 8x8x128
        if stage > 1:
            name = f"downsample{stage}"
            x = conv_bn(x, filters * 2 ** (stage - 1), 3, 2, name=name)
            x = layers.ReLU(name=f"{name}_relu")(x)
        for index in range(1, blocks + 1):
            x = block(x, name=f"stage{stage}_{index}")
    return layers.GlobalAveragePooling2D(name="avg_pool")(x)


def convnext_network(x, filters, blocks):
    """Stem of overlapping patches and stages of the last step."""
    x = layers.ZeroPadding2D(1, name="stem_pad")(x)
    x = layers.Conv2D(filters, 4, name="stem_conv")(x)  # 31x31x32
    x = norm(x, name="stem_norm")
    for stage in range(1, 4):  # 31x31x32, 15x15x64, 7x7x128
        if stage > 1:
            name = f"downsample{stage}"
            x = norm(x, name=f"{name}_norm")
            x = layers.Conv2D(filters * 2 ** (stage - 1), 2, 2, name=f"{name}_conv")(x)
        for index in range(1, blocks + 1):
            x = convnext_block(x, name=f"stage{stage}_{index}")
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return layers.LayerNormalization(epsilon=1e-5, name="head_norm")(x)


@architecture(
    title="ConvNeXt of the course, for CIFAR-10",
    paper="Liu, Mao, Wu, Feichtenhofer, Darrell & Xie, 2022, A ConvNet for the 2020s, "
    "CVPR, section 2; reduced by the course notebook lec5-convnext",
    year=2022,
    url="arXiv:2201.03545",
    task="image classification",
    lectures=["001: 5 Convolutional neural networks"],
    dataset="cifar10",
    offline="digits",
    params=414_122,
    macs=53_301_440,
    variants={
        "resnet": {"config": {"step": "resnet"}, "params": 870_698},
        "inverted": {"config": {"step": "inverted"}, "params": 463_018},
        "large_kernel": {"config": {"step": "large_kernel"}, "params": 466_154},
    },
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 1e-3, "weight_decay": 1e-2},
        },
        "schedule": {"kind": "cosine"},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 128,
        "epochs": 10,
        "augment": {"pad_crop": 4, "flip": True},
    },
    preprocess={
        "mean": [125.307, 122.95, 113.865],
        "std": [62.993, 62.089, 66.705],
    },
    deviations=[
        "no layer scale and no stochastic depth, normalisation over space as well as "
        "channels, overlapping 4x4 patches as the stem: the notebook's choices",
        "by our reading a ReLU follows each strided convolution of the ladder, and "
        "none the addition of an inverted block",
        "biases and normalisation parameters are not decayed; the notebook's AdamW "
        "decays all",
    ],
    tiny={"input_shape": (16, 16, 3), "filters": 16, "blocks": 1},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 12,
        "augment": None,
    },
    learns={"accuracy": 0.97},
)
def convnext_cifar(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax",
    step="convnext", filters=32, blocks=2,
):  # fmt: skip
    """ConvNeXt of the course, and the steps that lead to it from a ResNet.

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        classifier_activation: `"softmax"`, or None for logits.
        step: how far to go: `"resnet"`, `"inverted"` bottlenecks, `"large_kernel"`
            depthwise in front, `"convnext"`.
        filters: channels of the first of the three stages, doubled in each.
        blocks: residual blocks in each stage.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Raises:
        ValueError: an unknown `step`.

    Example:
        >>> model = kerazoo.convnext_cifar(step="inverted")

    Reference:
        arXiv:2201.03545, section 2.
    """
    if step not in STEPS:
        raise ValueError(f"`step` must be one of {STEPS}. Received: step={step!r}")
    inputs = keras.Input(input_shape)
    if step == "convnext":
        x = convnext_network(inputs, filters, blocks)
    else:
        block = {
            "resnet": resnet_block,
            "inverted": inverted_block,
            "large_kernel": large_kernel_block,
        }[step]
        x = batch_norm_network(inputs, block, filters, blocks)
    x = layers.Dense(
        classes, activation=classifier_activation, dtype="float32", name="head"
    )(x)
    return keras.Model(inputs, x)
