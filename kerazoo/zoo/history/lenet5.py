"""LeNet-5 (LeCun, Bottou, Bengio & Haffner, 1998, Proceedings of the IEEE 86(11)).

Convolution and subsampling alternate until every map is one unit wide; all of it is
trained by back-propagation. Figure 2 of the paper and its section II.B, to the letter:
subsampling has weights, C3 sees S2 through a table of connections, and the classes are
fixed bitmaps at which the last hidden layer must arrive.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture, check_entries

# Table I: the maps of S2 that each of the 16 maps of C3 sees.
TABLE_I = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5), (0, 1, 2, 3, 4, 5),
)  # fmt: skip

# Our drawing of the digits of figure 3, 7 wide and 12 high, rows from top to bottom.
BITMAPS = (
    "..###.. .#...#. #.....# #.....# #.....# #.....# "
    "#.....# #.....# #.....# #.....# .#...#. ..###..",
    "...#... ..##... .#.#... ...#... ...#... ...#... "
    "...#... ...#... ...#... ...#... ...#... .#####.",
    "..###.. .#...#. #.....# ......# ......# .....#. "
    "....#.. ...#... ..#.... .#..... #...... #######",
    ".#####. #.....# ......# ......# .....#. ..###.. "
    ".....#. ......# ......# ......# #.....# .#####.",
    "....##. ...#.#. ..#..#. .#...#. #....#. #....#. "
    "####### .....#. .....#. .....#. .....#. .....#.",
    "####### #...... #...... #...... #.###.. ##...#. "
    "......# ......# ......# #.....# .#...#. ..###..",
    "..####. .#..... #...... #...... #...... #.###.. "
    "##...#. #.....# #.....# #.....# .#...#. ..###..",
    "####### ......# .....#. .....#. ....#.. ....#.. "
    "...#... ...#... ..#.... ..#.... ..#.... ..#....",
    "..###.. .#...#. #.....# #.....# .#...#. ..###.. "
    ".#...#. #.....# #.....# #.....# .#...#. ..###..",
    "..###.. .#...#. #.....# #.....# .#...## ..###.# "
    "......# ......# ......# ......# .....#. .####..",
)


@keras.saving.register_keras_serializable(package="kerazoo")
def scaled_tanh(x):
    """f(a) = 1.7159 tanh(2a/3): f(1) = 1, f(-1) = -1 (appendix A)."""
    return 1.7159 * ops.tanh(2.0 / 3.0 * x)


def uniform(fan_in):
    """Initial weights between -2.4 and 2.4 over the inputs of a unit (appendix A)."""
    return keras.initializers.RandomUniform(-2.4 / fan_in, 2.4 / fan_in)


def check_size(input_shape, least):
    """Refuses images from which the last layers would be left nothing."""
    if not all(size and size >= least for size in input_shape[:2]):
        raise ValueError(
            f"`input_shape` must be at least {least}x{least}. "
            f"Received: input_shape={tuple(input_shape)}"
        )


@keras.saving.register_keras_serializable(package="kerazoo")
class Subsampling(layers.Layer):
    """Sum over 2x2 windows, times a trainable coefficient, plus a bias, one per map.

    Input and output shape: `(batch, 2h, 2w, maps)` to `(batch, h, w, maps)`.
    """

    def build(self, input_shape):
        maps = input_shape[-1:]
        # A quarter: the layer starts as an average.
        self.gain = self.add_weight(maps, keras.initializers.Constant(0.25))
        self.bias = self.add_weight(maps, "zeros")

    def call(self, x):
        return 4.0 * ops.average_pool(x, 2, 2) * self.gain + self.bias


@keras.saving.register_keras_serializable(package="kerazoo")
class TableConv2D(layers.Layer):
    """Convolution whose maps each see only the input maps that a table lists.

    There is one kernel for each connection; all are laid into one dense kernel, with
    zeros where nothing is connected, since one convolution is faster than one per map.

    Args:
        table: for each output map the indices of the input maps it sees.
        kernel_size: height and width of the kernels.
        strides: step between windows.
        use_bias: whether every map has a bias.

    Input and output shape: `(batch, height, width, maps)`; windows stay inside.
    """

    def __init__(self, table, kernel_size, strides=1, use_bias=True, **keywords):
        super().__init__(**keywords)
        self.table = [list(row) for row in table]
        self.kernel_size, self.strides = kernel_size, strides
        self.use_bias = use_bias

    def build(self, input_shape):
        maps, k = input_shape[-1], self.kernel_size
        seen = [(source, to) for to, row in enumerate(self.table) for source in row]
        place = {connection: index for index, connection in enumerate(seen)}
        # Where in the list of kernels each one of the dense kernel is; the last is 0.
        self.places = [
            place.get((source, to), len(seen))
            for source in range(maps)
            for to in range(len(self.table))
        ]
        self.fan_in = [float(k * k * len(self.table[to])) for _, to in seen]
        self.kernel = self.add_weight((k, k, len(seen)), self.initial_kernel)
        if self.use_bias:
            self.bias = self.add_weight((len(self.table),), "zeros")

    def initial_kernel(self, shape, dtype=None):
        """`uniform`, where the inputs of a unit depend on its row of the table."""
        return uniform(1)(shape, dtype) / ops.convert_to_tensor(self.fan_in, dtype)

    def call(self, x):
        k = self.kernel_size
        kernel = ops.pad(self.kernel, [[0, 0], [0, 0], [0, 1]])
        kernel = ops.take(kernel, self.places, axis=-1)
        kernel = ops.reshape(kernel, (k, k, x.shape[-1], len(self.table)))
        x = ops.conv(x, kernel, self.strides, "valid")
        return x + self.bias if self.use_bias else x

    def get_config(self):
        return {
            **super().get_config(),
            "table": self.table,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "use_bias": self.use_bias,
        }


@keras.saving.register_keras_serializable(package="kerazoo")
class BitmapRBF(layers.Layer):
    """Euclidean radial basis functions around the ten bitmaps (eq. 7), negated.

    The nearest digit has the largest output, so that accuracy is the usual one. The
    bitmaps are +1 and -1, where `scaled_tanh` is most curved, and are not trained.

    Input and output shape: `(batch, 84)` to `(batch, 10)`.
    """

    def build(self, input_shape):
        self.codes = self.add_weight((10, 84), self.initial_codes, trainable=False)

    def initial_codes(self, shape, dtype=None):
        """The bitmaps as rows of +1 (ink) and -1."""
        rows = [[1.0 if c == "#" else -1.0 for c in b if c != " "] for b in BITMAPS]
        return ops.convert_to_tensor(rows, dtype)

    def call(self, x):
        return -ops.sum(ops.square(ops.expand_dims(x, 1) - self.codes), axis=-1)


@keras.saving.register_keras_serializable(package="kerazoo")
class CodeDistance(keras.losses.Loss):
    """Equation 8: the distance y_D to the bitmap of the right digit D.

    Expects sparse labels and minus the distances, as `lenet5` gives them.
    """

    def call(self, y_true, y_pred):
        labels = ops.cast(ops.reshape(y_true, (-1, 1)), "int32")
        return -ops.take_along_axis(y_pred, labels, axis=-1)[:, 0]


@keras.saving.register_keras_serializable(package="kerazoo")
class MAPDistance(CodeDistance):
    """Equation 9: y_D + log(exp(-j) + sum_i exp(-y_i)), which also pushes others away.

    Args:
        j: distance of a rubbish class, for everything that is no digit; positive.
    """

    def __init__(self, j=0.1, **keywords):
        super().__init__(**keywords)
        self.j = j

    def call(self, y_true, y_pred):
        penalty = ops.logaddexp(-self.j, ops.logsumexp(y_pred, axis=-1))
        return super().call(y_true, y_pred) + penalty

    def get_config(self):
        return {**super().get_config(), "j": self.j}


@architecture(
    title="LeNet-5",
    paper="LeCun, Bottou, Bengio & Haffner, 1998, Gradient-based learning applied to "
    "document recognition, Proceedings of the IEEE 86(11):2278-2324",
    year=1998,
    url="doi:10.1109/5.726791",
    task="image classification",
    lectures=["004: LeNet-5 (LeCun et al., 1998)", "000, 001: LeNet", "003"],
    dataset="mnist",
    offline="digits",
    params=60_000,
    non_trainable=840,
    macs=415_680,
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 2e-3}},
        "schedule": {"kind": "one_cycle"},
        "loss": {"class_name": "kerazoo>MAPDistance", "config": {"j": 0.1}},
        "metrics": ["accuracy"],
        "batch_size": 64,
        "epochs": 20,
    },
    preprocess={"pad": 2, "mean": 20.0, "std": 200.0},
    published=[
        "MNIST test error 0.95 % without, 0.8 % with distorted training images "
        "(section III.B)",
    ],
    deviations=[
        "Adam with a one-cycle rate on batches of 64 instead of stochastic diagonal "
        "Levenberg-Marquardt one image at a time; 20 passes as in the paper",
        "the digits' bitmaps are our drawing: the paper shows them as an image only",
        "subsampling coefficients start at 1/4 and biases at 0, which the paper leaves "
        "open; j of equation 9 is 0.1, for which the paper gives no figure",
        "returns minus the distances, so that the largest output wins",
    ],
    tiny={},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 5e-3}},
        "batch_size": 32,
        "epochs": 15,
    },
    learns={"accuracy": 0.965},
)
def lenet5(*, input_shape=(32, 32, 1)):
    """LeNet-5 with its table of connections and bitmap outputs (LeCun et al., 1998).

    60,000 trainable weights and 340,908 connections. There are ten classes, those of
    the bitmaps; `lenet5_modern` takes any number.

    Args:
        input_shape: height, width and channels of an image, from 32x32 on: MNIST's
            digits have a frame of 2.

    Returns:
        A compiled `keras.Sequential`, `(batch, *input_shape)` floats with background
        -0.1 and ink 1.175 to `(batch, 10)`: minus the squared distances to the bitmaps.
        Its loss is equation 9; `recipe={"loss": "kerazoo>CodeDistance"}` is equation 8.

    Raises:
        ValueError: images smaller than 32x32.

    Example:
        >>> model = kerazoo.lenet5()
        >>> kerazoo.fit(model, "digits", epochs=2)

    Reference:
        doi:10.1109/5.726791, section II.B, figure 2, table I, equations 7 to 9.
    """
    check_size(input_shape, 32)
    return keras.Sequential(
        [
            keras.Input(input_shape),  # 32x32x1
            layers.Conv2D(
                6, 5, kernel_initializer=uniform(25 * input_shape[-1]), name="c1"
            ),  # 28x28x6
            layers.Activation(scaled_tanh, name="c1_f"),
            Subsampling(name="s2"),  # 14x14x6
            layers.Activation(scaled_tanh, name="s2_f"),
            TableConv2D(TABLE_I, 5, name="c3"),  # 10x10x16
            layers.Activation(scaled_tanh, name="c3_f"),
            Subsampling(name="s4"),  # 5x5x16
            layers.Activation(scaled_tanh, name="s4_f"),
            layers.Conv2D(120, 5, kernel_initializer=uniform(400), name="c5"),  # 1x1
            layers.Activation(scaled_tanh, name="c5_f"),
            layers.Flatten(name="flatten"),
            layers.Dense(84, kernel_initializer=uniform(120), name="f6"),
            layers.Activation(scaled_tanh, name="f6_f"),
            BitmapRBF(dtype="float32", name="output"),
        ]
    )


@architecture(
    variant_of="lenet5",
    title="LeNet-5, modern form",
    params=61_706,
    macs=416_520,
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 2e-3}},
        "schedule": {"kind": "one_cycle"},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 64,
        "epochs": 20,
    },
    deviations=[
        "what is commonly called LeNet-5 today: full connection in C3, pooling without "
        "weights, plain tanh, and a softmax in place of the bitmaps",
    ],
    tiny_recipe={"batch_size": 32, "epochs": 12},
)
def lenet5_modern(
    *,
    input_shape=(32, 32, 1),
    classes=10,
    filters=(6, 16),
    units=(120, 84),
    activation="tanh",
    pooling="average",
    classifier_activation="softmax",
):
    """LeNet-5 as it is taught today: plain pooling, full connection, softmax.

    Args:
        input_shape: height, width and channels of an image.
        classes: number of classes.
        filters: channels of the two convolutions.
        units: widths of the two hidden dense layers.
        activation: of all hidden layers, `"tanh"` or for instance `"relu"`.
        pooling: `"average"` or `"max"`.
        classifier_activation: `"softmax"`, or None for logits.

    Returns:
        A compiled `keras.Sequential`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Raises:
        ValueError: an unknown `pooling`, images smaller than 16x16, or `filters` or
            `units` that are not two.

    Example:
        >>> model = kerazoo.lenet5_modern(activation="relu", pooling="max")

    Reference:
        doi:10.1109/5.726791, simplified.
    """
    pools = {"average": layers.AveragePooling2D, "max": layers.MaxPooling2D}
    if pooling not in pools:
        raise ValueError(
            f"`pooling` must be 'average' or 'max'. Received: pooling={pooling!r}"
        )
    check_size(input_shape, 16)
    check_entries("filters", filters, 2)
    check_entries("units", units, 2)
    pool = pools[pooling]
    return keras.Sequential(
        [
            keras.Input(input_shape),  # 32x32x1
            layers.Conv2D(filters[0], 5, activation=activation, name="c1"),  # 28x28x6
            pool(2, name="s2"),  # 14x14x6
            layers.Conv2D(filters[1], 5, activation=activation, name="c3"),  # 10x10x16
            pool(2, name="s4"),  # 5x5x16
            layers.Flatten(name="flatten"),  # 400
            layers.Dense(units[0], activation=activation, name="c5"),
            layers.Dense(units[1], activation=activation, name="f6"),
            layers.Dense(
                classes,
                activation=classifier_activation,
                dtype="float32",
                name="output",
            ),
        ]
    )
