"""Inception-ResNet-v1 and -v2 (Szegedy, Ioffe, Vanhoucke & Alemi, 2017).

Inception blocks as the residual branches of a ResNet: cheaper blocks, a linear 1x1
convolution that restores the channels, and a small factor in front of the addition,
without which wide residual networks die early in training. The first version costs as
much as Inception v3, the second as much as Inception v4. arXiv:1602.07261.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture
from kerazoo.zoo.vision.inception_v3 import branch, stem


def mixed5b(x, width):
    """The one plain Inception block, behind the stem of Inception v3."""
    name = "mixed5b"
    pool = layers.AveragePooling2D(3, 1, "same", name=f"{name}_pool")(x)
    branches = [
        branch(x, [(96, 1)], width, f"{name}_1x1"),
        branch(x, [(48, 1), (64, 5)], width, f"{name}_5x5"),
        branch(x, [(64, 1), (96, 3), (96, 3)], width, f"{name}_3x3"),
        branch(pool, [(64, 1)], width, f"{name}_projection"),
    ]
    return layers.Concatenate(name=name)(branches)


def residual(x, branches, scale, relu, name):
    """`x + scale * up(branches)`; the 1x1 convolution `up` is linear, with a bias."""
    y = layers.Concatenate(name=f"{name}_mixed")(branches)
    y = layers.Conv2D(x.shape[-1], 1, name=f"{name}_up")(y)
    y = layers.Rescaling(scale, name=f"{name}_scale")(y)
    x = layers.Add(name=f"{name}_add")([x, y])
    return layers.ReLU(name=name)(x) if relu else x


def block35(x, filters, width, name):
    """Inception-ResNet-A, Figures 10 and 16."""
    a, b, c = filters
    branches = [
        branch(x, [(32, 1)], width, f"{name}_1x1"),
        branch(x, [(32, 1), (32, 3)], width, f"{name}_3x3"),
        branch(x, [(a, 1), (b, 3), (c, 3)], width, f"{name}_double"),
    ]
    return residual(x, branches, 0.17, True, name)


def reduction_a(x, filters, width, name):
    """Figure 7 with the k, l, m, n of Table 1."""
    k, l, m, n = filters  # noqa: E741  the table's letters
    branches = [
        branch(x, [(n, 3, 2, "valid")], width, f"{name}_single"),
        branch(x, [(k, 1), (l, 3), (m, 3, 2, "valid")], width, f"{name}_double"),
        layers.MaxPooling2D(3, 2, name=f"{name}_pool")(x),
    ]
    return layers.Concatenate(name=name)(branches)


def block17(x, filters, width, name):
    """Inception-ResNet-B, Figures 11 and 17."""
    a, b, c = filters
    branches = [
        branch(x, [(c, 1)], width, f"{name}_1x1"),
        branch(x, [(a, 1), (b, (1, 7)), (c, (7, 1))], width, f"{name}_7x7"),
    ]
    return residual(x, branches, 0.1, True, name)


def reduction_b(x, filters, width, name):
    """Figures 12 and 18."""
    a, b, c = filters
    branches = [
        branch(x, [(256, 1), (384, 3, 2, "valid")], width, f"{name}_3x3_1"),
        branch(x, [(256, 1), (a, 3, 2, "valid")], width, f"{name}_3x3_2"),
        branch(x, [(256, 1), (b, 3), (c, 3, 2, "valid")], width, f"{name}_double"),
        layers.MaxPooling2D(3, 2, name=f"{name}_pool")(x),
    ]
    return layers.Concatenate(name=name)(branches)


def block8(x, filters, width, last, name):
    """Inception-ResNet-C, Figures 13 and 19; the last may add in full, linearly."""
    a, b, c = filters
    branches = [
        branch(x, [(192, 1)], width, f"{name}_1x1"),
        branch(x, [(a, 1), (b, (1, 3)), (c, (3, 1))], width, f"{name}_3x3"),
    ]
    return residual(x, branches, 1.0 if last else 0.2, not last, name)


# Filters of the blocks above, in their order.
V1 = (
    (32, 32, 32), (192, 192, 256, 384), (128, 128, 128), (256, 256, 256),
    (192, 192, 192),
)  # fmt: skip
V2 = (
    (32, 48, 64), (256, 256, 384, 384), (128, 160, 192), (288, 288, 320),
    (192, 224, 256),
)  # fmt: skip


def inception_resnet(x, filters, blocks, linear, width):
    """Figure 15 between stem and pooling; the `linear` block 8 adds in full."""
    a, first, b, second, c = filters
    for index in range(1, blocks[0] + 1):
        x = block35(x, a, width, name=f"block35_{index}")  # 35x35
    x = reduction_a(x, first, width, name="mixed6a")
    for index in range(1, blocks[1] + 1):
        x = block17(x, b, width, name=f"block17_{index}")  # 17x17
    x = reduction_b(x, second, width, name="mixed7a")
    for index in range(1, blocks[2] + 1):
        x = block8(x, c, width, index == linear, name=f"block8_{index}")  # 8x8
    return x


@architecture(
    title="Inception-ResNet-v2",
    paper="Szegedy, Ioffe, Vanhoucke & Alemi, 2017, Inception-v4, Inception-ResNet and "
    "the impact of residual connections on learning, AAAI",
    year=2017,
    url="arXiv:1602.07261",
    task="image classification",
    lectures=["004: companion of Inception-v4 in Canziani et al. (2016)"],
    dataset="imagenet2012",
    offline="digits",
    params=55_843_464,
    non_trainable=60_544,
    macs=13_155_794_016,
    recipe={
        "optimizer": {
            "class_name": "RMSprop",
            "config": {"learning_rate": 0.045, "rho": 0.9, "epsilon": 1.0},
        },
        "schedule": {"kind": "exponential", "factor": 0.94, "every": 2},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 32,
        "epochs": 160,
        "augment": {"random_resized_crop": [0.05, 1.0], "flip": True},
    },
    preprocess={"mean": 127.5, "std": 127.5},
    published=[
        "ImageNet val top-1/top-5 error 19.9/4.9 %, single crop (Table 2)",
        "ImageNet val top-1/top-5 error 17.8/3.7 %, 144 crops (Table 4)",
        "ImageNet test top-5 error 3.08 %, ensemble of three and an Inception v4 "
        "(Table 5)",
    ],
    deviations=[
        "the authors' published code, not the paper's figures: the stem is that of "
        "Inception v3, blocks repeat 10, 20 and 10 times instead of 5, 10 and 5, and "
        "widths are 320, 1088 and 2080",
        "one replica, where the paper trains 20 at once; batch size and number of "
        "epochs are not in the paper",
        "no moving average of the weights, no label smoothing, no colour distortion",
    ],
    tiny={"input_shape": (75, 75, 3), "classes": 10, "blocks": (1, 1, 1),
          "width": 0.1, "dropout": 0.0},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 10,
        "augment": {"pad_crop": 3},
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.965},
    weights=["timm", "keras.applications"],
)  # fmt: skip
def inception_resnet_v2(
    *, input_shape=(299, 299, 3), classes=1000, include_top=True,
    classifier_activation="softmax", dropout=0.2, blocks=(10, 20, 10), width=1.0,
):  # fmt: skip
    """Inception-ResNet-v2 (Szegedy et al., 2017), as its authors published it.

    Args:
        input_shape: height, width and channels of an image, at least 75x75.
        classes: number of classes.
        include_top: whether to end with average pooling and the classifier; else the
            model gives the last feature map.
        classifier_activation: `"softmax"`, or None for logits.
        dropout: share dropped in front of the classifier.
        blocks: residual blocks on the maps of 35x35, 17x17 and 8x8.
        width: multiplier of all filters.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Example:
        >>> model = kerazoo.inception_resnet_v2(blocks=(1, 1, 1))

    Reference:
        arXiv:1602.07261, Figure 15.
    """
    inputs = keras.Input(input_shape)
    x = stem(inputs, width)  # 35x35x192
    x = mixed5b(x, width)  # 35x35x320, later 17x17x1088, 8x8x2080
    x = inception_resnet(x, V2, blocks, blocks[2], width)
    x = branch(x, [(1536, 1)], width, "conv7b")  # 8x8x1536
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = layers.Dense(
            classes, activation=classifier_activation, dtype="float32", name="fc"
        )(x)
    return keras.Model(inputs, x)


def stem_v1(x, width):
    """Figure 14."""
    x = stem(x, width, pool=False)  # 71x71x192
    return branch(x, [(256, 3, 2, "valid")], width, "stem3")  # 35x35x256


@architecture(
    variant_of="inception_resnet_v2",
    title="Inception-ResNet-v1",
    lectures=["004: companion of Inception-v4; FaceNet's published weights"],
    params=22_756_328,
    non_trainable=27_040,
    macs=6_206_361_696,
    variants={"FaceNet": {"config": {"embedding": 512}, "params": 23_995_624}},
    published=[
        "ImageNet val top-1/top-5 error 21.3/5.5 %, single crop (Table 2)",
        "ImageNet val top-1/top-5 error 18.8/4.3 %, 144 crops (Table 4)",
    ],
    deviations=[
        "the factors in front of the additions, 0.17, 0.1 and 0.2, are those of the "
        "authors' code for v2; the paper says between 0.1 and 0.3",
        "one replica, where the paper trains 20 at once; batch size and number of "
        "epochs are not in the paper",
        "no moving average of the weights, no label smoothing, no colour distortion",
    ],
    weights=["pytorchcv"],
)
def inception_resnet_v1(
    *, input_shape=(299, 299, 3), classes=1000, include_top=True,
    classifier_activation="softmax", dropout=0.2, blocks=(5, 10, 5), width=1.0,
    embedding=None,
):  # fmt: skip
    """Inception-ResNet-v1 (Szegedy et al., 2017).

    Args:
        input_shape: height, width and channels of an image, at least 75x75.
        classes: number of classes.
        include_top: whether to end with average pooling and the classifier; else the
            model gives the last feature map.
        classifier_activation: `"softmax"`, or None for logits.
        dropout: share dropped in front of the classifier.
        blocks: residual blocks on the maps of 35x35, 17x17 and 8x8.
        width: multiplier of all filters.
        embedding: None for the paper's network. A number gives the one of the public
            FaceNet weights (Sandberg, 2018): one more block on the 8x8 map, which adds
            in full and stays linear, and a dense layer of that many units with batch
            normalisation in front of the classifier; there it is 512.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Example:
        >>> model = kerazoo.inception_resnet_v1(blocks=(1, 1, 1))

    Reference:
        arXiv:1602.07261, Figures 10 to 15.
    """
    inputs = keras.Input(input_shape)
    x = stem_v1(inputs, width)  # 35x35x256, later 17x17x896, 8x8x1792
    x = inception_resnet(x, V1, blocks, None, width)
    if embedding is not None:
        x = block8(x, V1[-1], width, True, name="block8_last")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        if embedding is not None:
            x = layers.Dense(embedding, use_bias=False, name="fc_embedding")(x)
            x = layers.BatchNormalization(
                momentum=0.9, epsilon=1e-3, name="fc_embedding_bn"
            )(x)
        x = layers.Dense(
            classes, activation=classifier_activation, dtype="float32", name="fc"
        )(x)
    return keras.Model(inputs, x)
