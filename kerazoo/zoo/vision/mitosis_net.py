"""Mitosis detection (Ciresan, Giusti, Gambardella & Schmidhuber, 2013, MICCAI).

A small network looks at the 101x101 pixels around a place in a breast-cancer slide and
says whether a cell divides there; slid over the image it finds mitoses. It won the ICPR
2012 contest by far, the first medical one that a deep network won.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture


def max_pool(x, dilation, name):
    """2x2 max-pooling; with a dilation, at every place instead of every second."""
    if dilation is None:
        return layers.MaxPooling2D(2, name=name)(x)
    x = ops.maximum(x[:, :-dilation], x[:, dilation:])
    return ops.maximum(x[:, :, :-dilation], x[:, :, dilation:])


def mitosis(input_shape, kernels, maps, units, last, classes, activation, top, sliding):
    """Convolution and pooling in turn, then two dense layers; `last` is what fc1 sees.

    Slid over an image, the network is one pass in which no pooling skips places and
    what follows a pooling takes steps of 2, 4, 8 ... pixels. fc1 is written as a
    convolution, so that both forms have the same weights.
    """
    inputs = keras.Input(input_shape)
    x, step = inputs, 1
    for k, kernel in enumerate(kernels, 1):
        x = layers.Conv2D(
            maps, kernel, activation=activation, dilation_rate=step, name=f"conv{k}"
        )(x)
        x = max_pool(x, step if sliding else None, name=f"pool{k}")
        step = 2 * step if sliding else 1
    x = layers.Conv2D(
        units, last, activation=activation, dilation_rate=step, name="fc1"
    )(x)
    if not sliding:
        x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(classes, activation=top, dtype="float32", name="fc2")(x)
    return keras.Model(inputs, x)


@architecture(
    title="Mitosis detector, DNN1",
    paper="Ciresan, Giusti, Gambardella & Schmidhuber, 2013, Mitosis detection in "
    "breast cancer histology images with deep neural networks, MICCAI",
    year=2013,
    url="doi:10.1007/978-3-642-40763-5_51",
    task="image classification",
    lectures=["002: DL Today: Vision (Ciresan et al., 2013)"],
    dataset="mitosis_windows",
    offline="mitosis_windows",
    params=13_630,
    macs=8_468_936,
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.01, "momentum": 0.9},
        },
        "schedule": {"kind": "linear"},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 32,
        "epochs": 50,
        "augment": {"flip": True},
    },
    preprocess={"mean": 127.5, "std": 127.5},
    published=[
        "ICPR 2012 contest: F1 0.782, precision 0.88, recall 0.70, two networks"
    ],
    deviations=[
        "ReLU units: the paper does not settle which hidden units it has",
        "no reader for the contest's slides: generated windows stand in",
        "mirrored at training, not turned; the second network of the pair is "
        "mitosis_net_dnn2, and averaging the two, over turns and mirrors, and finding "
        "maxima in the map is left to the caller",
        "the momentum method, its rates and 50 epochs are ours",
    ],
    tiny={},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 2e-3}},
        "schedule": {"kind": "one_cycle"},
        "epochs": 8,
        "augment": None,
    },
    learns={"accuracy": 0.97},
)
def mitosis_net(
    *, input_shape=(101, 101, 3), classes=2, kernels=(2, 3, 3, 2, 2), maps=16,
    units=100, sliding=False, activation="relu", classifier_activation="softmax",
):  # fmt: skip
    """Does a cell divide in this window? Five convolutions (Ciresan et al., 2013).

    Args:
        input_shape: height, width and channels of a window, or with `sliding` of an
            image of at least 101x101.
        classes: number of classes.
        kernels: kernel sizes of the convolutions, each with a 2x2 max-pooling.
        maps: channels of the convolutions.
        units: width of the hidden dense layer.
        sliding: whether to answer for every window of an image in one pass. Takes the
            weights of the network trained on windows.
        activation: of all hidden layers.
        classifier_activation: `"softmax"`, or None for logits.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` floats in [-1, 1] to
        `(batch, classes)`, with `sliding` to `(batch, height - 100, width - 100,
        classes)`.

    Example:
        >>> model = kerazoo.mitosis_net()
        >>> slide = kerazoo.mitosis_net(sliding=True, input_shape=(512, 512, 3))
        >>> slide.set_weights(model.get_weights())

    Reference:
        doi:10.1007/978-3-642-40763-5_51, table 1.
    """
    # Maps of 100, 50, 48, 24, 22, 11, 10, 5, 4 and 2.
    return mitosis(
        input_shape, kernels, maps, units, 2, classes, activation,
        classifier_activation, sliding,
    )  # fmt: skip


@architecture(
    variant_of="mitosis_net",
    title="Mitosis detector, DNN2",
    params=37_230,
    macs=17_854_664,
    published=[
        "ICPR 2012 contest: F1 0.782, precision 0.88, recall 0.70, two networks"
    ],
)
def mitosis_net_dnn2(
    *, input_shape=(101, 101, 3), classes=2, kernels=(4, 4, 4, 3), maps=16,
    units=100, sliding=False, activation="relu", classifier_activation="softmax",
):  # fmt: skip
    """The second, shallower network of the pair. Keywords as `mitosis_net`."""
    # Maps of 98, 49, 46, 23, 20, 10, 8 and 4.
    return mitosis(
        input_shape, kernels, maps, units, 4, classes, activation,
        classifier_activation, sliding,
    )  # fmt: skip
