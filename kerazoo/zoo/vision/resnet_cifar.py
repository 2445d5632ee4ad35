"""ResNets for CIFAR-10 (He et al., 2016, section 4.2).

Three stages of n basic blocks, 6n + 2 layers, all shortcuts without parameters: the
networks on which the paper trains 20 to 1202 layers.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture
from kerazoo.zoo.vision.resnet import basic_block, check_shortcut, conv_bn


def resnet_cifar(n, filters, input_shape, classes, classifier_activation, shortcut):
    """6n + 2 layers: one convolution, 3 stages of n blocks, one dense layer."""
    check_shortcut(shortcut)
    if n < 1:
        raise ValueError(f"`n` must be at least 1. Received: n={n}")
    inputs = keras.Input(input_shape)
    x = conv_bn(inputs, filters, 3, name="conv1")  # 32x32x16
    x = layers.ReLU(name="conv1_relu")(x)
    for stage in range(3):  # 32x32x16, 16x16x32, 8x8x64
        for index in range(n):
            strides = 2 if stage > 0 and index == 0 else 1
            name = f"conv{stage + 2}_{index + 1}"
            x = basic_block(x, filters * 2**stage, strides, shortcut, None, name)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dense(
        classes,
        activation=classifier_activation,
        kernel_initializer="he_normal",
        dtype="float32",
        name="fc",
    )(x)
    return keras.Model(inputs, x)


@architecture(
    title="ResNet-20 for CIFAR-10",
    paper="He, Zhang, Ren & Sun, 2016, Deep residual learning for image recognition, "
    "CVPR, section 4.2",
    year=2016,
    url="arXiv:1512.03385",
    task="image classification",
    lectures=["004: Performance on CIFAR10"],
    dataset="cifar10",
    offline="digits",
    params=269_722,
    non_trainable=1_376,
    macs=40_551_040,
    variants={"B": {"config": {"shortcut": "B"}, "params": 272_474}},
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.1, "momentum": 0.9, "l2": 1e-4},
        },
        "schedule": {"kind": "step", "epochs": [82, 123], "factor": 0.1},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 128,
        "epochs": 164,
        "augment": {"pad_crop": 4, "flip": True},
    },
    preprocess={
        "mean": [125.307, 122.95, 113.865],
        "std": [62.993, 62.089, 66.705],
    },
    published=["CIFAR-10 test error 8.75 % (Table 6)"],
    deviations=[
        "channels are standardised; the paper subtracts the per-pixel mean",
        "trains on all 50,000 images; the paper's schedule was found on a 45k/5k split",
        "biases and normalisation parameters are not decayed",
    ],
    tiny={"input_shape": (16, 16, 3), "n": 1, "filters": 8},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 12,
        "augment": None,
    },
    learns={"accuracy": 0.97},
    weights=["pytorchcv"],
)
def resnet20(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax",
    shortcut="A", n=3, filters=16,
):  # fmt: skip
    """ResNet-20 for CIFAR-10 (He et al., 2016, section 4.2).

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        classifier_activation: `"softmax"`, or None for logits.
        shortcut: `"A"` zero padding as in the paper, `"B"` projections where the shape
            changes, `"C"` projections everywhere, None a plain network.
        n: residual blocks in each of the three stages; 6n + 2 layers.
        filters: channels of the first stage.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Raises:
        ValueError: an unknown `shortcut`, or no block in a stage.

    Example:
        >>> model = kerazoo.resnet20()

    Reference:
        arXiv:1512.03385, section 4.2 and Table 6.
    """
    return resnet_cifar(
        n, filters, input_shape, classes, classifier_activation, shortcut
    )


@architecture(
    variant_of="resnet20",
    title="ResNet-32 for CIFAR-10",
    params=464_154,
    non_trainable=2_272,
    macs=68_862_592,
    published=["CIFAR-10 test error 7.51 % (Table 6)"],
)
def resnet32(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax",
    shortcut="A", n=5, filters=16,
):  # fmt: skip
    """ResNet-32 for CIFAR-10 (He et al., 2016). Keywords as `resnet20`."""
    return resnet_cifar(
        n, filters, input_shape, classes, classifier_activation, shortcut
    )


@architecture(
    variant_of="resnet20",
    title="ResNet-44 for CIFAR-10",
    params=658_586,
    non_trainable=3_168,
    macs=97_174_144,
    published=["CIFAR-10 test error 7.17 % (Table 6)"],
)
def resnet44(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax",
    shortcut="A", n=7, filters=16,
):  # fmt: skip
    """ResNet-44 for CIFAR-10 (He et al., 2016). Keywords as `resnet20`."""
    return resnet_cifar(
        n, filters, input_shape, classes, classifier_activation, shortcut
    )


@architecture(
    variant_of="resnet20",
    title="ResNet-56 for CIFAR-10",
    params=853_018,
    non_trainable=4_064,
    macs=125_485_696,
    published=["CIFAR-10 test error 6.97 % (Table 6)"],
)
def resnet56(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax",
    shortcut="A", n=9, filters=16,
):  # fmt: skip
    """ResNet-56 for CIFAR-10 (He et al., 2016). Keywords as `resnet20`."""
    return resnet_cifar(
        n, filters, input_shape, classes, classifier_activation, shortcut
    )


@architecture(
    variant_of="resnet20",
    title="ResNet-110 for CIFAR-10",
    params=1_727_962,
    non_trainable=8_096,
    macs=252_887_680,
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.1, "momentum": 0.9, "l2": 1e-4},
        },
        "schedule": {
            "kind": "step",
            "epochs": [82, 123],
            "factor": 0.1,
            "warmup_epochs": 1,
        },
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 128,
        "epochs": 164,
        "augment": {"pad_crop": 4, "flip": True},
    },
    published=[
        "CIFAR-10 test error 6.43 %, best of five runs; 6.61 +- 0.16 % (Table 6)"
    ],
    deviations=[
        "channels are standardised; the paper subtracts the per-pixel mean",
        "trains on all 50,000 images; the paper's schedule was found on a 45k/5k split",
        "the learning rate warms up linearly over one epoch; the paper takes 0.01 "
        "until the training error is below 80 %, about 400 updates",
        "biases and normalisation parameters are not decayed",
    ],
)
def resnet110(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax",
    shortcut="A", n=18, filters=16,
):  # fmt: skip
    """ResNet-110 for CIFAR-10 (He et al., 2016). Keywords as `resnet20`."""
    return resnet_cifar(
        n, filters, input_shape, classes, classifier_activation, shortcut
    )


@architecture(
    variant_of="resnet110",
    title="ResNet-1202 for CIFAR-10",
    params=19_421_274,
    non_trainable=89_632,
    macs=2_829_238_912,
    published=["CIFAR-10 test error 7.93 % (Table 6)"],
)
def resnet1202(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax",
    shortcut="A", n=200, filters=16,
):  # fmt: skip
    """ResNet-1202 for CIFAR-10 (He et al., 2016). Keywords as `resnet20`."""
    return resnet_cifar(
        n, filters, input_shape, classes, classifier_activation, shortcut
    )
