"""The neocognitron (Fukushima, 1980), the first convolutional network.

Hubel and Wiesel's hierarchy as a network that organises itself: planes of S-cells that
share their weights and come to extract features, each followed by a plane of C-cells
that respond wherever nearby the feature is. After a few presentations of some patterns,
without a teacher, each makes another cell of the last layer fire, whatever its place.
"""

import math

import keras
from keras import layers, ops

from kerazoo.architecture import architecture, check_entries
from kerazoo.layers.local_rule import LocalRule, SelfOrganizing


def fading(window, total):
    """Fixed weights of a square window, less with the distance from its centre.

    The paper says only that they decrease; 0.9 to the power of the distance is ours.
    """
    centre = (window - 1) / 2
    weights = [
        [0.9 ** math.hypot(i - centre, j - centre) for j in range(window)]
        for i in range(window)
    ]
    scale = total / sum(map(sum, weights))
    return [[scale * weight for weight in row] for row in weights]


def centred(u, window, size):
    """Pads by zeros or crops, so that windows around the middle `size` cells fit."""
    margin = (size + window - 1 - u.shape[1]) // 2
    if margin < 0:
        return u[:, -margin:margin, -margin:margin, :]
    return ops.pad(u, [[0, 0], [margin, margin], [margin, margin], [0, 0]])


@keras.saving.register_keras_serializable(package="kerazoo")
class SCells(layers.Layer):
    """Planes of S-cells with shunting inhibition, which learn by competition.

    `u_S = r relu((1 + a*u) / (1 + 2r/(1+r) b v) - 1)`, with `v = sqrt(c * u^2)` of the
    inhibitory V-cells, `*` summing over a window of all input planes. After learning a
    cell fires if its input is more alike to what the plane has learned than r / (1+r).

    Args:
        planes: number of planes.
        size: height and width of a plane.
        column: extent of an S-column, in which one cell may learn.
        r: selectivity.
        q: speed of learning.
        window: extent of the window.

    Input shape: `(batch, height, width, channels)`. Output shape: `(batch, size, size,
    planes)`.
    """

    def __init__(self, planes, size, column, r, q, window=5, **keywords):
        super().__init__(**keywords)
        self.planes, self.size, self.window = planes, size, window
        self.column, self.r, self.q = column, r, q

    def build(self, input_shape):
        channels = input_shape[-1]
        self.fading = fading(self.window, 1 / channels)
        self.a = self.add_weight(
            name="a",
            shape=(self.window, self.window, channels, self.planes),
            initializer=self._weak,
        )
        self.b = self.add_weight(name="b", shape=(self.planes,), initializer="zeros")

    def _weak(self, shape, dtype=None):
        scale = 0.01 * self.planes
        uniform = keras.initializers.RandomUniform(0.0, 1.0)
        return scale * self._c(dtype) * uniform(shape, dtype)

    def _c(self, dtype):
        return ops.convert_to_tensor(self.fading, dtype)[:, :, None, None]

    def _inhibition(self, u):
        c = ops.tile(self._c(u.dtype), (1, 1, u.shape[-1], 1))
        return ops.sqrt(ops.conv(ops.square(u), c))

    def call(self, u):
        u = centred(u, self.window, self.size)
        shunt = 2 * self.r / (1 + self.r) * self.b * self._inhibition(u)
        return self.r * ops.relu((1 + ops.conv(u, self.a)) / (1 + shunt) - 1)

    def local_loss(self, u, response):
        """Reinforcement of the representatives, as a loss (see `SelfOrganizing`).

        For each of them `a += q c u` in its window and `b += q/2 v`. The gradient of a
        convolution by its kernel is the window, so the rule needs no other code.
        """
        u = centred(u, self.window, self.size)
        excitation = ops.conv(u, self._c(u.dtype) * self.a)
        inhibition = self.b * self._inhibition(u)
        learn = self.q * representatives(response, self.column)
        learn = learn / ops.cast(ops.shape(u)[0], u.dtype)
        return LocalRule()(learn, excitation + inhibition / 2)

    def get_config(self):
        return {
            **super().get_config(),
            "planes": self.planes,
            "size": self.size,
            "column": self.column,
            "r": self.r,
            "q": self.q,
            "window": self.window,
        }


def representatives(u, column):
    """Ones at the cells that learn, at most one in every plane.

    In every S-column, the cells of all planes within a square of `column`, the
    strongest cell is a candidate; of several candidates of a plane the strongest one
    represents it.
    """
    size, planes = u.shape[1], u.shape[3]
    strongest = ops.max(u, axis=-1, keepdims=True)
    strongest = ops.max_pool(strongest, column, strides=1)  # one value for each column
    edge = [[0, 0], [column - 1, column - 1], [column - 1, column - 1], [0, 0]]
    # A cell is a candidate if it reaches the weakest maximum of the columns it is in.
    weakest = -ops.max_pool(ops.pad(-strongest, edge, constant_values=-1e9), column, 1)
    candidates = ops.reshape(ops.where(u >= weakest, u, 0.0), (-1, size**2, planes))
    place = ops.one_hot(ops.argmax(candidates, axis=1), size**2, axis=1, dtype=u.dtype)
    place = ops.where(ops.max(candidates, axis=1, keepdims=True) > 0, place, 0.0)
    return ops.reshape(place, (-1, size, size, planes))


