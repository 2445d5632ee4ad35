"""The convolutional networks before LeNet-5 (LeCun et al., 1989, 1990, 1998).

The zip-code network of 1989 was the first convolutional network trained end to end by
back-propagation; its strides become subsampling layers in LeNet-1, and LeNet-4 adds a
fully connected hidden layer.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture
from kerazoo.zoo.history.lenet5 import (
    Subsampling,
    TableConv2D,
    check_size,
    scaled_tanh,
    uniform,
)

# The 8 of the 12 maps of H1 that each map of H2 sees.
ZIP_TABLE = (
    (0, 1, 2, 3, 4, 5, 6, 7),
    (4, 5, 6, 7, 8, 9, 10, 11),
    (0, 1, 2, 3, 8, 9, 10, 11),
)
# Table 1 of 1990: the maps of H2 that each of the 12 maps of H3 sees.
LENET1_TABLE = (
    (0,), (0, 1), (0, 1), (1,), (0, 1), (0, 1),
    (2,), (2, 3), (2, 3), (3,), (2, 3), (2, 3),
)  # fmt: skip
# 3 of 8 maps for each of 16, as the 260,000 connections of LeNet-4 imply.
LENET4_TABLE = tuple(
    tuple(sorted((k + step) % 8 for step in steps))
    for steps in ((0, 1, 2), (0, 1, 3))
    for k in range(8)
)


@keras.saving.register_keras_serializable(package="kerazoo")
class BackgroundPadding(layers.Layer):
    """Frames maps with -1, the level of the background.

    Args:
        width: of the frame.

    Input and output shape: `(batch, h, w, maps)` to
    `(batch, h + 2 width, w + 2 width, maps)`.
    """

    def __init__(self, width, **keywords):
        super().__init__(**keywords)
        self.width = width

    def call(self, x):
        frame = [self.width, self.width]
        return ops.pad(x, [[0, 0], frame, frame, [0, 0]], constant_values=-1.0)

    def get_config(self):
        return {**super().get_config(), "width": self.width}


@keras.saving.register_keras_serializable(package="kerazoo")
class UnitBias(layers.Layer):
    """A bias for every unit of every map; kernels are shared, thresholds are not."""

    def build(self, input_shape):
        self.bias = self.add_weight(input_shape[1:], "zeros")

    def call(self, x):
        return x + self.bias


@keras.saving.register_keras_serializable(package="kerazoo")
class PlusMinusOneError(keras.losses.Loss):
    """Half the squared distance to +1 for the right class and -1 for the others.

    Expects sparse labels.
    """

    def call(self, y_true, y_pred):
        labels = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        targets = 2.0 * ops.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype) - 1.0
        return 0.5 * ops.sum(ops.square(y_pred - targets), axis=-1)


def outputs(classes, fan_in):
    """Scaled tanh units, one for each class."""
    return layers.Dense(
        classes,
        activation=scaled_tanh,
        kernel_initializer=uniform(fan_in),
        dtype="float32",
        name="output",
    )


@architecture(
    title="Zip-code network (1989)",
    paper="LeCun, Boser, Denker, Henderson, Howard, Hubbard & Jackel, 1989, "
    "Backpropagation applied to handwritten zip code recognition, Neural Computation "
    "1(4):541-551",
    year=1989,
    url="doi:10.1162/neco.1989.1.4.541",
    task="image classification",
    lectures=[],
    dataset="mnist",
    offline="digits",
    params=9_760,
    macs=82_860,
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 2e-3}},
        "schedule": {"kind": "one_cycle"},
        "loss": "kerazoo>PlusMinusOneError",
        "metrics": ["accuracy"],
        "batch_size": 32,
        "epochs": 23,
    },
    preprocess={"mean": 127.5, "std": 127.5},
    published=["5.0 % test error on 2,007 digits of USPS mail, after 23 passes"],
    deviations=[
        "which 8 maps of H1 a map of H2 sees is that of public re-implementations; "
        "the paper gives the number only",
        "Adam on batches instead of a quasi-Newton step for each image; 23 passes as "
        "in the paper",
        "MNIST, scaled to 16x16, stands in for the zip codes",
    ],
    tiny={},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 5e-3}},
        "epochs": 20,
    },
    learns={"accuracy": 0.965},
)
def zip_cnn_1989(*, input_shape=(16, 16, 1), classes=10):
    """The first convolutional network trained by back-propagation (LeCun, 1989).

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.

    Returns:
        A compiled `keras.Sequential`, `(batch, *input_shape)` floats in [-1, 1] to
        `(batch, classes)` between -1.7 and 1.7.

    Example:
        >>> model = kerazoo.zip_cnn_1989()

    Reference:
        doi:10.1162/neco.1989.1.4.541, figure 3.
    """
    table = tuple(ZIP_TABLE[k // 4] for k in range(12))
    model = keras.Sequential(
        [
            keras.Input(input_shape),  # 16x16x1
            BackgroundPadding(2, name="h1_pad"),  # 20x20x1
            layers.Conv2D(
                12,
                5,
                2,
                use_bias=False,
                kernel_initializer=uniform(25 * input_shape[-1]),
                name="h1",
            ),
            UnitBias(name="h1_bias"),
            layers.Activation(scaled_tanh, name="h1_f"),  # 8x8x12
            BackgroundPadding(2, name="h2_pad"),  # 12x12x12
            TableConv2D(table, 5, strides=2, use_bias=False, name="h2"),
            UnitBias(name="h2_bias"),
            layers.Activation(scaled_tanh, name="h2_f"),  # 4x4x12
            layers.Flatten(name="flatten"),  # 192
        ]
    )
    fan_in = model.output_shape[-1]
    model.add(
        layers.Dense(
            30, activation=scaled_tanh, kernel_initializer=uniform(fan_in), name="h3"
        )
    )
    model.add(outputs(classes, 30))
    return model


@architecture(
    variant_of="zip_cnn_1989",
    title="LeNet-1",
    paper="LeCun et al., 1990, Handwritten digit recognition with a back-propagation "
    "network, NIPS 2; named in LeCun, Bottou, Bengio & Haffner, 1998, section III.C",
    year=1990,
    url="doi:10.1109/5.726791",
    lectures=["000, 001: LeNet-1"],
    params=2_578,
    macs=136_320,
    variants={"simplified": {"config": {"simplified": True}, "params": 3_246}},
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 2e-3}},
        "schedule": {"kind": "one_cycle"},
        "loss": "kerazoo>PlusMinusOneError",
        "metrics": ["accuracy"],
        "batch_size": 32,
        "epochs": 20,
    },
    published=["MNIST test error 1.7 % (LeCun et al., 1998, section III.C)"],
    deviations=[
        "MNIST's digits fill 20x20 of the 28x28 inputs; in 1998 they were scaled down "
        "to 16x16 and centred, in 1990 the network read zip codes",
        "subsampled maps are squashed, as in LeNet-5; the paper does not say",
        "Adam on batches instead of a quasi-Newton step for each image",
        "subsampling coefficients start at 1/4, biases at 0",
    ],
    learns={"accuracy": 0.955},
)
def lenet1(*, input_shape=(28, 28, 1), classes=10, simplified=False):
    """LeNet-1 (LeCun et al., 1990): two convolutions, two subsamplings, ten outputs.

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        simplified: whether to connect all maps and to subsample by a plain average.

    Returns:
        A compiled `keras.Sequential`, `(batch, *input_shape)` floats in [-1, 1] to
        `(batch, classes)` between -1.7 and 1.7.

    Raises:
        ValueError: images smaller than 16x16.

    Example:
        >>> model = kerazoo.lenet1()

    Reference:
        LeCun et al., 1990, table 1; doi:10.1109/5.726791, section III.C.
    """
    check_size(input_shape, 16)
    model = keras.Sequential([keras.Input(input_shape)])  # 28x28x1
    model.add(
        layers.Conv2D(4, 5, kernel_initializer=uniform(25 * input_shape[-1]), name="h1")
    )
    model.add(layers.Activation(scaled_tanh, name="h1_f"))  # 24x24x4
    if simplified:
        model.add(layers.AveragePooling2D(2, name="h2"))  # 12x12x4
        model.add(layers.Conv2D(12, 5, kernel_initializer=uniform(100), name="h3"))
    else:
        model.add(Subsampling(name="h2"))
        model.add(layers.Activation(scaled_tanh, name="h2_f"))
        model.add(TableConv2D(LENET1_TABLE, 5, name="h3"))
    model.add(layers.Activation(scaled_tanh, name="h3_f"))  # 8x8x12
    if simplified:
        model.add(layers.AveragePooling2D(2, name="h4"))  # 4x4x12
    else:
        model.add(Subsampling(name="h4"))
        model.add(layers.Activation(scaled_tanh, name="h4_f"))
    model.add(layers.Flatten(name="flatten"))  # 192
    model.add(outputs(classes, model.output_shape[-1]))
    return model


@architecture(
    variant_of="lenet1",
    title="LeNet-4",
    paper="LeCun, Bottou, Bengio & Haffner, 1998, Gradient-based learning applied to "
    "document recognition, Proceedings of the IEEE 86(11), section III.C",
    year=1998,
    lectures=[],
    params=50_698,
    macs=447_600,
    preprocess={"pad": 2, "mean": 20.0, "std": 200.0},
    published=["MNIST test error 1.1 % (section III.C)"],
    deviations=[
        "which maps the 16 of the second convolution see is our choice: 3 of 8 gives "
        "the paper's 260,000 connections",
        "the paper speaks of about 17,000 weights, which its own sizes do not give: "
        "the 120 hidden units alone have 48,120 on 16 maps of 5x5",
        "Adam on batches instead of a quasi-Newton step for each image",
        "subsampling coefficients start at 1/4",
    ],
)
def lenet4(*, input_shape=(32, 32, 1), classes=10):
    """LeNet-4 (LeCun et al., 1998): LeNet-1 with more maps and a hidden layer.

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` floats with background -0.1
        and ink 1.175 to `(batch, classes)` between -1.7 and 1.7.

    Raises:
        ValueError: images smaller than 16x16.

    Example:
        >>> model = kerazoo.lenet4()

    Reference:
        doi:10.1109/5.726791, section III.C.
    """
    check_size(input_shape, 16)
    inputs = keras.Input(input_shape)  # 32x32x1
    x = layers.Conv2D(
        4,
        5,
        activation=scaled_tanh,
        kernel_initializer=uniform(25 * input_shape[-1]),
        name="c1",
    )(inputs)  # 28x28x4
    # Every map of C1 has two subsampled maps.
    x = layers.Concatenate(name="c1_twice")([x, x])
    x = Subsampling(name="s2")(x)  # 14x14x8
    x = layers.Activation(scaled_tanh, name="s2_f")(x)
    x = TableConv2D(LENET4_TABLE, 5, name="c3")(x)  # 10x10x16
    x = layers.Activation(scaled_tanh, name="c3_f")(x)
    x = Subsampling(name="s4")(x)  # 5x5x16
    x = layers.Activation(scaled_tanh, name="s4_f")(x)
    x = layers.Flatten(name="flatten")(x)  # 400
    x = layers.Dense(
        120, activation=scaled_tanh, kernel_initializer=uniform(x.shape[-1]), name="f5"
    )(x)
    return keras.Model(inputs, outputs(classes, 120)(x))


@architecture(
    variant_of="zip_cnn_1989",
    title="INFO8010 convnet",
    paper="Louppe, INFO8010 Deep Learning, University of Liege, code of lecture 5",
    year=2023,
    url="https://github.com/glouppe/info8010-deep-learning",
    lectures=["001: the course"],
    params=6_422,
    macs=149_300,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 1e-3, "weight_decay": 0.01},
        },
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 64,
        "epochs": 1,
    },
    preprocess={"mean": 33.33, "std": 78.57},
    published=["MNIST test accuracy 0.966 after one epoch (the course's notebook)"],
    deviations=[
        "ends in a softmax, where the course's network gives logits",
        "biases do not decay, where the notebook's optimizer decays them too",
        "weights start from Glorot uniform, Keras' default, instead of torch's",
    ],
    tiny_recipe={
        "optimizer": {"class_name": "AdamW", "config": {"learning_rate": 5e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 15,
    },
)
def info8010_convnet(
    *,
    input_shape=(28, 28, 1),
    classes=10,
    filters=6,
    units=50,
    classifier_activation="softmax",
):
    """A small ReLU convnet, LeNet as the INFO8010 course has its students write it.

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        filters: channels of both convolutions.
        units: width of the hidden dense layer.
        classifier_activation: `"softmax"`, or None for logits.

    Returns:
        A compiled `keras.Sequential`, `(batch, *input_shape)` floats to
        `(batch, classes)`.

    Raises:
        ValueError: images smaller than 16x16.

    Example:
        >>> model = kerazoo.info8010_convnet()

    Reference:
        https://github.com/glouppe/info8010-deep-learning, code/lec5-convnet.ipynb.
    """
    check_size(input_shape, 16)
    return keras.Sequential(
        [
            keras.Input(input_shape),  # 28x28x1
            layers.Conv2D(filters, 5, activation="relu", name="conv1"),  # 24x24x6
            layers.MaxPooling2D(2, name="pool1"),  # 12x12x6
            layers.Conv2D(filters, 5, activation="relu", name="conv2"),  # 8x8x6
            layers.MaxPooling2D(2, name="pool2"),  # 4x4x6
            layers.Flatten(name="flatten"),  # 96
            layers.Dense(units, activation="relu", name="fc1"),
            layers.Dense(
                classes, activation=classifier_activation, dtype="float32", name="fc2"
            ),
        ]
    )
