"""Multi-column deep neural networks (Ciresan, Meier & Schmidhuber, 2012).

Plain convolutional networks with small kernels and frequent max-pooling, trained long
on GPUs; several columns, which differ in how their input is normalised and where they
start, vote by the mean of their probabilities. The first to reach human error on MNIST
and on traffic signs.

A builder makes one column. `kerazoo.ensemble` makes the committee of trained ones.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture, check_entries
from kerazoo.zoo.history.lenet5 import scaled_tanh


@keras.saving.register_keras_serializable(package="kerazoo")
class WidthNormalization(layers.Layer):
    """Scales what is brighter than the background to one width, and centres it.

    What makes the columns for MNIST different: digits 10, 12, ... 20 pixels wide.

    Args:
        width: of the digit afterwards, in pixels.

    Input and output shape: `(batch, height, width, 1)` in [-1, 1], background -1.
    """

    def __init__(self, width, **keywords):
        super().__init__(**keywords)
        self.width = width

    def call(self, x):
        columns = x.shape[2]
        ink = ops.any(x > -0.9, axis=(1, 3))
        place = ops.arange(columns, dtype=x.dtype)
        first = ops.min(ops.where(ink, place, columns), axis=1, keepdims=True)
        last = ops.max(ops.where(ink, place, -1.0), axis=1, keepdims=True)
        # Where in the image every column of the result comes from.
        across = (place - (columns - 1) / 2) / self.width
        source = (first + last) / 2 + across * (last - first + 1)
        inside = ops.abs(across) <= 0.5
        weight = 1.0 - ops.abs(source[:, None, :] - place[:, None])
        weight = ops.where(inside, ops.maximum(weight, 0.0), 0.0)
        return ops.einsum("nhsc,nsw->nhwc", x + 1.0, weight) - 1.0

    def get_config(self):
        return {**super().get_config(), "width": self.width}


def column(
    inputs, maps, kernels, pools, units, classes, classifier_activation, digit_width
):
    """Convolution and max-pooling in turn, then dense layers, all of scaled tanh."""
    check_entries("kernels", kernels, len(maps))
    check_entries("pools", pools, len(maps))
    init = keras.initializers.RandomUniform(-0.05, 0.05)
    x = inputs
    if digit_width is not None:
        if digit_width <= 0 or inputs.shape[-1] != 1:
            raise ValueError(
                "`digit_width` must be a positive number of pixels, and the images of "
                f"one channel. Received: digit_width={digit_width}, "
                f"input_shape={inputs.shape[1:]}"
            )
        x = WidthNormalization(digit_width, name="digit_width")(x)
    for k, (n, kernel, pool) in enumerate(zip(maps, kernels, pools, strict=True), 1):
        x = layers.Conv2D(
            n,
            kernel,
            activation=scaled_tanh,
            kernel_initializer=init,
            name=f"conv{k}",
        )(x)
        # Windows are clipped at the border where the size does not divide.
        x = layers.MaxPooling2D(pool, padding="same", name=f"pool{k}")(x)
    x = layers.Flatten(name="flatten")(x)
    for k, n in enumerate(units, 1):
        x = layers.Dense(
            n, activation=scaled_tanh, kernel_initializer=init, name=f"fc{k}"
        )(x)
    x = layers.Dense(
        classes,
        activation=classifier_activation,
        kernel_initializer=init,
        dtype="float32",
        name="output",
    )(x)
    return keras.Model(inputs, x)


@architecture(
    title="MCDNN column for MNIST",
    paper="Ciresan, Meier & Schmidhuber, 2012, Multi-column deep neural networks for "
    "image classification, CVPR",
    year=2012,
    url="arXiv:1202.2745",
    task="image classification",
    lectures=["002: Ciresan et al."],
    dataset="mnist",
    offline="digits",
    params=76_040,
    macs=1_891_820,
    recipe={
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 1e-3}},
        "schedule": {"kind": "exponential", "factor": 0.993},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 1,
        "epochs": 500,
    },
    preprocess={"mean": 127.5, "std": 127.5},
    published=["MNIST test error 0.23 %, 35 columns (Table 1)"],
    deviations=[
        "training images are not distorted, on which the published error depends",
        "images are scaled to the size of the input instead of framed",
        "initial weights in [-0.05, 0.05] are those of the group's papers of the time",
    ],
    tiny={"maps": (10, 20), "units": (50,)},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 15,
    },
    learns={"accuracy": 0.96},
)
def mcdnn(
    *, input_shape=(29, 29, 1), classes=10, maps=(20, 40), kernels=(4, 5), pools=(2, 3),
    units=(150,), digit_width=None, classifier_activation="softmax",
):  # fmt: skip
    """A column of MCDNN for MNIST: 20C4-MP2-40C5-MP3-150N-10N (Ciresan, 2012).

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        maps: channels of the convolutions.
        kernels: their kernel sizes.
        pools: sizes of the max-pooling windows after them.
        units: widths of the hidden dense layers.
        digit_width: pixels to which digits are scaled in width: 10, 12, 14, 16, 18 or
            20 in the paper's columns; None leaves them.
        classifier_activation: `"softmax"`, or None for logits.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` floats in [-1, 1] to
        `(batch, classes)`.

    Raises:
        ValueError: `maps`, `kernels` and `pools` of unequal length, or a `digit_width`
            that is not positive or not for images of one channel.

    Example:
        >>> model = kerazoo.mcdnn(digit_width=16)

    Reference:
        arXiv:1202.2745, section 3.1 and Table 1.
    """
    inputs = keras.Input(input_shape)  # 29x29x1, then 13x13x20, 3x3x40
    return column(
        inputs, maps, kernels, pools, units, classes, classifier_activation,
        digit_width,
    )  # fmt: skip


@architecture(
    variant_of="mcdnn",
    title="MCDNN column for CIFAR-10",
    dataset="cifar10",
    params=1_660_710,
    macs=99_661_000,
    published=["CIFAR-10 test error 11.21 %, 8 columns"],
    deviations=[
        "training images are not translated or scaled at random",
        "initial weights in [-0.05, 0.05] are those of the group's papers of the time",
    ],
    tiny={"maps": (24, 32, 48, 64), "units": (96, 64)},
)
def mcdnn_cifar10(
    *, input_shape=(32, 32, 3), classes=10, maps=(300, 300, 300, 300),
    kernels=(3, 2, 3, 2), pools=(2, 2, 2, 2), units=(300, 100),
    classifier_activation="softmax",
):  # fmt: skip
    """A column of MCDNN for CIFAR-10 (Ciresan et al., 2012). Keywords as `mcdnn`."""
    inputs = keras.Input(input_shape)  # 32x32x3, then 15x15, 7x7, 3x3, 1x1x300
    return column(
        inputs, maps, kernels, pools, units, classes, classifier_activation, None
    )


@architecture(
    variant_of="mcdnn",
    title="MCDNN column for NORB",
    dataset="digits",
    params=8_675_906,
    macs=912_591_400,
    published=["NORB jittered-cluttered test error 2.70 %"],
    deviations=[
        "no reader for jittered-cluttered NORB: pass its image pairs to fit",
        "training images are not distorted",
        "initial weights in [-0.05, 0.05] are those of the group's papers of the time",
    ],
    tiny={"input_shape": (48, 48, 1), "classes": 10, "maps": (8, 12), "units": (40,)},
    learns={"accuracy": 0.96},
)
def mcdnn_norb(
    *, input_shape=(48, 48, 2), classes=6, maps=(300, 500), kernels=(6, 4),
    pools=(2, 4), units=(500,), classifier_activation="softmax",
):  # fmt: skip
    """A column of MCDNN for stereo pairs of NORB. Keywords as `mcdnn`."""
    inputs = keras.Input(input_shape)  # 48x48x2, then 22x22x300, 5x5x500
    return column(
        inputs, maps, kernels, pools, units, classes, classifier_activation, None
    )


@architecture(
    variant_of="mcdnn",
    title="MCDNN column for traffic signs",
    dataset="digits",
    params=1_564_943,
    macs=126_000_100,
    published=["GTSRB test error 0.54 %, 25 columns"],
    deviations=[
        "no reader for GTSRB: pass its images to fit",
        "training images are not distorted, nor their contrast normalised, by which "
        "the paper's columns differ",
        "initial weights in [-0.05, 0.05] are those of the group's papers of the time",
    ],
    tiny={"input_shape": (48, 48, 3), "classes": 10, "maps": (12, 24, 32),
          "units": (64, 48)},
    learns={"accuracy": 0.96},
)  # fmt: skip
def mcdnn_gtsrb(
    *, input_shape=(48, 48, 3), classes=43, maps=(100, 150, 250), kernels=(7, 4, 4),
    pools=(2, 2, 2), units=(300, 100), classifier_activation="softmax",
):  # fmt: skip
    """A column of MCDNN for German traffic signs. Keywords as `mcdnn`."""
    inputs = keras.Input(input_shape)  # 48x48x3, then 21x21x100, 9x9x150, 3x3x250
    return column(
        inputs, maps, kernels, pools, units, classes, classifier_activation, None
    )


@architecture(
    variant_of="mcdnn",
    title="MCDNN column for Chinese characters",
    dataset="digits",
    params=3_483_655,
    macs=74_981_900,
    published=["CASIA HWDB1.1 offline test error 6.5 %"],
    deviations=[
        "no reader for CASIA HWDB1.1: pass its images to fit",
        "training images are not distorted",
        "initial weights in [-0.05, 0.05] are those of the group's papers of the time",
    ],
    tiny={"input_shape": (48, 48, 1), "classes": 10, "maps": (16, 24, 32, 48),
          "units": (96,)},
    learns={"accuracy": 0.96},
)  # fmt: skip
def mcdnn_hwdb(
    *, input_shape=(48, 48, 1), classes=3755, maps=(100, 200, 300, 400),
    kernels=(3, 2, 2, 2), pools=(2, 2, 2, 2), units=(500,),
    classifier_activation="softmax",
):  # fmt: skip
    """A column of MCDNN for 3755 Chinese characters. Keywords as `mcdnn`."""
    inputs = keras.Input(input_shape)  # 48x48x1, then 23x23, 11x11, 5x5, 2x2x400
    return column(
        inputs, maps, kernels, pools, units, classes, classifier_activation, None
    )
