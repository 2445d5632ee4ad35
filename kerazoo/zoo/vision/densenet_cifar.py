"""DenseNets for CIFAR-10 (Huang et al., 2017, section 4.1).

Three dense blocks of equal depth: the plain networks of the paper's first table, and
DenseNet-BC with bottlenecks and compressing transitions.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture
from kerazoo.zoo.vision.densenet import classifier, dense_blocks


def densenet_cifar(
    depth, growth_rate, bottleneck, input_shape, classes, classifier_activation,
    dropout,
):  # fmt: skip
    """L layers: a convolution, three dense blocks, two transitions, a dense layer."""
    repeats, rest = divmod(depth - 4, 6 if bottleneck else 3)
    if rest or repeats < 1:
        raise ValueError(
            "`depth` must be 4 plus a multiple of "
            f"{6 if bottleneck else 3}. Received: depth={depth}"
        )
    inputs = keras.Input(input_shape)
    x = layers.Conv2D(
        2 * growth_rate if bottleneck else 16,
        3,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name="conv1",
    )(inputs)
    compression = 0.5 if bottleneck else 1.0
    # densenet40_k12: 32x32x160, 16x16x304, 8x8x448
    x = dense_blocks(x, (repeats,) * 3, growth_rate, bottleneck, compression, dropout)
    return keras.Model(inputs, classifier(x, classes, classifier_activation))


@architecture(
    title="DenseNet-40 (k = 12) for CIFAR-10",
    paper="Huang, Liu, van der Maaten & Weinberger, 2017, Densely connected "
    "convolutional networks, CVPR, section 4.1",
    year=2017,
    url="arXiv:1608.06993",
    task="image classification",
    lectures=["004: Performance on CIFAR10"],
    dataset="cifar10",
    offline="digits",
    params=1_019_722,
    non_trainable=18_096,
    macs=264_812_928,
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
        "schedule": {"kind": "step", "epochs": [150, 225], "factor": 0.1},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 64,
        "epochs": 300,
        "augment": {"pad_crop": 4, "flip": True},
    },
    preprocess={
        "mean": [125.307, 122.95, 113.865],
        "std": [62.993, 62.089, 66.705],
    },
    published=["CIFAR-10 test error 5.24 % with augmentation (Table 2)"],
    deviations=["biases and normalisation parameters are not decayed"],
    tiny={"input_shape": (16, 16, 3), "depth": 10, "growth_rate": 12},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 8,
        "augment": None,
    },
    learns={"accuracy": 0.975},
)
def densenet40_k12(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax",
    depth=40, growth_rate=12, dropout=0.0,
):  # fmt: skip
    """DenseNet for CIFAR-10 (Huang et al., 2017): 40 layers, k = 12.

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        classifier_activation: `"softmax"`, or None for logits.
        depth: layers L, counted as in the paper; 4 plus a multiple of 3, of 6 where
            each dense layer has a bottleneck.
        growth_rate: maps that each dense layer adds, the paper's k.
        dropout: share dropped after every convolution but the first; the paper takes
            0.2 where it trains without augmentation.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Raises:
        ValueError: a `depth` that three equal blocks cannot have.

    Example:
        >>> model = kerazoo.densenet40_k12()

    Reference:
        arXiv:1608.06993, section 4.1 and Table 2.
    """
    return densenet_cifar(
        depth, growth_rate, False, input_shape, classes, classifier_activation, dropout
    )


@architecture(
    variant_of="densenet40_k12",
    title="DenseNet-100 (k = 12) for CIFAR-10",
    params=6_979_642,
    non_trainable=117_216,
    macs=1_769_516_448,
    published=["CIFAR-10 test error 4.10 % with augmentation (Table 2)"],
)
def densenet100_k12(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax",
    depth=100, growth_rate=12, dropout=0.0,
):  # fmt: skip
    """DenseNet, 100 layers, k = 12. Keywords and errors as `densenet40_k12`."""
    return densenet_cifar(
        depth, growth_rate, False, input_shape, classes, classifier_activation, dropout
    )


@architecture(
    variant_of="densenet40_k12",
    title="DenseNet-100 (k = 24) for CIFAR-10",
    params=27_249_082,
    non_trainable=231_264,
    macs=6_889_347_744,
    published=["CIFAR-10 test error 3.74 % with augmentation (Table 2)"],
)
def densenet100_k24(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax",
    depth=100, growth_rate=24, dropout=0.0,
):  # fmt: skip
    """DenseNet, 100 layers, k = 24. Keywords and errors as `densenet40_k12`."""
    return densenet_cifar(
        depth, growth_rate, False, input_shape, classes, classifier_activation, dropout
    )


@architecture(
    variant_of="densenet40_k12",
    title="DenseNet-BC-100 (k = 12) for CIFAR-10",
    params=769_162,
    non_trainable=23_988,
    macs=287_929_692,
    published=["CIFAR-10 test error 4.51 % with augmentation (Table 2)"],
    tiny={"input_shape": (16, 16, 3), "depth": 16, "growth_rate": 12},
    weights=["pytorchcv"],
)
def densenet_bc100_k12(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax",
    depth=100, growth_rate=12, dropout=0.0,
):  # fmt: skip
    """DenseNet-BC, 100 layers, k = 12. Keywords and errors as `densenet40_k12`."""
    return densenet_cifar(
        depth, growth_rate, True, input_shape, classes, classifier_activation, dropout
    )


@architecture(
    variant_of="densenet40_k12",
    title="DenseNet-BC-250 (k = 24) for CIFAR-10",
    params=15_324_406,
    non_trainable=257_976,
    macs=5_418_785_724,
    published=["CIFAR-10 test error 3.62 % with augmentation (Table 2)"],
    tiny={"input_shape": (16, 16, 3), "depth": 16, "growth_rate": 12},
    weights=["pytorchcv"],
)
def densenet_bc250_k24(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax",
    depth=250, growth_rate=24, dropout=0.0,
):  # fmt: skip
    """DenseNet-BC, 250 layers, k = 24. Keywords and errors as `densenet40_k12`."""
    return densenet_cifar(
        depth, growth_rate, True, input_shape, classes, classifier_activation, dropout
    )


@architecture(
    variant_of="densenet40_k12",
    title="DenseNet-BC-190 (k = 40) for CIFAR-10",
    params=25_624_430,
    non_trainable=256_960,
    macs=9_301_945_740,
    published=["CIFAR-10 test error 3.46 % with augmentation (Table 2)"],
    tiny={"input_shape": (16, 16, 3), "depth": 16, "growth_rate": 12},
    weights=["pytorchcv"],
)
def densenet_bc190_k40(
    *, input_shape=(32, 32, 3), classes=10, classifier_activation="softmax",
    depth=190, growth_rate=40, dropout=0.0,
):  # fmt: skip
    """DenseNet-BC, 190 layers, k = 40. Keywords and errors as `densenet40_k12`."""
    return densenet_cifar(
        depth, growth_rate, True, input_shape, classes, classifier_activation, dropout
    )