@keras.saving.register_keras_serializable(package="kerazoo")
class CCells(layers.Layer):
    """Planes of C-cells: each pools a window of one S-plane, inhibited by all planes.

    `u_C = psi((1 + d*u_S) / (1 + v_S) - 1)` with `psi(x) = relu(x) / (alpha + relu(x))`
    and `v_S` the mean of `d*u_S` over the planes. Nothing here is learned.

    Args:
        size: height and width of a plane.
        alpha: activity at which the output saturates by half.
        window: extent of the window.

    Input shape: `(batch, height, width, planes)`. Output shape: `(batch, size, size,
    planes)`.
    """

    def __init__(self, size, alpha, window=5, **keywords):
        super().__init__(**keywords)
        self.size, self.alpha, self.window = size, alpha, window

    def call(self, u):
        u = centred(u, self.window, self.size)
        # Summing to 4: with 1 the activities die out on the way to the last layer.
        d = ops.convert_to_tensor(fading(self.window, 4.0), u.dtype)[:, :, None, None]
        d = ops.tile(d, (1, 1, u.shape[-1], 1))
        excitation = ops.depthwise_conv(u, d)
        inhibition = ops.mean(excitation, axis=-1, keepdims=True)
        x = ops.relu((1 + excitation) / (1 + inhibition) - 1)
        return x / (self.alpha + x)

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "alpha": self.alpha,
            "window": self.window,
        }


@keras.saving.register_keras_serializable(package="kerazoo")
class WinnerAccuracy(keras.metrics.Metric):
    """Accuracy of units that were never told the labels.

    The most active unit wins. Each unit is read as the label that most of its winning
    examples have; an example is right if its winner is read as its label, and wrong if
    no unit is active. Over shifted copies of patterns it is 1 only if every pattern
    keeps a winner of its own.

    Args:
        classes: number of labels.
        name, dtype: as of every metric.
    """

    def __init__(self, classes=10, name="accuracy", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.classes = classes
        self.wins = None

    def update_state(self, y_true, y_pred, sample_weight=None):
        units = y_pred.shape[-1]
        if self.wins is None:
            self.wins = self.add_variable(
                (units + 1, self.classes), initializer="zeros", name="wins"
            )
        labels = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        active = ops.max(y_pred, axis=-1) > 0
        winner = ops.where(active, ops.argmax(y_pred, axis=-1), units)
        won = ops.one_hot(winner, units + 1, dtype=self.dtype)
        labelled = ops.one_hot(labels, self.classes, dtype=self.dtype)
        self.wins.assign_add(ops.matmul(ops.transpose(won), labelled))

    def result(self):
        if self.wins is None:
            return ops.zeros(())
        right = ops.sum(ops.max(self.wins[:-1], axis=-1))
        return ops.divide_no_nan(right, ops.sum(self.wins))

    def get_config(self):
        return {"classes": self.classes, "name": self.name, "dtype": self.dtype}


def cells(planes, r, q, alpha):
    """The input and the six layers of cells."""
    if planes < 1:
        raise ValueError(f"`planes` must be at least 1. Received: planes={planes}")
    check_entries("r", r, 3)
    check_entries("q", q, 3)
    return [
        keras.Input((16, 16, 1)),
        SCells(planes, 16, 5, r[0], q[0], name="U_S1"),  # 16x16x24
        CCells(10, alpha, name="U_C1"),  # 10x10x24
        SCells(planes, 8, 5, r[1], q[1], name="U_S2"),  # 8x8x24
        CCells(6, alpha, name="U_C2"),  # 6x6x24
        SCells(planes, 2, 2, r[2], q[2], name="U_S3"),  # 2x2x24
        CCells(1, alpha, window=2, name="U_C3"),  # 1x1x24
        layers.Flatten(name="output"),  # 24
    ]


@architecture(
    title="Neocognitron",
    paper="Fukushima, 1980, Neocognitron: a self-organizing neural network model for a "
    "mechanism of pattern recognition unaffected by shift in position, Biological "
    "Cybernetics 36:193-202",
    year=1980,
    url="doi:10.1007/BF00344251",
    task="image classification",
    lectures=["004: Neocognitron, follows Hubel and Wiesel's results"],
    dataset="stroke_digits",
    offline="stroke_digits",
    params=29_472,
    macs=1_261_696,
    recipe={
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 1.0}},
        "loss": None,
        "metrics": ["kerazoo>WinnerAccuracy"],
        "batch_size": 1,
        "epochs": 20,
        "shuffle": False,
    },
    preprocess={"mean": 0.0, "std": 255.0},
    published=["tells five digits apart, whatever their position (section 6)"],
    deviations=[
        "the paper says only that the fixed weights decrease with the distance: 0.9 to "
        "the power of the distance, summing to 4 in the C-cells",
        "weak initial weights are random; the paper gives each plane another preferred "
        "orientation, without numbers",
        "an S-column is a square of cells of all planes that lies within the layer",
        "learns behind plain fit by the gradient of a pseudo-loss, with which a step "
        "of SGD is exactly the reinforcement; the value of the loss means nothing",
        "of our five digits two to five find a cell of their own, depending on the "
        "random initial weights; in the paper all do",
        "the patterns are drawn anew; accuracy reads each plane as the digit for which "
        "it wins most often",
    ],
    tiny={},
    learns={"accuracy": 0.65},
)
def neocognitron(
    *, planes=24, r=(4.0, 1.5, 1.5), q=(1.0, 16.0, 16.0), alpha=0.5
):  # fmt: skip
    """The neocognitron (Fukushima, 1980).

    Learns without a teacher: labels serve `evaluate` only, which reads each cell of the
    last layer as the digit for which it wins most often.

    Args:
        planes: number of planes in every layer.
        r: selectivity of the three S-layers.
        q: speed of learning of the three S-layers.
        alpha: activity at which a C-cell saturates by half.

    Returns:
        A compiled `SelfOrganizing` model, `(batch, 16, 16, 1)` in 0..1 to `(batch,
        planes)` activities in 0..1.

    Raises:
        ValueError: no `planes`, or `r` or `q` that are not three numbers.

    Example:
        >>> model = kerazoo.neocognitron()
        >>> kerazoo.fit(model)

    Reference:
        doi:10.1007/BF00344251.
    """
    return SelfOrganizing(cells(planes, r, q, alpha))


