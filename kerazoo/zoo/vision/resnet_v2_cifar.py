"""Pre-activation ResNets for CIFAR-10 (He et al., 2016, arXiv:1603.05027).

Three stages with 16, 32 and 64 channels (four times that with bottlenecks), as deep as
1001 layers.
"""

import keras

from kerazoo.architecture import architecture
from kerazoo.zoo.vision.resnet_v2 import (
    basic_block,
    bn_relu,
    bottleneck_block,
    classifier,
    conv,
)


def resnet_v2_cifar(block, n, filters, input_shape, classes, classifier_activation):
    """A convolution, 3 stages of n blocks, the last activation, one dense layer."""
    if n < 1:
        raise ValueError(f"`n` must be at least 1. Received: n={n}")
    inputs = keras.Input(input_shape)
    x = conv(inputs, filters, 3, name="conv1")  # 32x32x16
    for stage in range(3):  # 32x32, 16x16, 8x8
        for index in range(n):
            strides = 2 if stage > 0 and index == 0 else 1
            project = index == 0 and (stage > 0 or block is bottleneck_block)
            name = f"conv{stage + 2}_{index + 1}"
            x = block(x, filters * 2**stage, strides, project, False, name)
    x = bn_relu(x, name="final")
    return keras.Model(inputs, classifier(x, classes, classifier_activation))


@architecture(
    title="ResNet-164 v2 for CIFAR-10",
    paper="He, Zhang, Ren & Sun, 2016, Identity mappings in deep residual networks, "
    "ECCV",
    year=2016,
    url="arXiv:1603.05027",
    task="image classification",
    lectures=["004: Performance on CIFAR10"],
    dataset="cifar10",
    offline="digits",
    params=1_703_258,
    non_trainable=24_224,
    macs=247_646_720,
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
    preprocess={
        "mean": [125.307, 122.95, 113.865],
        "std": [62.993, 62.089, 66.705],
    },
    published=["CIFAR-10 test error 5.46 % (Table 4)"],
    deviations=[
        "a projection where the channels change; the shortcuts are identities else",
        "the learning rate warms up linearly over one epoch; the paper takes 0.01 for "
        "400 updates",
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
    learns={"accuracy": 0.965},
    weights=["pytorchcv"],
)
def resnet164_v2(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax", n=18,
    filters=16,
):  # fmt: skip
    """ResNet-164 v2 for CIFAR-10 (He et al., 2016): bottlenecks, 9n + 2 layers.

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        classifier_activation: `"softmax"`, or None for logits.
        n: residual blocks in each of the three stages.
        filters: channels of the first convolution.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Raises:
        ValueError: no block in a stage.

    Example:
        >>> model = kerazoo.resnet164_v2(n=2)

    Reference:
        arXiv:1603.05027, section 4 and Table 4.
    """
    return resnet_v2_cifar(
        bottleneck_block, n, filters, input_shape, classes, classifier_activation
    )


@architecture(
    variant_of="resnet164_v2",
    title="ResNet-1001 v2 for CIFAR-10",
    params=10_327_706,
    non_trainable=149_216,
    macs=1_490_995_712,
    published=[
        "CIFAR-10 test error 4.92 % (Table 4)",
        "CIFAR-10 test error 4.62 % with batch size 64 (Table 4)",
    ],
)
def resnet1001_v2(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax", n=111,
    filters=16,
):  # fmt: skip
    """ResNet-1001 v2 for CIFAR-10 (He et al., 2016). Keywords as `resnet164_v2`."""
    return resnet_v2_cifar(
        bottleneck_block, n, filters, input_shape, classes, classifier_activation
    )


@architecture(
    variant_of="resnet164_v2",
    title="ResNet-110 v2 for CIFAR-10",
    params=1_730_522,
    non_trainable=8_096,
    macs=253_149_824,
    published=["CIFAR-10 test error 6.37 % (Table 2)"],
    tiny={"input_shape": (16, 16, 3), "n": 1, "filters": 16},
)
def resnet110_v2(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax", n=18,
    filters=16,
):  # fmt: skip
    """ResNet-110 v2 for CIFAR-10: basic blocks, 6n + 2. Keywords as `resnet164_v2`."""
    return resnet_v2_cifar(
        basic_block, n, filters, input_shape, classes, classifier_activation
    )
