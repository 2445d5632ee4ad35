"""GoogLeNet, Inception v1 (Szegedy et al., 2015, arXiv:1409.4842).

An inception module looks at its input at four scales at once, 1x1 convolutions keep
that affordable: 22 layers, a ninth of AlexNet's parameters, winner of ILSVRC 2014.
Two auxiliary classifiers push gradients into the middle of the network.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture, check_entries
from kerazoo.layers import LocalResponseNormalization, WithAuxiliaryHeads

# Table 1: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection.
MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),  # 28x28x256
    "3b": (128, 128, 192, 32, 96, 64),  # 28x28x480
    "4a": (192, 96, 208, 16, 48, 64),  # 14x14x512
    "4b": (160, 112, 224, 24, 64, 64),  # 14x14x512
    "4c": (128, 128, 256, 24, 64, 64),  # 14x14x512
    "4d": (112, 144, 288, 32, 64, 64),  # 14x14x528
    "4e": (256, 160, 320, 32, 128, 128),  # 14x14x832
    "5a": (256, 160, 320, 32, 128, 128),  # 7x7x832
    "5b": (384, 192, 384, 48, 128, 128),  # 7x7x1024
}


def conv(x, filters, kernel_size, strides=1, batch_norm=False, name=None):
    """Convolution and ReLU; in the later version batch normalisation for the bias."""
    if strides > 1:
        x = layers.ZeroPadding2D(kernel_size // 2, name=f"{name}_pad")(x)
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding="same" if strides == 1 else "valid",
        use_bias=not batch_norm,
        activation=None if batch_norm else "relu",
        kernel_initializer="he_normal",
        name=name,
    )(x)
    if batch_norm:
        x = layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
        x = layers.ReLU(name=f"{name}_relu")(x)
    return x


def inception(x, filters, batch_norm, name):
    """Figure 2b: four branches side by side."""
    n1, n3_reduce, n3, n5_reduce, n5, n_pool = filters
    # The later version's "5x5" is a 3x3: a mistake of the first public port that all
    # its weights have kept.
    large = 3 if batch_norm else 5
    a = conv(x, n1, 1, 1, batch_norm, f"{name}_1x1")
    b = conv(x, n3_reduce, 1, 1, batch_norm, f"{name}_3x3_reduce")
    b = conv(b, n3, 3, 1, batch_norm, f"{name}_3x3")
    c = conv(x, n5_reduce, 1, 1, batch_norm, f"{name}_5x5_reduce")
    c = conv(c, n5, large, 1, batch_norm, f"{name}_5x5")
    d = layers.MaxPooling2D(3, 1, padding="same", name=f"{name}_pool")(x)
    d = conv(d, n_pool, 1, 1, batch_norm, f"{name}_pool_proj")
    return layers.Concatenate(name=name)([a, b, c, d])


def auxiliary_head(x, classes, classifier_activation, width, batch_norm, name):
    """Section 5: the classifier on top of a module in the middle."""
    if batch_norm:
        x = layers.AdaptiveAveragePooling2D(4, name=f"{name}_pool")(x)  # 4x4
    else:
        x = layers.AveragePooling2D(5, 3, name=f"{name}_pool")(x)  # 4x4
    x = conv(x, round(128 * width), 1, 1, batch_norm, f"{name}_conv")  # 4x4x128
    x = layers.Flatten(name=f"{name}_flatten")(x)  # 2048
    x = layers.Dense(round(1024 * width), activation="relu", name=f"{name}_fc")(x)
    x = layers.Dropout(0.7, name=f"{name}_dropout")(x)
    return layers.Dense(
        classes,
        activation=classifier_activation,
        dtype="float32",
        name=f"{name}_classifier",
    )(x)


def inception_v1(
    input_shape, classes, include_top, classifier_activation, aux_heads, width, dropout,
    batch_norm,
):  # fmt: skip
    """The network of Table 1 and Figure 3."""

    def normalize(x, name):
        return x if batch_norm else LocalResponseNormalization(name=name)(x)

    check_entries("input_shape", input_shape, 3)
    if aux_heads and include_top and None in input_shape[:2]:
        raise ValueError(
            "`aux_heads=True` needs images of one size, as the heads have dense "
            f"layers. Received: input_shape={tuple(input_shape)}"
        )
    inputs = keras.Input(input_shape)
    x = conv(inputs, round(64 * width), 7, 2, batch_norm, "conv1")  # 112x112x64
    x = layers.MaxPooling2D(3, 2, padding="same", name="pool1")(x)  # 56x56x64
    x = normalize(x, "norm1")
    x = conv(x, round(64 * width), 1, 1, batch_norm, "conv2_reduce")  # 56x56x64
    x = conv(x, round(192 * width), 3, 1, batch_norm, "conv2")  # 56x56x192
    x = normalize(x, "norm2")
    x = layers.MaxPooling2D(3, 2, padding="same", name="pool2")(x)  # 28x28x192
    heads = []
    for module, filters in MODULES.items():
        filters = [round(n * width) for n in filters]
        x = inception(x, filters, batch_norm, f"inception_{module}")
        if module == "3b":
            x = layers.MaxPooling2D(3, 2, padding="same", name="pool3")(x)
        if module == "4e":
            size = 2 if batch_norm else 3
            x = layers.MaxPooling2D(size, 2, padding="same", name="pool4")(x)
        if module in ("4a", "4d") and aux_heads and include_top:
            name = f"aux{len(heads) + 1}"
            heads.append(
                auxiliary_head(
                    x, classes, classifier_activation, width, batch_norm, name
                )
            )
    if not include_top:
        return keras.Model(inputs, x)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Dense(
        classes, activation=classifier_activation, dtype="float32", name="fc"
    )(x)
    if aux_heads:
        return WithAuxiliaryHeads(inputs, x, heads, weight=0.3)
    return keras.Model(inputs, x)


@architecture(
    title="GoogLeNet",
    paper="Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke & Rabinovich, "
    "2015, Going deeper with convolutions, CVPR",
    year=2015,
    url="arXiv:1409.4842",
    task="image classification",
    lectures=[
        "000: AI and Compute, Canziani et al. (2016)",
        "004: GoogLeNet, ILSVRC tables, Canziani et al. (2016)",
    ],
    dataset="imagenet2012",
    offline="digits",
    params=13_378_280,
    macs=1_582_671_872,
    variants={"no heads": {"config": {"aux_heads": False}, "params": 6_998_552}},
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.01, "momentum": 0.9, "l2": 2e-4},
        },
        "schedule": {"kind": "exponential", "factor": 0.96, "every": 8},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 128,
        "epochs": 250,
        "augment": {"random_resized_crop": [0.08, 1.0], "flip": True},
    },
    preprocess={"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
    published=[
        "ImageNet val top-5 error: 1 crop 10.07 %, 10 crops 9.15 %, 144 crops 7.89 % "
        "(Table 3)",
        "ILSVRC 2014 test top-5 error 6.67 %, 7 networks (Table 2)",
    ],
    deviations=[
        "local response normalisation with AlexNet's constants: the paper tells none",
        "channels are standardised; the paper subtracts the mean colour only",
        "weights start from He's initialisation, which the paper precedes",
        "synchronous SGD without Polyak averaging; learning rate, weight decay, batch "
        "size and epochs are ours, the paper tells none",
        "no photometric distortions",
    ],
    tiny={"input_shape": (65, 65, 3), "classes": 10, "width": 0.1},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 2e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 14,
        "augment": None,
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.96},
)  # fmt: skip
def googlenet(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", aux_heads=True, width=1.0, dropout=0.4,
):  # fmt: skip
    """GoogLeNet (Szegedy et al., 2015).

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        include_top: whether to end with average pooling and the classifier; else the
            model gives the last feature map, and there are no auxiliary classifiers.
        classifier_activation: `"softmax"`, or None for logits.
        aux_heads: whether to train two auxiliary classifiers along, with weight 0.3.
            They are not run at inference.
        width: factor of all channels.
        dropout: rate before the classifier.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Raises:
        ValueError: images too small, or of no fixed size while `aux_heads`.

    Example:
        >>> model = kerazoo.googlenet(input_shape=(96, 96, 3), classes=10)

    Reference:
        arXiv:1409.4842, Table 1 and section 5.
    """
    return inception_v1(
        input_shape, classes, include_top, classifier_activation, aux_heads, width,
        dropout, batch_norm=False,
    )  # fmt: skip


@architecture(
    variant_of="googlenet",
    title="GoogLeNet with batch normalisation",
    params=13_004_888,
    non_trainable=15_072,
    macs=1_498_376_192,
    variants={"no heads": {"config": {"aux_heads": False}, "params": 6_624_904}},
    preprocess={"mean": 127.5, "std": 127.5},
    deviations=[
        "torchvision's network: batch normalisation for the biases and the local "
        "response normalisation, 3x3 where the paper has 5x5, a last pool of 2x2, "
        "heads pooled to 4x4",
        "weights start from He's initialisation",
        "the recipe is GoogLeNet's",
    ],
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 10,
        "augment": None,
        "metrics": ["accuracy"],
    },
    weights=["torchvision"],
)  # fmt: skip
def googlenet_bn(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", aux_heads=True, width=1.0, dropout=0.2,
):  # fmt: skip
    """GoogLeNet with batch normalisation, torchvision's.

    Keywords and returns as `googlenet`.
    """
    return inception_v1(
        input_shape, classes, include_top, classifier_activation, aux_heads, width,
        dropout, batch_norm=True,
    )  # fmt: skip
