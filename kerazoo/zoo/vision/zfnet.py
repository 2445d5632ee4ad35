"""ZFNet (Zeiler & Fergus, 2014, arXiv:1311.2901).

AlexNet mended by looking inside: the deconvnet showed dead and aliased filters in the
first layers, so the first kernels shrink from 11x11 to 7x7 and the strides from 4 to 2.
Winner of ILSVRC 2013 in the hands of Clarifai. No layer is split over GPUs.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture, check_entries
from kerazoo.layers import LocalResponseNormalization


@keras.saving.register_keras_serializable(package="kerazoo")
class MaxRMS(keras.constraints.Constraint):
    """Rescales each filter whose root mean square exceeds a bound to that bound.

    Args:
        maximum: the bound, 0.1 in section 3.
    """

    def __init__(self, maximum=0.1):
        self.maximum = maximum

    def __call__(self, kernel):
        axes = tuple(range(len(kernel.shape) - 1))  # all but the output channels
        rms = ops.sqrt(ops.mean(ops.square(kernel), axis=axes, keepdims=True))
        return kernel * (self.maximum / ops.maximum(rms, self.maximum))

    def get_config(self):
        return {"maximum": self.maximum}


def conv(x, filters, kernel_size, stddev, name):
    """3x3 convolution and ReLU; the two large ones of stride 2 pad on their own."""
    large = kernel_size > 3
    return layers.Conv2D(
        filters,
        kernel_size,
        strides=2 if large else 1,
        padding="valid" if large else "same",
        activation="relu",
        kernel_initializer=keras.initializers.RandomNormal(stddev=stddev),
        kernel_constraint=MaxRMS(),
        name=name,
    )(x)


def dense(x, units, dropout, stddev, name):
    """Hidden dense layer and dropout."""
    x = layers.Dense(
        units,
        activation="relu",
        kernel_initializer=keras.initializers.RandomNormal(stddev=stddev),
        name=name,
    )(x)
    return layers.Dropout(dropout, name=f"{name}_dropout")(x)


def zeiler_fergus(
    input_shape, classes, include_top, classifier_activation, filters, units, dropout,
    stddev,
):  # fmt: skip
    """The network of Figure 3."""
    check_entries("filters", filters, 5)
    inputs = keras.Input(input_shape)
    x = layers.ZeroPadding2D(1, name="conv1_pad")(inputs)
    x = conv(x, filters[0], 7, stddev, "conv1")  # 110x110x96
    x = layers.MaxPooling2D(3, 2, padding="same", name="pool1")(x)  # 55x55x96
    x = LocalResponseNormalization(name="norm1")(x)
    x = conv(x, filters[1], 5, stddev, "conv2")  # 26x26x256
    x = layers.MaxPooling2D(3, 2, padding="same", name="pool2")(x)  # 13x13x256
    x = LocalResponseNormalization(name="norm2")(x)
    x = conv(x, filters[2], 3, stddev, "conv3")  # 13x13x384
    x = conv(x, filters[3], 3, stddev, "conv4")  # 13x13x384
    x = conv(x, filters[4], 3, stddev, "conv5")  # 13x13x256
    x = layers.MaxPooling2D(3, 2, name="pool5")(x)  # 6x6x256
    if include_top:
        x = layers.Flatten(name="flatten")(x)  # 9216
        x = dense(x, units, dropout, stddev, "fc6")
        x = dense(x, units, dropout, stddev, "fc7")
        x = layers.Dense(
            classes,
            activation=classifier_activation,
            kernel_initializer=keras.initializers.RandomNormal(stddev=stddev),
            dtype="float32",
            name="fc8",
        )(x)
    return keras.Model(inputs, x)


@architecture(
    title="ZFNet",
    paper="Zeiler & Fergus, 2014, Visualizing and understanding convolutional "
    "networks, ECCV",
    year=2014,
    url="arXiv:1311.2901",
    task="image classification",
    lectures=["000: AI and Compute", "004: Zeiler and Fergus, 2014"],
    dataset="imagenet2012",
    offline="digits",
    params=62_357_608,
    macs=1_168_032_896,
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.01, "momentum": 0.9},
        },
        "schedule": {"kind": "step", "epochs": [30, 50, 60], "factor": 0.1},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 128,
        "epochs": 70,
        "augment": {"random_resized_crop": [0.77, 1.0], "flip": True},
    },
    preprocess={"mean": [123.675, 116.28, 103.53], "std": 1.0},
    published=["ImageNet val top-1/top-5 error 38.4/16.5 % (Table 2, model a)"],
    deviations=[
        "the contrast normalisation, which the paper does not define, is AlexNet's",
        "subtracts the mean of each channel; the paper subtracts the mean image",
        "random resized crops instead of ten fixed crops of each image",
        "the learning rate drops at epochs 30, 50, 60, where the paper anneals by hand",
    ],
    tiny={"input_shape": (64, 64, 3), "classes": 10,
          "filters": (8, 32, 32, 32, 32), "units": 64, "dropout": 0.2,
          "stddev": 0.05},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 1.5e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 14,
        "augment": None,
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.96},
)  # fmt: skip
def zfnet(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", filters=(96, 256, 384, 384, 256), units=4096,
    dropout=0.5, stddev=0.01,
):  # fmt: skip
    """ZFNet (Zeiler & Fergus, 2014).

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        include_top: whether to end with the three dense layers; else the model gives
            the last feature map.
        classifier_activation: `"softmax"`, or None for logits.
        filters: channels of the five convolutions.
        units: width of the two hidden dense layers.
        dropout: rate after the two hidden dense layers.
        stddev: of the initial weights; narrow networks need more.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` floats, 0..255 less the mean
        colour, to `(batch, classes)`.

    Example:
        >>> model = kerazoo.zfnet(input_shape=(64, 64, 3), classes=10, units=256)

    Reference:
        arXiv:1311.2901, Figure 3 and section 3.
    """
    return zeiler_fergus(
        input_shape, classes, include_top, classifier_activation, filters, units,
        dropout, stddev,
    )  # fmt: skip


@architecture(
    variant_of="zfnet",
    title="ZFNet with wider maps",
    params=107_627_624,
    macs=2_476_704_896,
    published=[
        "ImageNet val top-1/top-5 error 37.5/16.0 % (Table 2, model b)",
        "ImageNet val top-1/top-5 error 36.0/14.7 %, test top-5 error 14.8 %, 6 "
        "networks (Table 2, models a and b)",
    ],
)
def zfnet_b(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", filters=(96, 256, 512, 1024, 512), units=4096,
    dropout=0.5, stddev=0.01,
):  # fmt: skip
    """ZFNet, model (b): maps of layers 3, 4, 5 widened to 512, 1024, 512.

    Keywords and returns as `zfnet`.
    """
    return zeiler_fergus(
        input_shape, classes, include_top, classifier_activation, filters, units,
        dropout, stddev,
    )  # fmt: skip
