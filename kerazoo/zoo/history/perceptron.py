"""Rosenblatt's perceptron (1958), and the Mark I that was built of it.

The first machine that learned from examples and had a proof: whatever its response
units can separate, the error-correction rule separates after finitely many mistakes.
Photocells drive association units through fixed random wires; only the weights between
association and response units, potentiometers turned by motors, learn.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture


@keras.saving.register_keras_serializable(package="kerazoo")
class AssociationUnits(layers.Layer):
    """Threshold units behind a plugboard: random wires of sign +1 or -1, fixed.

    A unit fires (1, else 0) if the sum of its inputs reaches the threshold. The wiring
    is a weight that is not trained, drawn from a seed and saved with the model.

    Args:
        units: number of association units.
        fan_out: units that every input drives.
        threshold: sum at which a unit fires.
        seed: seed of the wiring.

    Input shape: `(batch, inputs)`. Output shape: `(batch, units)`.
    """

    def __init__(self, units, fan_out, threshold, seed, **keywords):
        super().__init__(**keywords)
        if not 1 <= fan_out <= units:
            raise ValueError(
                f"`fan_out` must be in 1..{units}, the number of association units. "
                f"Received: fan_out={fan_out}"
            )
        self.units, self.fan_out = units, fan_out
        self.threshold, self.seed = threshold, seed

    def build(self, input_shape):
        self.wiring = self.add_weight(
            name="wiring",
            shape=(input_shape[-1], self.units),
            initializer=self._plug,
            trainable=False,
        )

    def _plug(self, shape, dtype=None):
        rank = keras.random.uniform(shape, seed=self.seed)
        least = ops.min(ops.top_k(rank, self.fan_out)[0], axis=-1, keepdims=True)
        sign = ops.sign(keras.random.uniform(shape, -1.0, 1.0, seed=self.seed + 1))
        return ops.cast(ops.where(rank >= least, sign, 0.0), dtype)

    def call(self, x):
        return ops.cast(ops.matmul(x, self.wiring) >= self.threshold, x.dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "fan_out": self.fan_out,
            "threshold": self.threshold,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="kerazoo")
class ErrorCorrection(keras.losses.Loss):
    """The perceptron's rule `w += (t - o) x` as a loss on the response units' sums z.

    A unit responds, o = 1, if z > 0. Held constant, `o - t` is the gradient by z, so a
    step of SGD with rate 1 and batch 1 is the rule. The value, `sum (o - t) z`, is how
    far the wrong units are on the wrong side.

    `call` takes integer labels `(batch,)` and sums `(batch, classes)`.
    """

    def call(self, y_true, y_pred):
        labels = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        target = ops.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype)
        response = ops.cast(y_pred > 0, y_pred.dtype)
        return ops.sum(ops.stop_gradient(response - target) * y_pred, axis=-1)


def response_units(classes):
    """One unit for each class, from zero weights; gives the sums z, not the step."""
    return layers.Dense(
        classes, kernel_initializer="zeros", dtype="float32", name="response"
    )


@architecture(
    title="Mark I Perceptron",
    paper="Rosenblatt, 1958, The perceptron: a probabilistic model for information "
    "storage and organization in the brain, Psychological Review 65(6):386-408; Mark I "
    "Perceptron Operators' Manual, 1960",
    year=1958,
    url="doi:10.1037/h0042519",
    task="image classification",
    lectures=["004: 1958, Frank Rosenblatt's perceptron classifies 20x20 images"],
    dataset="mark1_letters",
    offline="digits",
    params=4_104,
    non_trainable=204_800,
    macs=208_896,
    recipe={
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 1.0}},
        "loss": "kerazoo>ErrorCorrection",
        "metrics": ["accuracy"],
        "batch_size": 1,
        "epochs": 30,
    },
    preprocess={"threshold": 127.5},
    deviations=[
        "the response units give their sums, so that the class is the largest one; "
        "response unit r of the machine is on where sum r > 0",
        "every photocell drives exactly `fan_out` association units (the machine: up "
        "to 40), over wires drawn from a seed",
        "learns behind plain fit by a loss whose gradient step is the error-correction "
        "rule; exact for batches of 1, averaged over larger ones",
        "the letters are generated; no data of the machine are public",
    ],
    tiny={"classes": 10},
    tiny_recipe={"epochs": 8},
    learns={"accuracy": 0.88},
)
def perceptron(
    *,
    input_shape=(20, 20, 1),
    classes=8,
    units=512,
    fan_out=40,
    threshold=1,
    seed=0,
):
    """The Mark I Perceptron (Rosenblatt, 1958).

    Args:
        input_shape: shape of the sensory field; binary inputs.
        classes: number of response units.
        units: number of association units.
        fan_out: association units that every sensory unit drives.
        threshold: sum at which an association unit fires.
        seed: seed of the fixed wiring.

    Returns:
        A compiled `keras.Sequential`, `(batch, *input_shape)` zeros and ones to
        `(batch, classes)` sums of the response units.

    Example:
        >>> model = kerazoo.perceptron()
        >>> kerazoo.fit(model)

    Reference:
        doi:10.1037/h0042519.
    """
    return keras.Sequential(
        [
            keras.Input(input_shape),  # 20x20
            layers.Flatten(name="sensory"),  # 400
            AssociationUnits(units, fan_out, threshold, seed, name="association"),
            response_units(classes),  # 8
        ]
    )


@architecture(
    variant_of="perceptron",
    title="Single-layer perceptron",
    dataset="mnist",
    params=4_010,
    macs=4_000,
    deviations=[
        "the response units give their sums, so that the class is the largest one",
        "learns behind plain fit by a loss whose gradient step is the error-correction "
        "rule; exact for batches of 1, averaged over larger ones",
    ],
    tiny={},
    tiny_recipe={"epochs": 5},
    learns={"accuracy": 0.86},
)
def single_layer_perceptron(*, input_shape=(20, 20, 1), classes=10):
    """The perceptron of the textbooks: response units on the inputs themselves.

    Args:
        input_shape: shape of an input; images are made binary.
        classes: number of response units.

    Returns:
        A compiled `keras.Sequential`, `(batch, *input_shape)` to `(batch, classes)`
        sums of the response units.

    Example:
        >>> model = kerazoo.single_layer_perceptron()
        >>> kerazoo.fit(model, "digits")

    Reference:
        doi:10.1037/h0042519.
    """
    return keras.Sequential(
        [
            keras.Input(input_shape),  # 20x20
            layers.Flatten(name="sensory"),  # 400
            response_units(classes),  # 10
        ]
    )
