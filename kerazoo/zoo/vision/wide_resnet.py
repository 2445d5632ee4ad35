"""Wide residual networks (Zagoruyko & Komodakis, 2016, arXiv:1605.07146).

Width instead of depth: pre-activation blocks with up to ten times the channels beat a
thousand thin layers, and train several times faster.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture
from kerazoo.zoo.vision.resnet import conv_bn, resnet, shortcut_connection
from kerazoo.zoo.vision.resnet_v2 import basic_block, bn_relu, classifier, conv


def wide_resnet(
    depth, width, filters, input_shape, classes, classifier_activation, dropout
):
    """WRN-d-k of Table 1: a convolution, 3 stages of (d - 4) / 6 wide blocks."""
    n, rest = divmod(depth - 4, 6)
    if rest or n < 1:
        raise ValueError(
            f"`depth` must be 4 plus a multiple of 6. Received: depth={depth}"
        )
    inputs = keras.Input(input_shape)
    x = conv(inputs, filters, 3, name="conv1")  # 32x32x16
    for stage in range(3):  # WRN-28-10: 32x32x160, 16x16x320, 8x8x640
        wide = filters * width * 2**stage
        for index in range(n):
            strides = 2 if stage > 0 and index == 0 else 1
            project = index == 0 and x.shape[-1] != wide
            name = f"conv{stage + 2}_{index + 1}"
            x = basic_block(x, wide, strides, project, False, name, dropout)
    x = bn_relu(x, name="final")
    return keras.Model(inputs, classifier(x, classes, classifier_activation))


def wide_bottleneck_block(x, filters, strides, shortcut, stride_on, name):
    """ResNet's bottleneck with twice the channels in its 3x3 convolution."""
    first, second = (strides, 1) if stride_on == "1x1" else (1, strides)
    y = conv_bn(x, 2 * filters, 1, first, name=f"{name}_1")
    y = layers.ReLU(name=f"{name}_1_relu")(y)
    y = conv_bn(y, 2 * filters, 3, second, name=f"{name}_2")
    y = layers.ReLU(name=f"{name}_2_relu")(y)
    y = conv_bn(y, 4 * filters, 1, name=f"{name}_3")
    if shortcut is not None:
        x = shortcut_connection(x, 4 * filters, strides, shortcut, name)
        y = layers.Add(name=f"{name}_add")([x, y])
    return layers.ReLU(name=f"{name}_relu")(y)


@architecture(
    title="WRN-28-10",
    paper="Zagoruyko & Komodakis, 2016, Wide residual networks, BMVC",
    year=2016,
    url="arXiv:1605.07146",
    task="image classification",
    lectures=["004: Performance on CIFAR10"],
    dataset="cifar10",
    offline="digits",
    params=36_479_194,
    non_trainable=17_952,
    macs=5_243_328_768,
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {
                "learning_rate": 0.1,
                "momentum": 0.9,
                "nesterov": True,
                "l2": 5e-4,
            },
        },
        "schedule": {"kind": "step", "epochs": [60, 120, 160], "factor": 0.2},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 128,
        "epochs": 200,
        "augment": {"pad_crop": 4, "flip": True},
    },
    preprocess={
        "mean": [125.307, 122.95, 113.865],
        "std": [62.993, 62.089, 66.705],
    },
    published=[
        "CIFAR-10 test error 4.00 % (Table 5)",
        "CIFAR-10 test error 3.89 % with dropout 0.3 (Table 6)",
    ],
    deviations=[
        "crops are padded by zeros, where the paper reflects the image",
        "biases and normalisation parameters are not decayed",
    ],
    tiny={"input_shape": (16, 16, 3), "depth": 10, "width": 2, "filters": 8},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 10,
        "augment": None,
    },
    learns={"accuracy": 0.975},
    weights=["pytorchcv"],
)
def wide_resnet28_10(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax", depth=28,
    width=10, filters=16, dropout=0.0,
):  # fmt: skip
    """WRN-28-10 for CIFAR-10 (Zagoruyko & Komodakis, 2016).

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        classifier_activation: `"softmax"`, or None for logits.
        depth: layers, 4 plus a multiple of 6.
        width: the widening factor k.
        filters: channels of the first convolution.
        dropout: share dropped between the convolutions of a block, the paper's second
            setting is 0.3.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Raises:
        ValueError: a `depth` that three equal stages cannot have.

    Example:
        >>> model = kerazoo.wide_resnet28_10(depth=10, width=2)

    Reference:
        arXiv:1605.07146, Table 1.
    """
    return wide_resnet(
        depth, width, filters, input_shape, classes, classifier_activation, dropout
    )


