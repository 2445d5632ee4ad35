"""ResNet v2, pre-activation (He, Zhang, Ren & Sun, 2016, arXiv:1603.05027).

Normalisation and ReLU move in front of the convolutions, so that nothing but additions
lies on the way through the network: signals and gradients pass all blocks unchanged,
and networks of 200 and 1001 layers train.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture


def bn_relu(x, name):
    """The pre-activation."""
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def conv(x, filters, kernel_size, strides=1, use_bias=False, name=None):
    """Convolution with symmetric padding."""
    if kernel_size > 1:
        x = layers.ZeroPadding2D(kernel_size // 2, name=f"{name}_pad")(x)
    return layers.Conv2D(
        filters,
        kernel_size,
        strides,
        use_bias=use_bias,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)


def shortcut_connection(x, activated, filters, strides, project, use_bias, name):
    """The input; a projection of its activation where the channels change."""
    if project:
        name = f"{name}_shortcut"
        return conv(activated, filters, 1, strides, use_bias, name=name)
    if strides > 1:  # every second pixel
        return layers.MaxPooling2D(1, strides, name=f"{name}_shortcut_pool")(x)
    return x


def basic_block(x, filters, strides, project, use_bias, name, dropout=0.0):
    """Figure 1(b): two 3x3 convolutions, the first one strided."""
    activated = bn_relu(x, name=f"{name}_1")
    y = conv(activated, filters, 3, strides, name=f"{name}_1")
    y = bn_relu(y, name=f"{name}_2")
    if dropout:
        y = layers.Dropout(dropout, name=f"{name}_dropout")(y)
    y = conv(y, filters, 3, use_bias=use_bias, name=f"{name}_2")
    x = shortcut_connection(x, activated, filters, strides, project, use_bias, name)
    return layers.Add(name=name)([x, y])


def bottleneck_block(x, filters, strides, project, use_bias, name):
    """1x1 down to `filters`, 3x3, strided, and 1x1 up to four times `filters`."""
    activated = bn_relu(x, name=f"{name}_1")
    y = conv(activated, filters, 1, name=f"{name}_1")
    y = bn_relu(y, name=f"{name}_2")
    y = conv(y, filters, 3, strides, name=f"{name}_2")
    y = bn_relu(y, name=f"{name}_3")
    y = conv(y, 4 * filters, 1, use_bias=use_bias, name=f"{name}_3")
    x = shortcut_connection(x, activated, 4 * filters, strides, project, use_bias, name)
    return layers.Add(name=name)([x, y])


def classifier(x, classes, classifier_activation):
    """Global average and the dense layer."""
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return layers.Dense(
        classes, activation=classifier_activation, dtype="float32", name="fc"
    )(x)


def resnet_v2(
    block, blocks, filters, input_shape, classes, include_top, classifier_activation,
    stage_stride,
):  # fmt: skip
    """The ImageNet networks: stem, four stages, last activation, classifier."""
    if stage_stride not in ("first", "last"):
        raise ValueError(
            "`stage_stride` must be 'first' or 'last'. "
            f"Received: stage_stride={stage_stride!r}"
        )
    last = stage_stride == "last"
    inputs = keras.Input(input_shape)
    x = conv(inputs, filters, 7, 2, use_bias=last, name="conv1")  # 112x112x64
    if last:
        x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
        x = layers.MaxPooling2D(3, 2, name="pool1")(x)  # 56x56x64
    else:
        # Nothing has been rectified yet, so zeros around the map could win. Stride 1
        # pads by minus infinity on all sides; then every second pixel.
        x = layers.MaxPooling2D(3, 1, "same", name="pool1_max")(x)
        x = layers.MaxPooling2D(1, 2, name="pool1")(x)  # 56x56x64
    for stage, repeats in enumerate(blocks):  # 56x56, 28x28, 14x14, 7x7
        width = filters * 2**stage
        strided = repeats - 1 if last else 0
        halves = stage < len(blocks) - 1 if last else stage > 0
        for index in range(repeats):
            strides = 2 if halves and index == strided else 1
            project = index == 0 and (stage > 0 or block is bottleneck_block)
            name = f"conv{stage + 2}_{index + 1}"
            x = block(x, width, strides, project, last, name)
    x = bn_relu(x, name="final")
    if include_top:
        x = classifier(x, classes, classifier_activation)
    return keras.Model(inputs, x)


@architecture(
    title="ResNet-50 v2",
    paper="He, Zhang, Ren & Sun, 2016, Identity mappings in deep residual networks, "
    "ECCV",
    year=2016,
    url="arXiv:1603.05027",
    task="image classification",
    lectures=["004: successor of (He et al., 2015)"],
    dataset="imagenet2012",
    offline="digits",
    params=25_549_352,
    non_trainable=45_440,
    macs=4_089_184_256,
    variants={
        "keras.applications": {
            "config": {"stage_stride": "last"},
            "params": 25_568_360,
        },
    },
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.1, "momentum": 0.9, "l2": 1e-4},
        },
        "schedule": {"kind": "step", "epochs": [30, 60, 90], "factor": 0.1},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 256,
        "epochs": 100,
        "augment": {"random_resized_crop": [0.08, 1.0], "flip": True},
    },
    preprocess={"mean": 127.5, "std": 127.5},
    deviations=[
        "normalisation and ReLU of the first block stand behind the pooling of the "
        "stem; the authors' code has them in front of it (as many parameters)",
        "images are scaled to [-1, 1]; no colour augmentation",
        "biases and normalisation parameters are not decayed",
    ],
    tiny={"input_shape": (32, 32, 3), "classes": 10, "blocks": (1, 1, 1),
          "filters": 12},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 5e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 12,
        "augment": {"pad_crop": 2},
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.965},
    weights=["timm", "keras.applications"],
)  # fmt: skip
def resnet50_v2(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", stage_stride="first", blocks=(3, 4, 6, 3),
    filters=64,
):  # fmt: skip
    """ResNet-50 v2 (He et al., 2016, Identity mappings).

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        include_top: whether to end with average pooling and the classifier; else the
            model gives the last feature map.
        classifier_activation: `"softmax"`, or None for logits.
        stage_stride: the block of a stage that halves the map: `"first"` as in the
            paper, `"last"` as in TF-slim and keras.applications, whose network also
            has biases where no normalisation follows a convolution, and zeros around
            the map in front of the stem's pooling.
        blocks: residual blocks in each stage.
        filters: channels of the first stage.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Raises:
        ValueError: an unknown `stage_stride`.

    Example:
        >>> model = kerazoo.resnet50_v2(input_shape=(64, 64, 3), classes=10)

    Reference:
        arXiv:1603.05027, Figure 4 and appendix.
    """
    return resnet_v2(
        bottleneck_block, blocks, filters, input_shape, classes, include_top,
        classifier_activation, stage_stride,
    )  # fmt: skip


@architecture(
    variant_of="resnet50_v2",
    title="ResNet-101 v2",
    params=44_541_480,
    non_trainable=97_664,
    macs=7_801_405_440,
    variants={
        "keras.applications": {
            "config": {"stage_stride": "last"},
            "params": 44_577_896,
        },
    },
)
def resnet101_v2(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", stage_stride="first", blocks=(3, 4, 23, 3),
    filters=64,
):  # fmt: skip
    """ResNet-101 v2 (He et al., 2016). Keywords and errors as `resnet50_v2`."""
    return resnet_v2(
        bottleneck_block, blocks, filters, input_shape, classes, include_top,
        classifier_activation, stage_stride,
    )  # fmt: skip


@architecture(
    variant_of="resnet50_v2",
    title="ResNet-152 v2",
    params=60_185_128,
    non_trainable=143_744,
    macs=11_513_626_624,
    variants={
        "keras.applications": {
            "config": {"stage_stride": "last"},
            "params": 60_236_904,
        },
    },
    published=[
        "ImageNet val top-1/top-5 error 21.1/5.5 %, 320x320 single crop (Table 5)"
    ],
)
def resnet152_v2(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", stage_stride="first", blocks=(3, 8, 36, 3),
    filters=64,
):  # fmt: skip
    """ResNet-152 v2 (He et al., 2016). Keywords and errors as `resnet50_v2`."""
    return resnet_v2(
        bottleneck_block, blocks, filters, input_shape, classes, include_top,
        classifier_activation, stage_stride,
    )  # fmt: skip


@architecture(
    variant_of="resnet50_v2",
    title="ResNet-200 v2",
    params=64_666_152,
    non_trainable=168_320,
    macs=15_007_481_856,
    published=[
        "ImageNet val top-1/top-5 error 20.7/5.3 %, 320x320 single crop (Table 5)"
    ],
)
def resnet200_v2(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", stage_stride="first", blocks=(3, 24, 36, 3),
    filters=64,
):  # fmt: skip
    """ResNet-200 v2 (He et al., 2016). Keywords and errors as `resnet50_v2`."""
    return resnet_v2(
        bottleneck_block, blocks, filters, input_shape, classes, include_top,
        classifier_activation, stage_stride,
    )  # fmt: skip


@architecture(
    variant_of="resnet50_v2",
    title="ResNet-18 v2",
    params=11_687_720,
    non_trainable=7_808,
    macs=1_814_073_344,
)
def resnet18_v2(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", stage_stride="first", blocks=(2, 2, 2, 2),
    filters=64,
):  # fmt: skip
    """ResNet-18 v2 (He et al., 2016). Keywords and errors as `resnet50_v2`."""
    return resnet_v2(
        basic_block, blocks, filters, input_shape, classes, include_top,
        classifier_activation, stage_stride,
    )  # fmt: skip


@architecture(
    variant_of="resnet50_v2",
    title="ResNet-34 v2",
    params=21_795_880,
    non_trainable=15_232,
    macs=3_663_761_408,
)
def resnet34_v2(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", stage_stride="first", blocks=(3, 4, 6, 3),
    filters=64,
):  # fmt: skip
    """ResNet-34 v2 (He et al., 2016). Keywords and errors as `resnet50_v2`."""
    return resnet_v2(
        basic_block, blocks, filters, input_shape, classes, include_top,
        classifier_activation, stage_stride,
    )  # fmt: skip
