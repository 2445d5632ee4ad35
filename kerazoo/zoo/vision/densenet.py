"""DenseNet (Huang, Liu, van der Maaten & Weinberger, 2017, arXiv:1608.06993).

Every layer sees the maps of all layers before it in its block, by concatenation, and
adds only a few (`growth_rate`) of its own: features are reused instead of relearned,
and gradients reach every layer directly.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture


def bn_relu_conv(x, filters, kernel_size, name):
    """The composite function H of section 3: normalisation, ReLU, convolution."""
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)
    x = layers.ReLU(name=f"{name}_relu")(x)
    return layers.Conv2D(
        filters,
        kernel_size,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)


def dense_layer(x, growth_rate, bottleneck, dropout, name):
    """`growth_rate` new maps, appended to the old; B reduces to 4 times that first."""
    y = x
    if bottleneck:
        y = bn_relu_conv(y, 4 * growth_rate, 1, name=f"{name}_1")
        if dropout:
            y = layers.Dropout(dropout, name=f"{name}_1_dropout")(y)
    y = bn_relu_conv(y, growth_rate, 3, name=f"{name}_2")
    if dropout:
        y = layers.Dropout(dropout, name=f"{name}_2_dropout")(y)
    return layers.Concatenate(name=name)([x, y])


def transition(x, compression, dropout, name):
    """Halves the map and keeps the fraction `compression` of its channels."""
    x = bn_relu_conv(x, int(compression * x.shape[-1]), 1, name=name)
    if dropout:
        x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    return layers.AveragePooling2D(2, name=f"{name}_pool")(x)


def dense_blocks(x, blocks, growth_rate, bottleneck, compression, dropout):
    """Dense blocks with transitions between them, and the last normalisation."""
    for block, repeats in enumerate(blocks, start=1):
        if block > 1:
            x = transition(x, compression, dropout, name=f"transition{block - 1}")
        for layer in range(1, repeats + 1):
            name = f"block{block}_layer{layer}"
            x = dense_layer(x, growth_rate, bottleneck, dropout, name)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="final_bn")(x)
    return layers.ReLU(name="final_relu")(x)


def classifier(x, classes, classifier_activation):
    """Global average and the dense layer."""
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return layers.Dense(
        classes, activation=classifier_activation, dtype="float32", name="fc"
    )(x)


def densenet(
    blocks, growth_rate, input_shape, classes, include_top, classifier_activation
):
    """The DenseNet-BC networks of Table 1."""
    inputs = keras.Input(input_shape)
    x = layers.ZeroPadding2D(3, name="conv1_pad")(inputs)
    x = layers.Conv2D(
        2 * growth_rate,
        7,
        2,
        use_bias=False,
        kernel_initializer="he_normal",
        name="conv1_conv",
    )(x)  # 112x112x64
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="conv1_bn")(x)
    x = layers.ReLU(name="conv1_relu")(x)
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, 2, name="pool1")(x)  # 56x56x64
    # densenet121: 56x56x256, 28x28x512, 14x14x1024, 7x7x1024
    x = dense_blocks(x, blocks, growth_rate, True, 0.5, 0.0)
    if include_top:
        x = classifier(x, classes, classifier_activation)
    return keras.Model(inputs, x)


@architecture(
    title="DenseNet-121",
    paper="Huang, Liu, van der Maaten & Weinberger, 2017, Densely connected "
    "convolutional networks, CVPR",
    year=2017,
    url="arXiv:1608.06993",
    task="image classification",
    lectures=["004: Performance on CIFAR10"],
    dataset="imagenet2012",
    offline="digits",
    params=7_978_856,
    non_trainable=83_648,
    macs=2_834_161_664,
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {
                "learning_rate": 0.1,
                "momentum": 0.9,
                "nesterov": True,
                "l2": 1e-4,
            },
        },
        "schedule": {"kind": "step", "epochs": [30, 60], "factor": 0.1},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 256,
        "epochs": 90,
        "augment": {"random_resized_crop": [0.08, 1.0], "flip": True},
    },
    preprocess={"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
    published=[
        "ImageNet val top-1/top-5 error 25.02/7.71 %, single crop (Table 3)",
        "ImageNet val top-1/top-5 error 23.61/6.66 %, 10-crop (Table 3)",
    ],
    deviations=[
        "no colour augmentation (the paper's is that of fb.resnet.torch)",
        "biases and normalisation parameters are not decayed",
    ],
    tiny={"input_shape": (32, 32, 3), "classes": 10, "blocks": (2, 2, 2, 2),
          "growth_rate": 12},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 8,
        "augment": None,
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.975},
    weights=["torchvision", "keras.applications"],
)  # fmt: skip
def densenet121(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", blocks=(6, 12, 24, 16), growth_rate=32,
):  # fmt: skip
    """DenseNet-121 (Huang et al., 2017): DenseNet-BC for ImageNet.

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        include_top: whether to end with average pooling and the classifier; else the
            model gives the last feature map.
        classifier_activation: `"softmax"`, or None for logits.
        blocks: dense layers in each block.
        growth_rate: maps that each dense layer adds, the paper's k.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Example:
        >>> model = kerazoo.densenet121(input_shape=(64, 64, 3), classes=10)

    Reference:
        arXiv:1608.06993, Table 1.
    """
    return densenet(
        blocks, growth_rate, input_shape, classes, include_top, classifier_activation
    )


@architecture(
    variant_of="densenet121",
    title="DenseNet-169",
    params=14_149_480,
    non_trainable=158_400,
    macs=3_359_843_328,
    published=[
        "ImageNet val top-1/top-5 error 23.80/6.85 %, single crop (Table 3)",
        "ImageNet val top-1/top-5 error 22.08/5.92 %, 10-crop (Table 3)",
    ],
)
def densenet169(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", blocks=(6, 12, 32, 32), growth_rate=32,
):  # fmt: skip
    """DenseNet-169 (Huang et al., 2017). Keywords and returns as `densenet121`."""
    return densenet(
        blocks, growth_rate, input_shape, classes, include_top, classifier_activation
    )


@architecture(
    variant_of="densenet121",
    title="DenseNet-201",
    params=20_013_928,
    non_trainable=229_056,
    macs=4_291_365_888,
    published=[
        "ImageNet val top-1/top-5 error 22.58/6.34 %, single crop (Table 3)",
        "ImageNet val top-1/top-5 error 21.46/5.54 %, 10-crop (Table 3)",
    ],
)
def densenet201(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", blocks=(6, 12, 48, 32), growth_rate=32,
):  # fmt: skip
    """DenseNet-201 (Huang et al., 2017). Keywords and returns as `densenet121`."""
    return densenet(
        blocks, growth_rate, input_shape, classes, include_top, classifier_activation
    )


@architecture(
    variant_of="densenet121",
    title="DenseNet-264",
    params=33_337_704,
    non_trainable=398_528,
    macs=5_751_653_376,
    published=[
        "ImageNet val top-1/top-5 error 22.15/6.12 %, single crop (Table 3)",
        "ImageNet val top-1/top-5 error 20.80/5.29 %, 10-crop (Table 3)",
    ],
)
def densenet264(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", blocks=(6, 12, 64, 48), growth_rate=32,
):  # fmt: skip
    """DenseNet-264 (Huang et al., 2017). Keywords and returns as `densenet121`."""
    return densenet(
        blocks, growth_rate, input_shape, classes, include_top, classifier_activation
    )


@architecture(
    variant_of="densenet121",
    title="DenseNet-161 (k = 48)",
    params=28_681_000,
    non_trainable=219_936,
    macs=7_727_907_072,
)
def densenet161(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", blocks=(6, 12, 36, 24), growth_rate=48,
):  # fmt: skip
    """DenseNet-161 (Huang et al., 2017). Keywords and returns as `densenet121`."""
    return densenet(
        blocks, growth_rate, input_shape, classes, include_top, classifier_activation
    )
