"""The CIFAR-10 networks of cuda-convnet (Krizhevsky, 2012).

The first widely used GPU code for convolutional networks came with these two, named
after their error: "18 % in 20 minutes", and 11 % with locally connected layers, whose
every place has kernels of its own. AlexNet followed from them.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture, check_entries
from kerazoo.layers import ClippedAveragePooling2D, LocalResponseNormalization


@keras.saving.register_keras_serializable(package="kerazoo")
class WithinMapNormalization(layers.Layer):
    """Divides by the energy in a window of the same map.

    `y = x / (1 + alpha * mean(x^2))^beta` over `size` x `size` places around y, zeros
    beyond the border counted: cuda-convnet's `rnorm`.

    Args:
        size: height and width of the window, odd.
        alpha: constant of the formula.
        beta: constant of the formula.

    Input and output shape: `(batch, height, width, channels)`.
    """

    def __init__(self, size=3, alpha=5e-5, beta=0.75, **keywords):
        super().__init__(**keywords)
        self.size, self.alpha, self.beta = size, alpha, beta

    def call(self, x):
        frame = [self.size // 2, self.size // 2]
        energy = ops.pad(ops.square(x), [[0, 0], frame, frame, [0, 0]])
        energy = ops.average_pool(energy, self.size, 1, "valid")
        return x / ops.power(1.0 + self.alpha * energy, self.beta)

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "alpha": self.alpha,
            "beta": self.beta,
        }


@keras.saving.register_keras_serializable(package="kerazoo")
class LocallyConnected2D(layers.Layer):
    """A convolution whose kernels and biases are not shared between places.

    The border is padded with zeros, so that height and width stay.

    Args:
        filters: number of output channels.
        kernel_size: height and width of the kernels, odd.
        kernel_initializer: initialiser of the kernels.

    Input and output shape: `(batch, height, width, channels)`.
    """

    def __init__(
        self, filters, kernel_size, kernel_initializer="glorot_uniform", **keywords
    ):
        super().__init__(**keywords)
        self.filters, self.kernel_size = filters, kernel_size
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        _, height, width, channels = input_shape
        if height is None or width is None:
            raise ValueError(
                "A locally connected layer needs maps of one size: give `input_shape` "
                f"a height and a width. Received: maps of {height}x{width}"
            )
        self.kernel = self.add_weight(
            (height, width, self.kernel_size**2 * channels, self.filters),
            self.kernel_initializer,
            name="kernel",
        )
        shape = (height, width, self.filters)
        self.bias = self.add_weight(shape, "zeros", name="bias")

    def call(self, x):
        height, width = x.shape[1:3]
        frame = [self.kernel_size // 2, self.kernel_size // 2]
        x = ops.pad(x, [[0, 0], frame, frame, [0, 0]])
        steps = range(self.kernel_size)
        windows = ops.concatenate(
            [x[:, i : i + height, j : j + width] for i in steps for j in steps], axis=-1
        )
        return ops.einsum("nhwi,hwio->nhwo", windows, self.kernel) + self.bias

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


def normal(stddev):
    """The layer files' `initW`."""
    return keras.initializers.RandomNormal(stddev=stddev)


def conv(x, filters, stddev, name):
    """5x5 convolution that keeps the size."""
    return layers.Conv2D(
        filters, 5, padding="same", kernel_initializer=normal(stddev), name=name
    )(x)


def classifier(x, classes, activation):
    """The last, dense layer."""
    x = layers.Flatten(name="flatten")(x)
    return layers.Dense(
        classes,
        activation=activation,
        kernel_initializer=normal(0.01),
        dtype="float32",
        name="fc10",
    )(x)