@keras.saving.register_keras_serializable(package="kerazoo")
class ReadOut(layers.Dense):
    """A dense layer from which no gradient comes back."""

    def call(self, x, training=None):
        return super().call(ops.stop_gradient(x), training=training)


@keras.saving.register_keras_serializable(package="kerazoo")
class Taught(SelfOrganizing):
    """A chain that organises itself and ends in a `ReadOut` that learns from labels.

    The compiled loss reaches the read-out only, the local rules all other layers; they
    move weights, but count for nothing in the value of the loss.
    """

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        rules = super().compute_loss(x)
        taught = keras.Model.compute_loss(self, x, y, y_pred, sample_weight, training)
        return taught + (rules - ops.stop_gradient(rules))


@architecture(
    variant_of="neocognitron",
    title="Neocognitron with a supervised read-out",
    params=29_722,
    macs=1_261_936,
    recipe={
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 1.0}},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 1,
        "epochs": 50,
        "shuffle": False,
    },
    deviations=[
        "not in the paper, but later practice: the labels of U_C3's cells are learned "
        "by a softmax layer, whose errors do not reach the cells",
        "the paper says only that the fixed weights decrease with the distance: 0.9 to "
        "the power of the distance, summing to 4 in the C-cells",
        "weak initial weights are random; the paper gives each plane another preferred "
        "orientation, without numbers",
        "an S-column is a square of cells of all planes that lies within the layer",
        "the cells learn behind plain fit by the gradient of a pseudo-loss, with which "
        "a step of SGD is exactly the reinforcement",
        "50 passes instead of 20, for the read-out; the cells learn on meanwhile",
        "what is recognised after a shift depends much on the random initial weights",
        "the patterns are drawn anew",
    ],
    learns={"accuracy": 0.5},
)
def neocognitron_readout(
    *, classes=10, planes=24, r=(4.0, 1.5, 1.5), q=(1.0, 16.0, 16.0), alpha=0.5,
    classifier_activation="softmax",
):  # fmt: skip
    """A neocognitron whose last cells a dense layer reads, taught by labels.

    The cells learn without a teacher, as `neocognitron`; the cross-entropy changes the
    read-out alone. Where two digits share a winning cell it can still tell them apart
    by the others.

    Args:
        classes: number of classes.
        planes: number of planes in every layer.
        r: selectivity of the three S-layers.
        q: speed of learning of the three S-layers.
        alpha: activity at which a C-cell saturates by half.
        classifier_activation: `"softmax"`, or None for logits.

    Returns:
        A compiled `Taught` model, `(batch, 16, 16, 1)` in 0..1 to `(batch, classes)`.

    Raises:
        ValueError: no `planes`, or `r` or `q` that are not three numbers.

    Example:
        >>> model = kerazoo.neocognitron_readout()
        >>> kerazoo.fit(model)

    Reference:
        doi:10.1007/BF00344251.
    """
    readout = ReadOut(
        classes,
        activation=classifier_activation,
        kernel_initializer="zeros",
        dtype="float32",
        name="readout",
    )
    return Taught([*cells(planes, r, q, alpha), readout])  # 10
