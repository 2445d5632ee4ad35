"""AlexNet (Krizhevsky, Sutskever & Hinton, 2012).

The network that won ILSVRC 2012 by ten points: ReLU, dropout, local response
normalisation, overlapping pooling, and training on two GPUs. The split over GPUs is
part of the architecture: conv2, conv4 and conv5 see only the maps of their own GPU,
which makes them grouped convolutions.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture, check_entries
from kerazoo.layers import LocalResponseNormalization


def conv(x, filters, kernel_size, strides, groups, stddev, bias, name):
    """Convolution and ReLU, started as section 5 says; strided ones do not pad."""
    return layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding="same" if strides == 1 else "valid",
        groups=groups,
        activation="relu",
        kernel_initializer=keras.initializers.RandomNormal(stddev=stddev),
        bias_initializer=keras.initializers.Constant(bias),
        name=name,
    )(x)


def dense(x, units, dropout, stddev, name):
    """Hidden dense layer whose biases start at 1, and dropout of its neurons."""
    x = layers.Dense(
        units,
        activation="relu",
        kernel_initializer=keras.initializers.RandomNormal(stddev=stddev),
        bias_initializer="ones",
        name=name,
    )(x)
    return layers.Dropout(dropout, name=f"{name}_dropout")(x)


# Constants of local response normalisation: those of section 3.3, which are the
# layer's own, and those of Caffe's network, whose alpha is divided by the size.
LRN = {"paper": {}, "caffe": {"alpha": 1e-4 / 5, "bias": 1.0}}


def normalize(x, lrn, name):
    """Local response normalisation, or nothing."""
    return x if lrn is None else LocalResponseNormalization(**LRN[lrn], name=name)(x)


@architecture(
    title="AlexNet",
    paper="Krizhevsky, Sutskever & Hinton, 2012, ImageNet classification with deep "
    "convolutional neural networks, NIPS",
    year=2012,
    url="https://papers.nips.cc/paper/4824",
    task="image classification",
    lectures=[
        "000: AI and Compute, Canziani et al. (2016)",
        "002: Krizhevsky 2012",
        "004: AlexNet (Krizhevsky et al., 2012), Canziani et al. (2016)",
    ],
    dataset="imagenet2012",
    offline="digits",
    params=60_965_224,
    macs=724_406_816,
    variants={
        "single": {"config": {"groups": 1}, "params": 62_378_344},
        "caffe": {"config": {"lrn": "caffe"}, "params": 60_965_224},
    },
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.01, "momentum": 0.9, "l2": 5e-4},
        },
        "schedule": {"kind": "step", "epochs": [30, 60, 80], "factor": 0.1},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 128,
        "epochs": 90,
        "augment": {"random_resized_crop": [0.77, 1.0], "flip": True},
    },
    preprocess={"mean": [123.675, 116.28, 103.53], "std": 1.0},
    published=[
        "ILSVRC-2012 val top-1/top-5 error 40.7/18.2 %, 10-crop (Table 2)",
        "ILSVRC-2012 test top-5 error: 5 networks 16.4 %, 7 networks with pre-training "
        "15.3 % (Table 2)",
        "ILSVRC-2010 test top-1/top-5 error 37.5/17.0 % (Table 1)",
    ],
    deviations=[
        "images are 227x227: the paper says 224x224, which its strides do not divide",
        "subtracts the mean of each channel; the paper subtracts the mean image",
        "random resized crops instead of random crops of 256x256 images; no colour "
        "noise along the principal components",
        "the learning rate drops at epochs 30, 60, 80, where the paper waits for "
        "plateaus",
        "weight decay spares the biases",
    ],
    tiny={"input_shape": (67, 67, 3), "classes": 10,
          "filters": (8, 32, 32, 32, 32), "units": 128, "dropout": 0.2,
          "stddev": 0.05},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 1.5e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 10,
        "augment": None,
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.96},
)  # fmt: skip
def alexnet(
    *, input_shape=(227, 227, 3), classes=1000, include_top=True,
    classifier_activation="softmax", groups=2, lrn="paper",
    filters=(96, 256, 384, 384, 256), units=4096, dropout=0.5, stddev=0.01,
):  # fmt: skip
    """AlexNet (Krizhevsky, Sutskever & Hinton, 2012).

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        include_top: whether to end with the three dense layers; else the model gives
            the last feature map.
        classifier_activation: `"softmax"`, or None for logits.
        groups: 2 as in the paper, one for each GPU; 1 for the network on one GPU.
        lrn: local response normalisation with the constants of the `"paper"`, or
            with those of Caffe's reference network, `"caffe"`; None leaves it out.
        filters: channels of the five convolutions.
        units: width of the two hidden dense layers.
        dropout: rate after the two hidden dense layers.
        stddev: of the initial weights; narrow networks need more.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` floats, 0..255 less the mean
        colour, to `(batch, classes)`.

    Raises:
        ValueError: an unknown `lrn`, or not five `filters`.

    Example:
        >>> model = kerazoo.alexnet(input_shape=(67, 67, 3), classes=10)

    Reference:
        Figure 2 and sections 3 to 5 of the paper.
    """
    if lrn not in (None, *LRN):
        raise ValueError(
            f"`lrn` must be one of {tuple(LRN)} or None. Received: lrn={lrn!r}"
        )
    check_entries("filters", filters, 5)
    inputs = keras.Input(input_shape)
    x = conv(inputs, filters[0], 11, 4, 1, stddev, 0.0, "conv1")  # 55x55x96
    x = normalize(x, lrn, "norm1")
    x = layers.MaxPooling2D(3, 2, name="pool1")(x)  # 27x27x96
    x = conv(x, filters[1], 5, 1, groups, stddev, 1.0, "conv2")  # 27x27x256
    x = normalize(x, lrn, "norm2")
    x = layers.MaxPooling2D(3, 2, name="pool2")(x)  # 13x13x256
    x = conv(x, filters[2], 3, 1, 1, stddev, 0.0, "conv3")  # 13x13x384
    x = conv(x, filters[3], 3, 1, groups, stddev, 1.0, "conv4")  # 13x13x384
    x = conv(x, filters[4], 3, 1, groups, stddev, 1.0, "conv5")  # 13x13x256
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


def owt_conv(x, filters, kernel_size, strides=1, batch_norm=False, name=None):
    """Convolution, batch normalisation in BN-AlexNet, ReLU."""
    if strides > 1:
        x = layers.ZeroPadding2D(2, name=f"{name}_pad")(x)
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding="same" if strides == 1 else "valid",
        kernel_initializer="he_normal",
        name=name,
    )(x)
    return normalized_relu(x, batch_norm, name)


def normalized_relu(x, batch_norm, name):
    """ReLU, in BN-AlexNet after batch normalisation."""
    if batch_norm:
        x = layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def one_weird_trick(
    input_shape, classes, include_top, classifier_activation, filters, units, dropout,
    batch_norm,
):  # fmt: skip
    """The one-tower network of Krizhevsky (2014), without normalisation by default."""
    check_entries("filters", filters, 5)
    inputs = keras.Input(input_shape)
    x = owt_conv(inputs, filters[0], 11, 4, batch_norm, name="conv1")  # 55x55x64
    x = layers.MaxPooling2D(3, 2, name="pool1")(x)  # 27x27x64
    x = owt_conv(x, filters[1], 5, 1, batch_norm, name="conv2")  # 27x27x192
    x = layers.MaxPooling2D(3, 2, name="pool2")(x)  # 13x13x192
    x = owt_conv(x, filters[2], 3, 1, batch_norm, name="conv3")  # 13x13x384
    x = owt_conv(x, filters[3], 3, 1, batch_norm, name="conv4")  # 13x13x256
    x = owt_conv(x, filters[4], 3, 1, batch_norm, name="conv5")  # 13x13x256
    x = layers.MaxPooling2D(3, 2, name="pool5")(x)  # 6x6x256
    if include_top:
        x = layers.Flatten(name="flatten")(x)  # 9216
        for name in ("fc6", "fc7"):
            x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
            x = layers.Dense(units, kernel_initializer="he_normal", name=name)(x)
            x = normalized_relu(x, batch_norm, name)
        x = layers.Dense(
            classes, activation=classifier_activation, dtype="float32", name="fc8"
        )(x)
    return keras.Model(inputs, x)


@architecture(
    variant_of="alexnet",
    title="AlexNet, one-weird-trick version",
    paper="Krizhevsky, 2014, One weird trick for parallelizing convolutional neural "
    "networks",
    year=2014,
    url="arXiv:1404.5997",
    params=61_100_840,
    macs=714_188_480,
    preprocess={"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
    published=[
        "ILSVRC-2012 val top-1 error 42.33 %, one GPU, batches of 128 (Table 1)",
    ],
    deviations=[
        "torchvision's network: no local response normalisation, which the author's "
        "has after conv1 and conv2, and dropout before the hidden dense layers, not "
        "after them",
        "weights start from He's initialisation and biases from 0",
        "AlexNet's recipe on standardised channels",
    ],
    tiny={"input_shape": (64, 64, 3), "classes": 10,
          "filters": (12, 24, 48, 32, 32), "units": 128, "dropout": 0.2},
    weights=["torchvision"],
)  # fmt: skip
def alexnet_owt(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", filters=(64, 192, 384, 256, 256), units=4096,
    dropout=0.5,
):  # fmt: skip
    """AlexNet on one GPU without normalisation (Krizhevsky, 2014), torchvision's.

    Keywords and returns as `alexnet`, but for `dropout`, which is in front of the two
    hidden dense layers; the input is standardised.
    """
    return one_weird_trick(
        input_shape, classes, include_top, classifier_activation, filters, units,
        dropout, batch_norm=False,
    )  # fmt: skip


@architecture(
    variant_of="alexnet",
    title="BN-AlexNet",
    paper="Chintala, 2015, imagenet-multiGPU.torch, model alexnetowtbn; on the chart "
    "of Canziani, Paszke & Culurciello, 2016",
    year=2015,
    url="arXiv:1605.07678",
    lectures=["000: Canziani et al. (2016)", "004: Canziani et al. (2016)"],
    params=61_119_528,
    non_trainable=18_688,
    macs=714_188_480,
    preprocess={"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
    published=["ImageNet val top-1 accuracy 56.6 %, centre crop (Figure 1)"],
    deviations=[
        "weights start from He's initialisation",
        "AlexNet's recipe on standardised channels",
    ],
    tiny={"input_shape": (64, 64, 3), "classes": 10,
          "filters": (12, 24, 48, 32, 32), "units": 128, "dropout": 0.2},
)  # fmt: skip
def bn_alexnet(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", filters=(64, 192, 384, 256, 256), units=4096,
    dropout=0.5,
):  # fmt: skip
    """AlexNet with batch normalisation (Chintala, 2015; Canziani et al., 2016).

    Keywords and returns as `alexnet`, but for `dropout`, which is in front of the two
    hidden dense layers; the input is standardised.
    """
    return one_weird_trick(
        input_shape, classes, include_top, classifier_activation, filters, units,
        dropout, batch_norm=True,
    )  # fmt: skip
