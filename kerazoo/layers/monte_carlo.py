"""Monte-Carlo dropout: one trained network as an ensemble of its dropout masks."""

import keras
from keras import layers, ops

from kerazoo.layers.ensemble import combiner, compile_like, ends_in_logits

_NOISE = (layers.Dropout, layers.GaussianDropout, layers.AlphaDropout)


@keras.saving.register_keras_serializable(package="kerazoo")
class AlwaysOn(layers.Wrapper):
    """A dropout layer that drops in prediction too.

    Args:
        layer: the layer.
    """

    def call(self, inputs):
        return self.layer(inputs, training=True)


@keras.saving.register_keras_serializable(package="kerazoo")
class MonteCarlo(keras.Model):
    """A random network, whose prediction combines several runs of it.

    Args:
        network: model of one input and one output with noise in it.
        combine: layer that makes `(batch, ...)` of runs `(batch, samples, ...)`.
        samples: number of runs.
    """

    def __init__(self, network, combine, samples, **keywords):
        like = network.inputs[0]
        inputs = keras.Input(like.shape[1:], dtype=like.dtype)
        # All runs in one call, so that every row has noise of its own.
        outputs = network(ops.repeat(inputs, samples, axis=0))
        runs = ops.reshape(outputs, (-1, samples, *outputs.shape[1:]))
        super().__init__(inputs, combine(runs), **keywords)
        self.network, self.combine, self.samples = network, combine, samples
        self.runs = keras.Model(inputs, runs, name="runs")

    def sample(self, x):
        """Outputs of single runs, a NumPy array `(samples, len(x), ...)`."""
        return self.runs.predict(x, verbose=0).swapaxes(0, 1)

    def get_config(self):
        return {
            "name": self.name,
            "trainable": self.trainable,
            "network": keras.saving.serialize_keras_object(self.network),
            "combine": keras.saving.serialize_keras_object(self.combine),
            "samples": self.samples,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        network, combine = (
            keras.saving.deserialize_keras_object(
                config.pop(key), custom_objects=custom_objects
            )
            for key in ("network", "combine")
        )
        return cls(network, combine, **config)


def mc_dropout(model, *, samples=50, name=None):
    """A trained network with dropout as its own ensemble (Gal & Ghahramani, 2016).

    Dropout stays on in prediction, everything else is as in inference (batch
    normalisation keeps its moving statistics), and the prediction combines `samples`
    runs: the mean of probabilities or of values, one Gaussian where the network
    predicts Gaussians (Kendall & Gal, 2017). How much runs differ says how little the
    network knows: `model.sample(x)` gives them, and `kerazoo.calibration` splits
    what they say into noise and ignorance.

    Args:
        model: a compiled `keras.Sequential` or functional model with dropout. It is
            copied, weights included.
        samples: number of runs.
        name: name of the result; that of the model with `_mc_dropout` by default.

    Returns:
        A compiled `MonteCarlo` model.

    Raises:
        ValueError: the model is not compiled, has no dropout, or `samples` is not
            positive.

    Example:
        >>> model = kerazoo.heteroscedastic_mlp(dropout=0.2)
        >>> kerazoo.fit(model, "noisy_sine")
        >>> bayesian = kerazoo.mc_dropout(model)
        >>> kerazoo.evaluate(bayesian, "noisy_sine")

    Reference:
        arXiv:1506.02142.
    """
    if not isinstance(samples, int) or samples < 1:
        raise ValueError(f"`samples` must be a positive integer. Received: {samples!r}")
    if not model.compiled:
        raise ValueError(f"{model.name!r} is not compiled. Call model.compile first.")
    if not any(isinstance(layer, _NOISE) for layer in _all_layers(model)):
        raise ValueError(f"{model.name!r} has no dropout: its runs would not differ.")
    network = keras.models.clone_model(
        model, clone_function=_switched_on, recursive=True
    )
    network.set_weights(model.get_weights())
    if ends_in_logits(model):
        softmax = layers.Softmax(dtype="float32", name="softmax")
        network = keras.Sequential([network, softmax], name="probabilities")
    stochastic = MonteCarlo(
        network, combiner(model), samples, name=name or f"{model.name}_mc_dropout"
    )
    compile_like(stochastic, model)
    return stochastic


def _all_layers(model):
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _all_layers(layer)


def _switched_on(layer):
    copy = type(layer).from_config(layer.get_config())
    return AlwaysOn(copy, name=layer.name) if isinstance(layer, _NOISE) else copy
