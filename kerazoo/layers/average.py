"""Networks that are trained with their weights and used with an average of them.

The only place of the zoo that averages weights. It is a layer, so that the average is
saved, loaded and resumed with the model, and so that plain `fit`, `evaluate` and
`predict` do the right thing on every backend.
"""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="kerazoo")
class Averaged(layers.Layer):
    """A network whose weights at inference are a moving average over its training.

    In training the network is called as it is, after the average has taken a step:
    `average = m * average + (1 - m) * weight`. At inference the network is called with
    the averages in place of its weights.

    The momentum `m` rises with the number n of steps as (n + 1) / (n + 10), until it
    is `momentum`: an average over 10,000 steps would else keep its random start all
    through a short run.

    Args:
        network: a built `keras.Model`.
        momentum: share of the average that a step keeps, in the end.

    Attributes:
        network: the network with its weights of the last step.
        averages: the averages of all `network.weights`, in their order.
    """

    def __init__(self, network, momentum=0.9999, **keywords):
        super().__init__(**keywords)
        self.network, self.momentum = network, momentum
        self.averages = [
            self._add_constant(v.shape, _copy_of(v), v.path.replace("/", "_"))
            for v in network.weights
        ]
        self.updates = self._add_constant((), "zeros", "updates")

    def _add_constant(self, shape, initializer, name):
        return self.add_weight(
            shape=shape, dtype="float32", initializer=initializer, trainable=False,
            autocast=False, aggregation="only_first_replica", name=name,
        )  # fmt: skip

    def build(self, input_shape):
        """Nothing to do: the network is built already."""

    def compute_output_spec(self, inputs, training=None):
        return self.network.compute_output_spec(inputs, training=training)

    def call(self, inputs, training=None):
        if training:
            self._step()
            return self.network(inputs, training=True)
        values = {id(v): v.value for v in self.network.variables}
        for weight, average in zip(self.network.weights, self.averages, strict=True):
            values[id(weight)] = average.value
        with keras.StatelessScope([(v, values[id(v)]) for v in self.network.variables]):
            return self.network(inputs, training=False)

    def _step(self):
        n = self.updates.value
        momentum = ops.minimum(self.momentum, (n + 1) / (n + 10))
        self.updates.assign(n + 1)
        for weight, average in zip(self.network.weights, self.averages, strict=True):
            value = ops.stop_gradient(ops.cast(weight.value, "float32"))
            average.assign(momentum * average.value + (1 - momentum) * value)

    def restart(self):
        """Forgets the past: the averages are the network's weights as they are now."""
        self.updates.assign(0.0)
        for weight, average in zip(self.network.weights, self.averages, strict=True):
            average.assign(ops.copy(weight.value))

    def get_config(self):
        return {
            **super().get_config(),
            "network": keras.saving.serialize_keras_object(self.network),
            "momentum": self.momentum,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        network = keras.saving.deserialize_keras_object(
            config["network"], custom_objects=custom_objects
        )
        return cls(**{**config, "network": network})


def _copy_of(variable):
    """An initializer: the value of another variable, in a buffer of its own."""

    def initializer(shape, dtype=None):
        return ops.copy(ops.cast(ops.stop_gradient(variable.value), dtype))

    return initializer