@architecture(
    title="cuda-convnet, 18 %",
    paper="Krizhevsky, 2012, cuda-convnet, example-layers/layers-18pct.cfg",
    year=2012,
    url="https://code.google.com/archive/p/cuda-convnet",
    task="image classification",
    lectures=["004: Performance on CIFAR10"],
    dataset="cifar10",
    offline="digits",
    params=89_578,
    macs=12_298_240,
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 1e-3, "momentum": 0.9, "l2": 4e-3},
        },
        "schedule": {"kind": "step", "epochs": [120, 130], "factor": 0.1},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 128,
        "epochs": 140,
    },
    preprocess={"mean": [125.307, 122.95, 113.865], "std": 1.0},
    published=["CIFAR-10 test error 18 %, without augmentation (layers-18pct.cfg)"],
    deviations=[
        "the mean colour is subtracted instead of the mean image",
        "one learning rate and one weight decay; the original has twice the rate for "
        "biases and a decay of 1 in the last layer",
    ],
    tiny={"input_shape": (16, 16, 3)},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 2e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 12,
    },
    learns={"accuracy": 0.97},
)
def cuda_convnet(
    *,
    input_shape=(32, 32, 3),
    classes=10,
    filters=(32, 32, 64),
    classifier_activation="softmax",
):
    """cuda-convnet's "18 % error in 20 minutes" (Krizhevsky, 2012).

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        filters: channels of the three convolutions.
        classifier_activation: `"softmax"`, or None for logits.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` of pixels less their mean, on
        the 0..255 scale, to `(batch, classes)`.

    Example:
        >>> model = kerazoo.cuda_convnet()

    Reference:
        https://code.google.com/archive/p/cuda-convnet, layers-18pct.cfg.
    """
    check_entries("filters", filters, 3)
    inputs = keras.Input(input_shape)
    x = conv(inputs, filters[0], 1e-4, "conv1")  # 32x32x32
    x = layers.MaxPooling2D(3, 2, "same", name="pool1")(x)  # 16x16x32
    x = layers.ReLU(name="relu1")(x)
    x = WithinMapNormalization(name="rnorm1")(x)
    x = conv(x, filters[1], 0.01, "conv2")  # 16x16x32
    x = layers.ReLU(name="relu2")(x)
    x = ClippedAveragePooling2D(3, 2, name="pool2")(x)  # 8x8x32
    x = WithinMapNormalization(name="rnorm2")(x)
    x = conv(x, filters[2], 0.01, "conv3")  # 8x8x64
    x = layers.ReLU(name="relu3")(x)
    x = ClippedAveragePooling2D(3, 2, name="pool3")(x)  # 4x4x64
    return keras.Model(inputs, classifier(x, classes, classifier_activation))


@architecture(
    variant_of="cuda_convnet",
    title="cuda-convnet, 11 %, locally connected",
    paper="Krizhevsky, 2012, cuda-convnet, example-layers/layers-conv-local-11pct.cfg",
    params=2_112_970,
    macs=19_512_576,
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 1e-3, "momentum": 0.9, "l2": 4e-3},
        },
        "schedule": {"kind": "step", "epochs": [500, 510], "factor": 0.1},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 128,
        "epochs": 520,
        "augment": {"pad_crop": 3, "flip": True},
    },
    published=[
        "CIFAR-10 test error 11 %, mean over translated and mirrored crops "
        "(layers-conv-local-11pct.cfg)",
    ],
    deviations=[
        "the mean colour is subtracted instead of the mean image",
        "images are scaled to 24x24 and shifted at random; the original crops 24x24 of "
        "32x32 and averages over crops at test",
        "one learning rate and one weight decay; the original has twice the rate for "
        "biases, no decay in the convolutions and 0.01 in the last layer",
    ],
    tiny={"input_shape": (16, 16, 3), "filters": (16, 16, 16, 8)},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 2e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 10,
        "augment": None,
    },
)
def cuda_convnet_local(
    *,
    input_shape=(24, 24, 3),
    classes=10,
    filters=(64, 64, 64, 32),
    classifier_activation="softmax",
):
    """cuda-convnet's best: two convolutions, two locally connected layers.

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        filters: channels of the convolutions and of the locally connected layers.
        classifier_activation: `"softmax"`, or None for logits.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` of pixels less their mean, on
        the 0..255 scale, to `(batch, classes)`.

    Example:
        >>> model = kerazoo.cuda_convnet_local()

    Reference:
        https://code.google.com/archive/p/cuda-convnet, layers-conv-local-11pct.cfg.
    """
    check_entries("filters", filters, 4)
    # The layer file's scale of 0.001 is divided by the size of the window.
    norm = {"size": 9, "alpha": 0.001 / 9, "beta": 0.75, "bias": 1.0}
    inputs = keras.Input(input_shape)
    x = conv(inputs, filters[0], 1e-4, "conv1")  # 24x24x64
    x = layers.ReLU(name="relu1")(x)
    x = layers.MaxPooling2D(3, 2, "same", name="pool1")(x)  # 12x12x64
    x = LocalResponseNormalization(**norm, name="rnorm1")(x)
    x = conv(x, filters[1], 0.01, "conv2")  # 12x12x64
    x = layers.ReLU(name="relu2")(x)
    x = LocalResponseNormalization(**norm, name="rnorm2")(x)
    x = layers.MaxPooling2D(3, 2, "same", name="pool2")(x)  # 6x6x64
    x = LocallyConnected2D(filters[2], 3, normal(0.04), name="local3")(x)  # 6x6x64
    x = layers.ReLU(name="relu3")(x)
    x = LocallyConnected2D(filters[3], 3, normal(0.04), name="local4")(x)  # 6x6x32
    x = layers.ReLU(name="relu4")(x)
    return keras.Model(inputs, classifier(x, classes, classifier_activation))
