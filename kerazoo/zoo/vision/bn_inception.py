"""BN-Inception (Ioffe & Szegedy, 2015, arXiv:1502.03167).

GoogLeNet with batch normalisation: each convolution's output is normalised over the
mini-batch, which permits large learning rates and makes dropout unnecessary. Its 5x5
convolutions are two of 3x3, and the maps shrink inside the blocks.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture, check_entries


def conv_bn(x, filters, kernel_size, strides=1, separable=False, name=None):
    """Convolution without bias, symmetric padding, batch normalisation, ReLU."""
    if kernel_size > 1:
        x = layers.ZeroPadding2D(kernel_size // 2, name=f"{name}_pad")(x)
    if separable:
        x = layers.SeparableConv2D(
            filters,
            kernel_size,
            strides,
            depth_multiplier=8,
            use_bias=False,
            depthwise_initializer="he_normal",
            pointwise_initializer="he_normal",
            name=f"{name}_conv",
        )(x)
    else:
        x = layers.Conv2D(
            filters,
            kernel_size,
            strides,
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"{name}_conv",
        )(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)
    return layers.ReLU(name=name)(x)


# Rows of the paper's table (Figure 5): 1x1; 3x3 after its reduction; double 3x3 after
# its reduction; pooling and its projection. A row without 1x1 halves the map.
BLOCKS = {
    "inception3": [
        (64, (64, 64), (64, 96), ("average", 32)),  # 28x28x256
        (64, (64, 96), (64, 96), ("average", 64)),  # 28x28x320
        (None, (128, 160), (64, 96), ("max", None)),  # 14x14x576
    ],
    "inception4": [
        (224, (64, 96), (96, 128), ("average", 128)),  # 14x14x576
        (192, (96, 128), (96, 128), ("average", 128)),  # 14x14x576
        (160, (128, 160), (128, 160), ("average", 128)),  # 14x14x608
        (96, (128, 192), (160, 192), ("average", 128)),  # 14x14x608
        (None, (128, 192), (192, 256), ("max", None)),  # 7x7x1056
    ],
    "inception5": [
        (352, (192, 320), (160, 224), ("average", 128)),  # 7x7x1024
        (352, (192, 320), (192, 224), ("max", 128)),  # 7x7x1024
    ],
}


def scaled(filters, width):
    """Filters times the width multiplier."""
    return round(filters * width)


def inception(x, row, width, name):
    """One block: up to four branches, concatenated."""
    single, triple, double, (pooling, projection) = row
    strides = 2 if single is None else 1
    branches = []
    if single is not None:
        branches.append(conv_bn(x, scaled(single, width), 1, name=f"{name}_1x1"))
    reduction, filters = (scaled(n, width) for n in triple)
    y = conv_bn(x, reduction, 1, name=f"{name}_3x3_reduce")
    branches.append(conv_bn(y, filters, 3, strides, name=f"{name}_3x3"))
    reduction, filters = (scaled(n, width) for n in double)
    y = conv_bn(x, reduction, 1, name=f"{name}_double_3x3_reduce")
    y = conv_bn(y, filters, 3, name=f"{name}_double_3x3_1")
    branches.append(conv_bn(y, filters, 3, strides, name=f"{name}_double_3x3_2"))
    if pooling == "average":  # of nine, zeros around the map included
        y = layers.ZeroPadding2D(1, name=f"{name}_pool_pad")(x)
        y = layers.AveragePooling2D(3, 1, name=f"{name}_pool")(y)
    else:
        y = layers.MaxPooling2D(3, strides, "same", name=f"{name}_pool")(x)
    if projection is not None:
        y = conv_bn(y, scaled(projection, width), 1, name=f"{name}_pool_proj")
    return layers.Concatenate(name=name)([*branches, y])


@architecture(
    title="BN-Inception (Inception v2)",
    paper="Ioffe & Szegedy, 2015, Batch normalization: accelerating deep network "
    "training by reducing internal covariate shift, ICML",
    year=2015,
    url="arXiv:1502.03167",
    task="image classification",
    lectures=["004: ILSVRC tables"],
    dataset="imagenet2012",
    offline="digits",
    params=11_285_224,
    non_trainable=20_032,
    macs=2_032_600_064,
    variants={
        "separable stem": {"config": {"separable_stem": True}, "params": 11_278_528},
    },
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
        "augment": {"random_resized_crop": [0.08, 1.0], "flip": True},
    },
    preprocess={"mean": [128, 117, 104], "std": 1.0},
    published=[
        "ImageNet val top-1/top-5 error 25.2/7.82 %, single crop (Figure 4)",
        "ImageNet val top-1/top-5 error 21.99/5.82 %, 144 crops (Figure 4)",
        "ImageNet test top-5 error 4.82 %, ensemble of 6 (Figure 4)",
    ],
    deviations=[
        "the table gives blocks 4c and 4d 576 channels; their filters give 608, as "
        "in the public Caffe network",
        "no convolution bias, which the normalisation cancels; the Caffe network keeps "
        "10,016 of them (11,295,240 parameters)",
        "a plain convolution as the first layer, as in the Caffe network; the paper's "
        "is depthwise separable, an option here",
        "one replica with batch 32, the paper trains 5; schedule, decay and epochs by "
        "our reading of section 4.2",
        "no auxiliary heads",
    ],
    tiny={
        "input_shape": (64, 64, 3),
        "classes": 10,
        "blocks": (1, 1, 1),
        "width": 0.1,
    },
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 8,
        "augment": {"pad_crop": 3},
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.965},
    weights=["pretrainedmodels"],
)
def bn_inception(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", separable_stem=False, blocks=(2, 4, 2), width=1.0,
):  # fmt: skip
    """BN-Inception (Ioffe & Szegedy, 2015), as in the public Caffe network.

    Args:
        input_shape: height, width and channels of an image; multiples of 32 reproduce
            the Caffe network's borders.
        classes: number of classes.
        include_top: whether to end with average pooling and the classifier; else the
            model gives the last feature map.
        classifier_activation: `"softmax"`, or None for logits.
        separable_stem: whether the first convolution is depthwise separable with a
            multiplier of 8, as the paper's; the Caffe network's is not.
        blocks: blocks that keep the size of the maps of 28x28, 14x14 and 7x7, at most
            `(2, 4, 2)`.
        width: multiplier of all filters.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` floats without the mean to
        `(batch, classes)`.

    Raises:
        ValueError: other `blocks` than three numbers of at most `(2, 4, 2)`.

    Example:
        >>> model = kerazoo.bn_inception(input_shape=(64, 64, 3), classes=10)

    Reference:
        arXiv:1502.03167, Figure 5.
    """
    check_entries("blocks", blocks, 3)
    if any(not 0 <= n <= most for n, most in zip(blocks, (2, 4, 2), strict=True)):
        raise ValueError(
            "`blocks` must be from (0, 0, 0) to (2, 4, 2), the network's. "
            f"Received: blocks={tuple(blocks)}"
        )
    inputs = keras.Input(input_shape)
    # 112x112x64
    x = conv_bn(inputs, scaled(64, width), 7, 2, separable_stem, name="conv1")
    x = layers.MaxPooling2D(3, 2, "same", name="pool1")(x)  # 56x56x64
    x = conv_bn(x, scaled(64, width), 1, name="conv2_reduce")
    x = conv_bn(x, scaled(192, width), 3, name="conv2")
    x = layers.MaxPooling2D(3, 2, "same", name="pool2")(x)  # 28x28x192
    for (name, rows), keeping in zip(BLOCKS.items(), blocks, strict=True):
        for letter, row in zip("abcde", rows, strict=False):
            # The last block of a stage, which halves the map, always stays.
            if row[0] is None or letter < "abcde"[keeping]:
                x = inception(x, row, width, f"{name}{letter}")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(
            classes, activation=classifier_activation, dtype="float32", name="fc"
        )(x)
    return keras.Model(inputs, x)
