"""Hebbian learning (Hebb, 1949) and its stabilised forms (Oja, 1982; Sanger, 1989).

Hebb postulated in words that a synapse grows where both of its cells fire together;
his book has no equation. As a product of the two activities the rule finds the leading
principal component, and grows without bound. Oja's decay term keeps the weights at
length one; Sanger's triangle makes the units find the components one after the other.
With given outputs the plain rule is a memory that learns in one shot.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture
from kerazoo.layers.local_rule import LocalRule, SelfOrganizing

# A rule gives the change of the weights w (inputs, units) at learning rate 1, averaged
# over a batch of inputs x (batch, inputs) and outputs y (batch, units).


def correlation(x, y):
    """Mean of the outer products of two activities."""
    return ops.matmul(ops.transpose(x), y) / ops.cast(ops.shape(x)[0], x.dtype)


def hebb(x, y, w, forgetting):
    """`x y`, the joint activity (Hebb, 1949)."""
    return correlation(x, y)


def decay(x, y, w, forgetting):
    """`x y - forgetting w`, joint activity against a constant leak."""
    return correlation(x, y) - forgetting * w


def oja(x, y, w, forgetting):
    """`(x - y w) y`, every unit for itself (Oja, 1982)."""
    return correlation(x, y) - w * ops.mean(ops.square(y), axis=0)


def oja_subspace(x, y, w, forgetting):
    """`x y - w y y'`, an orthonormal basis of the principal subspace."""
    return correlation(x, y) - ops.matmul(w, correlation(y, y))


def sanger(x, y, w, forgetting):
    """As `oja_subspace`, but a unit sees only those before it (Sanger, 1989)."""
    return correlation(x, y) - ops.matmul(w, ops.triu(correlation(y, y)))


def covariance(x, y, w, forgetting):
    """`(x - <x>) (y - <y>)`, joint deviation from the means over the batch."""
    return correlation(x - ops.mean(x, axis=0), y - ops.mean(y, axis=0))


RULES = {f.__name__: f for f in (hebb, decay, oja, oja_subspace, sanger, covariance)}


@keras.saving.register_keras_serializable(package="kerazoo")
class HebbianLayer(layers.Layer):
    """Linear units whose weights learn from input and output alone.

    Reports `explained_variance`, the share of the inputs' energy that lies in the space
    spanned by the units' weights. No n units can have more than the first n principal
    components.

    Args:
        units: number of units.
        rule: a name in `RULES`.
        forgetting: leak of the rule `"decay"`.

    Input shape: `(batch, inputs)`, centred. Output shape: `(batch, units)`.
    """

    def __init__(self, units, rule="hebb", forgetting=0.1, **keywords):
        super().__init__(**keywords)
        if rule not in RULES:
            raise ValueError(
                f"`rule` must be one of {', '.join(RULES)}. Received: rule={rule!r}"
            )
        if units < 1:
            raise ValueError(f"`units` must be at least 1. Received: units={units}")
        self.units, self.rule, self.forgetting = units, rule, forgetting
        self.explained_variance = keras.metrics.Mean(name="explained_variance")

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], self.units),
            initializer=keras.initializers.RandomNormal(stddev=0.05),
        )

    def call(self, x):
        return ops.matmul(x, self.kernel)

    def local_loss(self, x, y):
        """The rule, as a loss (see `SelfOrganizing`)."""
        x, y, w = (ops.cast(value, "float32") for value in (x, y, self.kernel))
        self._measure(x, y, w)
        delta = RULES[self.rule](x, y, w, self.forgetting)
        return LocalRule()(delta, self.kernel)

    def _measure(self, x, y, w):
        # |P x|^2 with P = w (w'w)^-1 w' is y' (w'w)^-1 y. Units may be parallel: ridge.
        gram = ops.matmul(ops.transpose(w), w)
        gram += 1e-5 * ops.trace(gram) * ops.eye(self.units)
        inside = ops.sum(ops.transpose(y) * ops.solve(gram, ops.transpose(y)))
        energy = ops.sum(ops.square(x))
        share = ops.stop_gradient(inside / ops.maximum(energy, 1e-12))
        self.explained_variance.update_state(share, sample_weight=energy)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "rule": self.rule,
            "forgetting": self.forgetting,
        }


@architecture(
    title="Hebbian layer",
    paper="Hebb, 1949, The Organization of Behavior; Oja, 1982, A simplified neuron "
    "model as a principal component analyzer, J. Math. Biology 15; Sanger, 1989, "
    "Optimal unsupervised learning in a single-layer linear feedforward neural "
    "network, Neural Networks 2",
    year=1949,
    url="doi:10.1007/BF00275687",
    task="representation learning",
    lectures=["004: 1949, Donald Hebb proposes the Hebbian learning principle"],
    dataset="centred_digits",
    offline="centred_digits",
    params=512,
    macs=512,
    variants={
        "decay": {"config": {"rule": "decay"}, "params": 512},
        "oja": {"config": {"rule": "oja"}, "params": 512},
        "oja_subspace": {"config": {"rule": "oja_subspace"}, "params": 512},
        "sanger": {"config": {"rule": "sanger"}, "params": 512},
        "covariance": {"config": {"rule": "covariance"}, "params": 512},
    },
    recipe={
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.01}},
        "loss": None,
        "batch_size": 16,
        "epochs": 4,
    },
    deviations=[
        "Hebb gives no equation: the product of the activities of linear units is the "
        "usual reading of his words",
        "learns behind plain fit by the gradient of a pseudo-loss, with which a step "
        "of SGD is exactly the rule; the value of the loss means nothing",
        "a batch is averaged; the papers present one input at a time (batch_size=1)",
        "plain Hebb grows without bound: the recipe stops after four passes, when the "
        "direction is found",
    ],
    tiny={"rule": "sanger"},
    tiny_recipe={
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.1}},
        "epochs": 20,
    },
    learns={"explained_variance": 0.64},
)
def hebbian_layer(*, input_shape=(64,), units=8, rule="hebb", forgetting=0.1):
    """A layer of linear units that learns by Hebb's rule or its descendants.

    Trains without targets. `evaluate` reports `explained_variance`: the share of the
    inputs' energy inside the space that the weights span.

    Args:
        input_shape: `(inputs,)`. Inputs must be centred.
        units: number of units.
        rule: `"hebb"` the plain product of activities (Hebb, 1949); `"decay"` with a
            leak; `"oja"` every unit normalised by itself, all find the first principal
            component (Oja, 1982); `"oja_subspace"` the units span the leading
            components; `"sanger"` the units are the components in order (Sanger,
            1989); `"covariance"` deviations from the means of the batch, which
            therefore needs more than one example.
        forgetting: leak of the rule `"decay"`.

    Returns:
        A compiled `SelfOrganizing` model, `(batch, inputs)` to `(batch, units)`.

    Raises:
        ValueError: an unknown `rule`, or no `units`.

    Example:
        >>> model = kerazoo.hebbian_layer(rule="oja")
        >>> kerazoo.fit(model)

    Reference:
        Hebb, 1949; doi:10.1007/BF00275687 (Oja); Sanger, 1989.
    """
    return SelfOrganizing(
        [
            keras.Input(input_shape),  # 64
            HebbianLayer(units, rule, forgetting, name="hebbian"),  # 8
        ]
    )


@keras.saving.register_keras_serializable(package="kerazoo")
class Recall(layers.Layer):
    """Answers `sign(W x)`; passes gradients on as if it answered `W x`.

    With the loss `LocalRule` and the answers t that are to be learned as targets, a
    step of `SGD(1.0)` adds `t x'` of every pair in the batch to W.

    Args:
        units: number of answers.

    Input shape: `(batch, inputs)`. Output shape: `(batch, units)`, of -1 and +1.
    """

    def __init__(self, units, **keywords):
        super().__init__(**keywords)
        if units < 1:
            raise ValueError(f"`units` must be at least 1. Received: units={units}")
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[-1], self.units), initializer="zeros"
        )

    def call(self, x):
        z = ops.matmul(x, self.kernel)
        return ops.stop_gradient(ops.sign(z)) + (z - ops.stop_gradient(z))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@architecture(
    variant_of="hebbian_layer",
    title="Associative memory",
    paper="Kohonen, 1972, Correlation matrix memories, IEEE Transactions on Computers "
    "C-21(4):353-359; Anderson, 1972, A simple neural network generating an "
    "interactive memory, Mathematical Biosciences 14:197-220",
    year=1972,
    url="doi:10.1109/TC.1972.5008975",
    task="associative memory",
    dataset="pattern_pairs",
    offline="pattern_pairs",
    params=16_384,
    macs=16_384,
    recipe={
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 1.0}},
        "loss": "kerazoo>LocalRule",
        "metrics": [{"class_name": "Accuracy", "config": {"name": "accuracy"}}],
        "batch_size": 16,
        "epochs": 1,
    },
    deviations=[
        "the papers recall the linear sums; their sign, for patterns of -1 and +1, is "
        "later practice",
        "learns behind plain fit by the gradient of a pseudo-loss, with which a step "
        "of SGD is exactly the sum of the outer products; the value of the loss means "
        "nothing",
        "the patterns are generated",
    ],
    tiny={},
    tiny_recipe={},
    learns={"accuracy": 0.99},
)
def associative_memory(*, input_shape=(256,), units=64):
    """A memory that learns pairs in one shot, `W = sum t x'`, and recalls `sign(W x)`.

    Every batch adds its outer products, so one epoch stores all pairs, in whatever
    batches. Recall forgives errors in the key. The pairs disturb each other: about an
    eighth as many as inputs are recalled with few wrong signs.

    Args:
        input_shape: `(inputs,)`, the length of a key.
        units: length of an answer.

    Returns:
        A compiled `keras.Sequential`, `(batch, inputs)` keys of -1 and +1 to
        `(batch, units)` answers of -1 and +1, or 0 where a sum is 0.

    Raises:
        ValueError: no `units`.

    Example:
        >>> model = kerazoo.associative_memory()
        >>> kerazoo.fit(model)

    Reference:
        doi:10.1109/TC.1972.5008975.
    """
    return keras.Sequential(
        [
            keras.Input(input_shape),  # 256
            Recall(units, dtype="float32", name="recall"),  # 64
        ]
    )