@architecture(
    variant_of="wide_resnet28_10",
    title="WRN-16-8",
    params=10_961_370,
    non_trainable=7_200,
    macs=1_548_145_664,
    published=["CIFAR-10 test error 4.27 % (Table 5)"],
)
def wide_resnet16_8(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax", depth=16,
    width=8, filters=16, dropout=0.0,
):  # fmt: skip
    """WRN-16-8 (Zagoruyko & Komodakis, 2016). Keywords as `wide_resnet28_10`."""
    return wide_resnet(
        depth, width, filters, input_shape, classes, classifier_activation, dropout
    )


@architecture(
    variant_of="wide_resnet28_10",
    title="WRN-16-10",
    params=17_116_634,
    non_trainable=8_992,
    macs=2_412_173_568,
)
def wide_resnet16_10(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax", depth=16,
    width=10, filters=16, dropout=0.0,
):  # fmt: skip
    """WRN-16-10 (Zagoruyko & Komodakis, 2016). Keywords as `wide_resnet28_10`."""
    return wide_resnet(
        depth, width, filters, input_shape, classes, classifier_activation, dropout
    )


@architecture(
    variant_of="wide_resnet28_10",
    title="WRN-40-4",
    params=8_949_210,
    non_trainable=10_784,
    macs=1_298_582_016,
    published=["CIFAR-10 test error 4.53 % (Table 5)"],
)
def wide_resnet40_4(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax", depth=40,
    width=4, filters=16, dropout=0.0,
):  # fmt: skip
    """WRN-40-4 (Zagoruyko & Komodakis, 2016). Keywords as `wide_resnet28_10`."""
    return wide_resnet(
        depth, width, filters, input_shape, classes, classifier_activation, dropout
    )


@architecture(
    variant_of="wide_resnet28_10",
    title="WRN-40-8",
    params=35_748_314,
    non_trainable=21_536,
    macs=5_172_024_320,
)
def wide_resnet40_8(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax", depth=40,
    width=8, filters=16, dropout=0.0,
):  # fmt: skip
    """WRN-40-8 (Zagoruyko & Komodakis, 2016). Keywords as `wide_resnet28_10`."""
    return wide_resnet(
        depth, width, filters, input_shape, classes, classifier_activation, dropout
    )


@architecture(
    variant_of="wide_resnet28_10",
    title="WRN-50-2-bottleneck",
    dataset="imagenet2012",
    params=68_883_240,
    non_trainable=68_224,
    macs=11_398_021_120,
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
    preprocess={"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
    published=["ImageNet val top-1/top-5 error 21.9/6.03 %, single crop (Table 8)"],
    deviations=[
        "blocks are those of ResNet v1 with the stride in the 3x3 convolution, as in "
        "the authors' ImageNet code and torchvision",
        "no colour augmentation",
        "biases and normalisation parameters are not decayed",
    ],
    tiny={"input_shape": (32, 32, 3), "classes": 10, "blocks": (1, 1, 1),
          "filters": 8},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 5e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 12,
        "augment": {"pad_crop": 2},
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.965},
    weights=["torchvision"],
)  # fmt: skip
def wide_resnet50_2(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", shortcut="B", stride_on="3x3",
    blocks=(3, 4, 6, 3), filters=64,
):  # fmt: skip
    """WRN-50-2-bottleneck (Zagoruyko & Komodakis, 2016). Keywords as `resnet50`."""
    return resnet(
        wide_bottleneck_block, blocks, filters, input_shape, classes, include_top,
        classifier_activation, shortcut, stride_on,
    )  # fmt: skip


@architecture(
    variant_of="wide_resnet50_2",
    title="WRN-101-2-bottleneck",
    params=126_886_696,
    non_trainable=137_856,
    macs=22_753_050_624,
)
def wide_resnet101_2(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", shortcut="B", stride_on="3x3",
    blocks=(3, 4, 23, 3), filters=64,
):  # fmt: skip
    """WRN-101-2-bottleneck, as in torchvision. Keywords as `resnet50`."""
    return resnet(
        wide_bottleneck_block, blocks, filters, input_shape, classes, include_top,
        classifier_activation, shortcut, stride_on,
    )  # fmt: skip
