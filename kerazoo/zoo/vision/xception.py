"""Xception (Chollet, 2017, arXiv:1610.02357).

"Extreme Inception": every convolution but the first two is depthwise separable (space
first, then channels, nothing between), in a linear stack of residual modules.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture


def batch_norm(x, name):
    """Batch normalisation with the constants of the zoo."""
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-3, name=f"{name}_bn")(x)


def conv_bn(x, filters, kernel_size, strides, padding, name):
    """Convolution without bias, batch normalisation."""
    x = layers.Conv2D(
        filters, kernel_size, strides, padding, use_bias=False, name=name
    )(x)
    return batch_norm(x, name)


def separable_bn(x, filters, relu, name):
    """ReLU where asked for, 3x3 depthwise and 1x1 convolution, batch normalisation."""
    if relu:
        x = layers.ReLU(name=f"{name}_relu")(x)
    x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return batch_norm(x, name)


def reducing_block(x, filters, relu, name):
    """Two separable convolutions and a pooling; a strided 1x1 as the shortcut."""
    first, second = filters
    shortcut = conv_bn(x, second, 1, 2, "same", name=f"{name}_shortcut")
    x = separable_bn(x, first, relu, name=f"{name}_1")
    x = separable_bn(x, second, True, name=f"{name}_2")
    x = layers.MaxPooling2D(3, 2, "same", name=f"{name}_pool")(x)
    return layers.Add(name=f"{name}_add")([x, shortcut])


def middle_block(x, name):
    """Three separable convolutions around an identity."""
    y = x
    for index in range(1, 4):
        y = separable_bn(y, x.shape[-1], True, name=f"{name}_{index}")
    return layers.Add(name=f"{name}_add")([x, y])


@architecture(
    title="Xception",
    paper="Chollet, 2017, Xception: deep learning with depthwise separable "
    "convolutions, CVPR",
    year=2017,
    url="arXiv:1610.02357",
    task="image classification",
    lectures=["000: AI and Compute"],
    dataset="imagenet2012",
    offline="digits",
    params=22_855_952,
    non_trainable=54_528,
    macs=8_357_403_496,
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.045, "momentum": 0.9, "l2": 1e-5},
        },
        "schedule": {"kind": "exponential", "factor": 0.94, "every": 2},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 32,
        "epochs": 100,
        "augment": {"random_resized_crop": [0.05, 1.0], "flip": True},
    },
    preprocess={"mean": 127.5, "std": 127.5},
    published=["ImageNet val top-1/top-5 accuracy 79.0/94.5 %, single crop (Table 1)"],
    deviations=[
        "batch size and number of epochs are not in the paper; those here are of "
        "Inception v3, whose configuration it took over",
        "no Polyak average of the weights; Inception v3's augmentation without colours",
        "without the optional fully connected layers in front of the classifier, which "
        "the paper tries on JFT alone",
        "biases and normalisation parameters are not decayed",
    ],
    tiny={"input_shape": (48, 48, 3), "classes": 10, "middle_blocks": 1,
          "width": 0.0625},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 10,
        "augment": None,
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.965},
    weights=["keras.applications"],
)  # fmt: skip
def xception(
    *, input_shape=(299, 299, 3), classes=1000, include_top=True,
    classifier_activation="softmax", dropout=0.5, middle_blocks=8, width=1.0,
):  # fmt: skip
    """Xception (Chollet, 2017).

    Args:
        input_shape: height, width and channels of an image, at least 32x32.
        classes: number of classes.
        include_top: whether to end with average pooling and the classifier; else the
            model gives the last feature map.
        classifier_activation: `"softmax"`, or None for logits.
        dropout: share dropped in front of the classifier.
        middle_blocks: residual modules of the middle flow.
        width: multiplier of all filters.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Example:
        >>> model = kerazoo.xception(input_shape=(71, 71, 3), classes=10)

    Reference:
        arXiv:1610.02357, Figure 5.
    """
    c32, c64, c128, c256, c728, c1024, c1536, c2048 = (
        round(c * width) for c in (32, 64, 128, 256, 728, 1024, 1536, 2048)
    )
    inputs = keras.Input(input_shape)
    # Entry flow
    x = conv_bn(inputs, c32, 3, 2, "valid", name="entry_conv1")  # 149x149x32
    x = layers.ReLU(name="entry_conv1_relu")(x)
    x = conv_bn(x, c64, 3, 1, "valid", name="entry_conv2")  # 147x147x64
    x = layers.ReLU(name="entry_conv2_relu")(x)
    x = reducing_block(x, (c128, c128), False, name="entry1")  # 74x74x128
    x = reducing_block(x, (c256, c256), True, name="entry2")  # 37x37x256
    x = reducing_block(x, (c728, c728), True, name="entry3")  # 19x19x728
    for index in range(1, middle_blocks + 1):
        x = middle_block(x, name=f"middle{index}")  # 19x19x728
    # Exit flow
    x = reducing_block(x, (c728, c1024), True, name="exit")  # 10x10x1024
    x = separable_bn(x, c1536, False, name="exit_conv1")
    x = layers.ReLU(name="exit_conv1_relu")(x)  # 10x10x1536
    x = separable_bn(x, c2048, False, name="exit_conv2")
    x = layers.ReLU(name="exit_conv2_relu")(x)  # 10x10x2048
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = layers.Dense(
            classes, activation=classifier_activation, dtype="float32", name="fc"
        )(x)
    return keras.Model(inputs, x)
