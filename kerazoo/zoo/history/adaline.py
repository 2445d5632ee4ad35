"""ADALINE (Widrow & Hoff, 1960) and MADALINE I.

The adaptive linear neuron corrects its weights by the error of its linear sum, before
the threshold: the delta rule, stochastic gradient descent on the squared error, which
also converges where the classes cannot be separated. A MADALINE is a layer of
ADALINEs that votes; when the vote is wrong, as few units as make it right are turned,
those that are easiest to turn.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture


@keras.saving.register_keras_serializable(package="kerazoo")
class LeastMeanSquares(keras.losses.Loss):
    """Half the squared error of linear sums against targets +1 and -1.

    A step of SGD with rate mu and batch 1 is the delta rule `w += mu (t - y) x`.

    `call` takes integer labels `(batch,)` or `(batch, 1)` and sums `(batch, units)`:
    one unit has the target +1 for label 1 and -1 for label 0, several units have +1 for
    their own label.
    """

    def call(self, y_true, y_pred):
        error = signs(y_true, y_pred) - y_pred
        return 0.5 * ops.sum(ops.square(error), axis=-1)


def signs(labels, sums):
    """Targets +1 and -1 of linear units."""
    labels = ops.reshape(labels, (-1, 1))
    if sums.shape[-1] > 1:
        units = ops.arange(sums.shape[-1], dtype=labels.dtype)
        labels = ops.cast(ops.equal(labels, units), sums.dtype)
    return 2.0 * ops.cast(labels, sums.dtype) - 1.0


@keras.saving.register_keras_serializable(package="kerazoo")
class LinearDecision(keras.metrics.MeanMetricWrapper):
    """Accuracy of linear sums: the largest of several, the sign of a single one."""

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(decides, name=name, dtype=dtype)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}


def decides(y_true, y_pred):
    """Whether the sums decide for the label, `(batch,)`."""
    label = ops.cast(ops.reshape(y_true, (-1,)), "int32")
    one = y_pred.shape[-1] == 1
    decision = y_pred[:, 0] > 0 if one else ops.argmax(y_pred, axis=-1)
    return ops.equal(label, ops.cast(decision, "int32"))


@architecture(
    title="ADALINE",
    paper="Widrow & Hoff, 1960, Adaptive switching circuits, IRE WESCON Convention "
    "Record, part 4:96-104",
    year=1960,
    url="https://www-isl.stanford.edu/~widrow/papers/c1960adaptiveswitching.pdf",
    task="classification",
    lectures=["003: training compute of milestone systems (Sevilla et al., 2022)"],
    dataset="adaline_letters",
    offline="digits",
    params=17,
    macs=16,
    recipe={
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.01}},
        "loss": "kerazoo>LeastMeanSquares",
        "metrics": ["kerazoo>LinearDecision"],
        "batch_size": 1,
        "epochs": 30,
    },
    preprocess={"mean": 127.5, "std": 127.5},
    deviations=[
        "gives the linear sum that learns; the machine's decision is its sign",
        "a rate of 0.01, by which a step takes a sixth off an example's error; by the "
        "paper's procedure each of the 17 gains takes off a seventeenth, so that "
        "nothing is left",
        "more than two classes have one ADALINE each, and the largest sum decides",
        "the letters on the 4x4 switches are generated",
    ],
    tiny={"input_shape": (8, 8, 1), "classes": 10},
    tiny_recipe={
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.002}},
        "epochs": 8,
    },
    learns={"accuracy": 0.90},
)
def adaline(*, input_shape=(4, 4, 1), classes=2):
    """The adaptive linear neuron (Widrow & Hoff, 1960), trained by the delta rule.

    Args:
        input_shape: shape of an input; the machine had 4x4 switches, +1 or -1.
        classes: number of classes; two need a single neuron, more have one each.

    Returns:
        A compiled `keras.Sequential`, `(batch, *input_shape)` to linear sums
        `(batch, 1)`, or `(batch, classes)` for more than two classes.

    Raises:
        ValueError: fewer than two `classes`.

    Example:
        >>> model = kerazoo.adaline()
        >>> kerazoo.fit(model)

    Reference:
        Widrow & Hoff, 1960, Adaptive switching circuits.
    """
    if classes < 2:
        raise ValueError(f"`classes` must be at least 2. Received: classes={classes}")
    return keras.Sequential(
        [
            keras.Input(input_shape),  # 4x4
            layers.Flatten(name="switches"),  # 16
            layers.Dense(
                1 if classes == 2 else classes,
                kernel_initializer="zeros",
                dtype="float32",
                name="adaline",
            ),  # 1
        ]
    )


@keras.saving.register_keras_serializable(package="kerazoo")
class MinimalDisturbance(keras.losses.Loss):
    """Rule I of the MADALINE: if the vote is wrong, turn the units nearest to zero.

    Of the units on the wrong side, as many as the majority lacks take a step of the
    delta rule towards the target, those with the least |sum|; nothing changes if the
    majority is right.

    `call` takes labels 0 or 1, `(batch,)` or `(batch, 1)`, and sums `(batch, units)`.
    """

    def call(self, y_true, y_pred):
        target = 2.0 * ops.reshape(y_true, (-1, 1)) - 1.0
        agrees = votes(y_pred) * target > 0
        distance = ops.where(agrees, float("inf"), ops.abs(y_pred))
        rank = ops.argsort(ops.argsort(distance, axis=-1), axis=-1)
        right = ops.sum(ops.cast(agrees, "int32"), axis=-1, keepdims=True)
        lacking = y_pred.shape[-1] // 2 + 1 - right
        turned = ops.cast(ops.cast(rank, "int32") < lacking, y_pred.dtype)
        return 0.5 * ops.sum(turned * ops.square(target - y_pred), axis=-1)


def votes(sums):
    """+1 or -1 of every unit."""
    return ops.where(sums > 0, 1.0, -1.0)


@keras.saving.register_keras_serializable(package="kerazoo")
class MajorityDecision(keras.metrics.MeanMetricWrapper):
    """Accuracy of the majority of linear units, of which each votes by its sign."""

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(majority_decides, name=name, dtype=dtype)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}


def majority_decides(y_true, y_pred):
    """Whether the majority of the units decides for the label, `(batch,)`."""
    label = ops.cast(ops.reshape(y_true, (-1,)), "int32")
    decision = ops.sum(votes(y_pred), axis=-1) > 0
    return ops.equal(label, ops.cast(decision, "int32"))


@architecture(
    variant_of="adaline",
    title="MADALINE I",
    paper="Widrow, 1962, Generalization and information storage in networks of ADALINE "
    "neurons, Self-Organizing Systems; Rule I as in Widrow & Lehr, 1990, 30 years of "
    "adaptive neural networks, Proceedings of the IEEE 78(9):1415-1442",
    year=1962,
    url="doi:10.1109/5.58323",
    dataset="xor",
    offline="xor",
    params=9,
    macs=6,
    recipe={
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.1}},
        "loss": "kerazoo>MinimalDisturbance",
        "metrics": ["kerazoo>MajorityDecision"],
        "batch_size": 1,
        "epochs": 5,
    },
    preprocess={},
    deviations=[
        "gives the linear sums; the fixed majority behind them stands in the loss and "
        "in the metric, because the rule needs both",
        "a unit to be turned takes one step of the delta rule towards the target, "
        "which need not turn its sign yet",
        "sizes and task (exclusive or, inputs 0 and 1) are ours: the smallest that one "
        "ADALINE cannot learn and three can",
    ],
    tiny={},
    tiny_recipe={},
    learns={"accuracy": 1.0},
)
def madaline(*, input_shape=(2,), units=3):
    """MADALINE I: ADALINEs that vote, trained by minimal disturbance (Rule I).

    Args:
        input_shape: shape of an input.
        units: number of ADALINEs, odd.

    Returns:
        A compiled `keras.Sequential`, `(batch, *input_shape)` to linear sums
        `(batch, units)`; the class is 1 where most of them are positive.

    Raises:
        ValueError: `units` is even, or not positive.

    Example:
        >>> model = kerazoo.madaline()
        >>> kerazoo.fit(model)

    Reference:
        Widrow, 1962; doi:10.1109/5.58323 of Rule I.
    """
    if not isinstance(units, int) or units < 1 or units % 2 == 0:
        raise ValueError(
            "`units` must be odd, for a majority, and positive. "
            f"Received: units={units}"
        )
    return keras.Sequential(
        [
            keras.Input(input_shape),  # 2
            layers.Flatten(name="switches"),  # 2
            layers.Dense(units, dtype="float32", name="adalines"),  # 3
        ]
    )
