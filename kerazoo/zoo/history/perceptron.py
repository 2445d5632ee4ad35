"""Rosenblatt's perceptron (1958), and the Mark I that was built of it.

The first machine that learned from examples and had a proof: whatever its response
units can separate, the error-correction rule separates after finitely many mistakes.
Photocells drive association units through fixed random wires; only the weights between
association and response units, potentiometers turned by motors, learn.

Where classes overlap, the rule never comes to rest, and its last weights are as good as
the last example. Two ways of answering with better ones: the weights that were right
for longest (Gallant, 1990), and the mean of all (Freund & Schapire, 1999).
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
        error = responses(y_pred) - targets(y_true, y_pred)
        return ops.sum(ops.stop_gradient(error) * y_pred, axis=-1)


def targets(labels, sums):
    """1 for the response unit of the label, 0 for the others."""
    labels = ops.cast(ops.reshape(labels, (-1,)), "int32")
    return ops.one_hot(labels, sums.shape[-1], dtype=sums.dtype)


def responses(sums):
    """1 for units that respond, 0 for others."""
    return ops.cast(sums > 0, sums.dtype)


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
        "the paper of 1958 strengthens active units without regard to errors (its "
        "alpha, beta and gamma systems); error correction and the proof that it ends "
        "followed from 1960 on",
        "the response units give their sums, so that the class is the largest one; "
        "response unit r of the machine is on where sum r > 0",
        "each response unit learns a threshold besides its 512 weights, which are the "
        "4,096 potentiometers of the machine",
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


@keras.saving.register_keras_serializable(package="kerazoo")
class RememberingUnits(layers.Layer):
    """Response units, from zero weights, that answer with other weights than learn.

    Training sees and changes the present weights.

    Args:
        units: number of response units.

    Input shape: `(batch, inputs)`. Output shape: `(batch, units)`, sums.
    """

    def __init__(self, units, **keywords):
        super().__init__(**keywords)
        self.units = units

    def build(self, input_shape):
        self.kernel = self._zeros("kernel", (input_shape[-1], self.units))
        self.bias = self._zeros("bias", (self.units,))

    def _zeros(self, name, shape, trainable=True):
        return self.add_weight(
            name=name, shape=shape, initializer="zeros", trainable=trainable
        )

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="kerazoo")
class AveragedUnits(RememberingUnits):
    """Units that answer with the mean of their weights over all steps of training.

    Each step first adds the present weights to a sum; what the last step made of them
    is added when the units answer. Arguments and shapes as of `RememberingUnits`.
    """

    def build(self, input_shape):
        super().build(input_shape)
        self.kernel_sum = self._zeros("kernel_sum", self.kernel.shape, trainable=False)
        self.bias_sum = self._zeros("bias_sum", self.bias.shape, trainable=False)
        self.steps = self._zeros("steps", (), trainable=False)

    def call(self, x, training=None):
        if training:
            self.kernel_sum.assign_add(ops.stop_gradient(self.kernel))
            self.bias_sum.assign_add(ops.stop_gradient(self.bias))
            self.steps.assign_add(1.0)
            return ops.matmul(x, self.kernel) + self.bias
        steps = ops.maximum(self.steps, 1.0)
        kernel = (self.kernel_sum + self.kernel) / steps
        return ops.matmul(x, kernel) + (self.bias_sum + self.bias) / steps


@architecture(
    variant_of="single_layer_perceptron",
    title="Averaged perceptron",
    paper="Freund & Schapire, 1999, Large margin classification using the perceptron "
    "algorithm, Machine Learning 37(3):277-296",
    year=1999,
    url="doi:10.1023/A:1007662407062",
    lectures=[],
    params=4_010,
    non_trainable=4_011,
    macs=4_000,
    deviations=[
        "one unit for each class, averaged on its own; gives the sums of the averaged "
        "units, so that the class is the largest one",
        "with a threshold, which the paper leaves out; no kernels",
        "learns behind plain fit by a loss whose gradient step is the error-correction "
        "rule; exact for batches of 1, a larger batch counts as one example",
    ],
    learns={"accuracy": 0.93},
)
def averaged_perceptron(*, input_shape=(20, 20, 1), classes=10):
    """A perceptron that answers with the mean of its weights over the run.

    So weights count by the number of examples that they survived: the linear form of
    the voted perceptron (Freund & Schapire, 1999).

    Args:
        input_shape: shape of an input; images are made binary.
        classes: number of response units.

    Returns:
        A compiled `keras.Sequential`, `(batch, *input_shape)` to `(batch, classes)`
        sums of the response units.

    Example:
        >>> model = kerazoo.averaged_perceptron()
        >>> kerazoo.fit(model, "digits")

    Reference:
        doi:10.1023/A:1007662407062.
    """
    return keras.Sequential(
        [
            keras.Input(input_shape),  # 20x20
            layers.Flatten(name="sensory"),  # 400
            AveragedUnits(classes, dtype="float32", name="response"),  # 10
        ]
    )


@keras.saving.register_keras_serializable(package="kerazoo")
class PocketUnits(RememberingUnits):
    """Units that answer with the weights that were right for longest.

    `PocketPerceptron` reports whether the present weights were right, before a step
    changes them. Arguments and shapes as of `RememberingUnits`.
    """

    def build(self, input_shape):
        super().build(input_shape)
        self.pocket_kernel = self._zeros(
            "pocket_kernel", self.kernel.shape, trainable=False
        )
        self.pocket_bias = self._zeros("pocket_bias", self.bias.shape, trainable=False)
        self.run = self._zeros("run", self.bias.shape, trainable=False)
        self.longest = self._zeros("longest", self.bias.shape, trainable=False)

    def call(self, x, training=None):
        if training:
            return ops.matmul(x, self.kernel) + self.bias
        return ops.matmul(x, self.pocket_kernel) + self.pocket_bias

    def report(self, right):
        """Takes note of which units `(units,)` answered rightly."""
        run = ops.where(right, self.run + 1.0, 0.0)
        better = run > self.longest
        for pocket, present in (
            (self.pocket_kernel, self.kernel),
            (self.pocket_bias, self.bias),
            (self.longest, run),
        ):
            present, kept = map(ops.convert_to_tensor, (present, pocket))
            pocket.assign(ops.stop_gradient(ops.where(better, present, kept)))
        self.run.assign(run)


@keras.saving.register_keras_serializable(package="kerazoo")
class PocketPerceptron(keras.Sequential):
    """A chain that ends in `PocketUnits` and tells them when they are right."""

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        if training:
            right = ops.equal(targets(y, y_pred), responses(y_pred))
            self.layers[-1].report(ops.all(right, axis=0))
        return super().compute_loss(x, y, y_pred, sample_weight, training)


@architecture(
    variant_of="single_layer_perceptron",
    title="Pocket perceptron",
    paper="Gallant, 1990, Perceptron-based learning algorithms, IEEE Transactions on "
    "Neural Networks 1(2):179-191",
    year=1990,
    url="doi:10.1109/72.80230",
    lectures=[],
    params=4_010,
    non_trainable=4_030,
    macs=4_000,
    deviations=[
        "one unit with a pocket for each class; gives the sums of the weights in the "
        "pockets, so that the class is the largest one",
        "examples come in shuffled passes; the paper draws them at random",
        "without the ratchet, which tries weights on all examples before it keeps them",
        "learns behind plain fit by a loss whose gradient step is the error-correction "
        "rule; exact for batches of 1, a larger batch counts as one example",
    ],
    learns={"accuracy": 0.9},
)
def pocket_perceptron(*, input_shape=(20, 20, 1), classes=10):
    """A perceptron that keeps, in its pocket, the weights with the longest run.

    The error-correction rule works on other weights; they are put into the pocket
    when they have been right for more examples in a row than those in it (Gallant,
    1990).

    Args:
        input_shape: shape of an input; images are made binary.
        classes: number of response units.

    Returns:
        A compiled `PocketPerceptron`, `(batch, *input_shape)` to `(batch, classes)`
        sums of the response units.

    Example:
        >>> model = kerazoo.pocket_perceptron()
        >>> kerazoo.fit(model, "digits")

    Reference:
        doi:10.1109/72.80230.
    """
    return PocketPerceptron(
        [
            keras.Input(input_shape),  # 20x20
            layers.Flatten(name="sensory"),  # 400
            PocketUnits(classes, dtype="float32", name="response"),  # 10
        ]
    )
