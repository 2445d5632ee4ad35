"""Mitosis detection (Ciresan, Giusti, Gambardella & Schmidhuber, 2013, MICCAI).

A small network looks at the 101x101 pixels around a place in a breast-cancer slide and
says whether a cell divides there; slid over the image it finds mitoses. It won the ICPR
2012 contest by far, the first medical one that a deep network won.
"""

import math

import keras
from keras import layers, ops

from kerazoo.architecture import architecture
from kerazoo.layers.ensemble import Ensemble


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
        "mitosis_net_dnn2, and both together are mitosis_detector",
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


def slid(net):
    """A network for windows in one pass over images of any size; same weights."""
    inputs = keras.Input((None, None, net.input_shape[-1]))
    x, step = inputs, 1
    for layer in net.layers:
        if isinstance(layer, layers.MaxPooling2D):
            x, step = max_pool(x, step, None), 2 * step
        elif isinstance(layer, layers.Conv2D):
            config = layer.get_config() | {"dilation_rate": step}
            x = layers.Conv2D.from_config(config)(x)
        elif isinstance(layer, layers.Dense):
            x = layers.Dense.from_config(layer.get_config())(x)
    model = keras.Model(inputs, x)
    model.set_weights(net.get_weights())
    return model


def maxima(chances, threshold, distance):
    """`[(row, column, chance)]` of an array, the greatest first.

    Whatever lies within `distance` of a found maximum is suppressed.
    """
    chances = chances.copy()
    rows, columns = (ops.convert_to_numpy(ops.arange(n)) for n in chances.shape)
    found = []
    while chances.max() >= threshold:
        row, column = divmod(int(chances.argmax()), chances.shape[1])
        found.append((row, column, float(chances[row, column])))
        away = (rows[:, None] - row) ** 2 + (columns - column) ** 2
        chances[away <= distance**2] = -math.inf
    return found


@keras.saving.register_keras_serializable(package="kerazoo")
class MitosisDetector(Ensemble):
    """Networks for windows, side by side, and the search for mitoses in images.

    Arguments as of `Ensemble`.
    """

    def detect(self, images, *, threshold=0.5, radius=10):
        """Finds mitoses, each by its centre.

        The networks look at every pixel of an image and of its turned and mirrored
        copies, eight in all, beyond the rim at its mirror image. The mean of their
        probabilities is smoothed by a disk; a maximum suppresses what is nearer than
        two radii.

        Args:
            images: floats `(batch, height, width, channels)` in [-1, 1].
            threshold: smoothed probability above which a maximum is a mitosis.
            radius: of the disk, in pixels.

        Returns:
            For every image a list of `(row, column, probability)`, the surest first.

        Raises:
            ValueError: no batch of images, images of 50 pixels or less on a side, or a
                detector of other windows than 101x101.
        """
        height, width = self.input_shape[1:3]
        if any(
            net.get_layer("fc1").output.shape[1:3] != (1, 1) for net in self.members
        ):
            raise ValueError(
                "`detect` slides windows of 101x101 pixels. This detector was built "
                f"for {height}x{width}."
            )
        nets = [slid(member) for member in self.members]
        span = range(-radius, radius + 1)
        disk = [[float(math.hypot(i, j) <= radius) for i in span] for j in span]
        disk = ops.convert_to_tensor(disk)[:, :, None, None] / sum(map(sum, disk))
        found = []
        for image in images:
            image = ops.convert_to_tensor(image, "float32")[None]
            _, *size, channels = shape = tuple(image.shape)
            least = max(height, width) // 2 + 1  # of which the margin is the mirror
            if len(shape) != 4 or channels != self.input_shape[-1] or min(size) < least:
                raise ValueError(
                    f"`images` must be (batch, height, width, {self.input_shape[-1]}) "
                    f"of at least {least}x{least} pixels. Received: an image of shape "
                    f"{shape[1:]}"
                )
            chance = sum(self._turned(nets, image, k) for k in range(8)) / 8
            chance = ops.conv(chance, disk, padding="same")[0, :, :, 0]
            chance = ops.convert_to_numpy(chance)
            found.append(maxima(chance, threshold, 2 * radius))
        return found

    def _turned(self, nets, image, k):
        """Mean probability at every pixel, seen in the k-th of the 8 symmetries."""
        image = ops.swapaxes(image, 1, 2) if k & 4 else image
        for axis in (1, 2):
            image = ops.flip(image, axis) if k & axis else image
        margin = [((n - 1) // 2, n // 2) for n in self.input_shape[1:3]]
        image = ops.pad(image, [(0, 0), *margin, (0, 0)], mode="reflect")
        chance = sum(net(image, training=False)[..., 1:2] for net in nets) / len(nets)
        for axis in (1, 2):
            chance = ops.flip(chance, axis) if k & axis else chance
        return ops.swapaxes(chance, 1, 2) if k & 4 else chance


@architecture(
    variant_of="mitosis_net",
    title="Mitosis detector, DNN1 and DNN2",
    params=50_860,
    macs=26_323_600,
    published=[
        "ICPR 2012 contest: F1 0.782, precision 0.88, recall 0.70, two networks"
    ],
    deviations=[
        "ReLU units: the paper does not settle which hidden units they have",
        "no reader for the contest's slides: generated windows stand in",
        "mirrored at training, not turned",
        "the momentum method, its rates and 50 epochs are ours",
    ],
)
def mitosis_detector(
    *, input_shape=(101, 101, 3), classes=2, maps=16, units=100, activation="relu"
):
    """Both networks, averaged, with the search for mitoses in whole images.

    `fit` trains each network as if alone, `predict` gives their mean on windows, and
    `detect` finds mitoses in images.

    Args:
        input_shape: height, width and channels of a window.
        classes: number of classes; 1 is the mitosis.
        maps: channels of the convolutions.
        units: width of the hidden dense layers.
        activation: of all hidden layers.

    Returns:
        A compiled `MitosisDetector`, `(batch, *input_shape)` floats in [-1, 1] to
        `(batch, classes)` probabilities.

    Example:
        >>> model = kerazoo.mitosis_detector()
        >>> kerazoo.fit(model)
        >>> model.detect(slides)

    Reference:
        doi:10.1007/978-3-642-40763-5_51.
    """
    pair = [
        mitosis(
            input_shape, kernels, maps, units, last, classes, activation, "softmax",
            sliding=False,
        )
        for kernels, last in (((2, 3, 3, 2, 2), 2), ((4, 4, 4, 3), 4))
    ]  # fmt: skip
    for number, net in enumerate(pair, 1):
        net.name = f"dnn{number}"
    return MitosisDetector(pair, layers.Average(dtype="float32", name="average"))
