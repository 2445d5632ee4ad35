"""Mixture density networks (Bishop, 1994).

An inverse problem has several right answers, and the mean of them is none. The network
predicts a whole density instead: weights, means and widths of a few Gaussians.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture
from kerazoo.layers.gaussian import LOG_STD_RANGE, log_density


def components(prediction):
    """Log weights, means and log standard deviations `(batch, components)`."""
    logits, mean, log_std = ops.split(prediction, 3, axis=-1)
    return ops.log_softmax(logits), mean, ops.clip(log_std, *LOG_STD_RANGE)


@keras.saving.register_keras_serializable(package="kerazoo")
class MixtureNLL(keras.losses.Loss):
    """Negative log-likelihood of a mixture of Gaussians, in nats.

    Targets `(batch, 1)`, predictions `(batch, 3 components)`: logits of the weights,
    means, log standard deviations.
    """

    def call(self, y_true, y_pred):
        log_weight, mean, log_std = components(y_pred)
        y_true = ops.cast(y_true, mean.dtype)
        joint = log_weight + log_density(y_true, mean, log_std)
        return -ops.logsumexp(joint, axis=-1)


@keras.saving.register_keras_serializable(package="kerazoo")
class MixtureDensityNetwork(keras.Sequential):
    """A chain of layers that ends in the numbers of a mixture of Gaussians."""

    def sample(self, x, seed=None):
        """One answer for every row of `x`, a tensor `(len(x), 1)`."""
        seed = keras.random.SeedGenerator(seed)
        log_weight, mean, log_std = components(self(x))
        chosen = keras.random.categorical(log_weight, 1, seed=seed)
        mean, log_std = (
            ops.take_along_axis(value, chosen, axis=-1) for value in (mean, log_std)
        )
        return mean + ops.exp(log_std) * keras.random.normal(mean.shape, seed=seed)

    def mode(self, x):
        """The mean of the likeliest component for every row, `(len(x), 1)`."""
        log_weight, mean, _ = components(self(x))
        likeliest = ops.argmax(log_weight, axis=-1, keepdims=True)
        return ops.take_along_axis(mean, likeliest, axis=-1)


@architecture(
    title="Mixture density network",
    paper="Bishop, 1994, Mixture Density Networks, Aston University NCRG/94/004",
    year=1994,
    url="https://publications.aston.ac.uk/id/eprint/373/",
    task="regression with uncertainty",
    lectures=["001: Lecture 10: Uncertainty"],
    dataset="inverse_problem",
    offline="inverse_problem",
    params=229,
    macs=200,
    variants={
        "5 components, 64 units": {
            "config": {"components": 5, "units": 64},
            "params": 1_103,
        },
        "1 component, 64 units": {
            "config": {"components": 1, "units": 64},
            "params": 323,
        },
    },
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.03}},
        "schedule": {"kind": "cosine"},
        "loss": "kerazoo>MixtureNLL",
        "batch_size": 100,
        "epochs": 150,
    },
    deviations=["trained by Adam on batches, the paper by BFGS on all data"],
    tiny={},
    learns={"loss": -0.8},
)
def mixture_density_network(*, input_shape=(1,), units=20, components=3):
    """A network that predicts a mixture of Gaussians (Bishop, 1994).

    Args:
        input_shape: `(features,)` of a sample.
        units: width of the hidden layer.
        components: number of Gaussians.

    Returns:
        A compiled `MixtureDensityNetwork`, `(batch, features)` to
        `(batch, 3 components)`; `model.sample(x)` draws answers, `model.mode(x)` gives
        those of the likeliest component.

    Example:
        >>> model = kerazoo.mixture_density_network()
        >>> kerazoo.fit(model, "inverse_problem")
        >>> y = model.sample(x)

    Reference:
        Bishop (1994), section 5: 20 hidden units and 3 kernels on the inverse of
        x = t + 0.3 sin(2 pi t) + noise.
    """
    return MixtureDensityNetwork(
        [
            keras.Input(input_shape),
            layers.Dense(units, activation="tanh", name="hidden"),
            layers.Dense(3 * components, dtype="float32", name="mixture"),
        ]
    )
