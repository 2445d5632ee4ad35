"""Gaussian predictions: a mean and a log standard deviation for every target.

Predictions are `(batch, 2 targets)`, the means first.
"""

import math

import keras
from keras import layers, ops

LOG_STD_RANGE = (-7.0, 7.0)


def moments(prediction):
    """Means and log standard deviations, `(..., targets)` each, of a prediction."""
    mean, log_std = ops.split(prediction, 2, axis=-1)
    return mean, ops.clip(log_std, *LOG_STD_RANGE)


def log_density(y, mean, log_std):
    """Logarithm of the normal density, element by element."""
    scaled = (y - mean) * ops.exp(-log_std)
    return -0.5 * ops.square(scaled) - log_std - 0.5 * math.log(2 * math.pi)


@keras.saving.register_keras_serializable(package="kerazoo")
class GaussianNLL(keras.losses.Loss):
    """Negative log-likelihood of a normal distribution, in nats.

    Targets `(batch, targets)`, predictions `(batch, 2 targets)`; targets of a sample
    are independent given its input, and their terms add up.
    """

    def call(self, y_true, y_pred):
        mean, log_std = moments(y_pred)
        y_true = ops.cast(y_true, mean.dtype)
        return -ops.sum(log_density(y_true, mean, log_std), axis=-1)


@keras.saving.register_keras_serializable(package="kerazoo")
class GaussianMoments(layers.Layer):
    """One Gaussian with the mean and variance of several in equal parts.

    `mean = E[m]` and `variance = E[s^2 + m^2] - mean^2` (Lakshminarayanan et al., 2017,
    section 2.4): the noise in the data plus the spread of the means.

    Input: `(batch, members, 2 targets)`, or a list of members. Output: as one member.
    """

    def call(self, members):
        means, log_stds = moments(stacked(members))
        mean = ops.mean(means, axis=1)
        noise = ops.mean(ops.exp(2 * log_stds), axis=1)
        variance = noise + ops.var(means, axis=1)
        return ops.concatenate([mean, 0.5 * ops.log(variance)], axis=-1)


@keras.saving.register_keras_serializable(package="kerazoo")
class MeanPrediction(layers.Layer):
    """Mean over members.

    Input: `(batch, members, ...)`, or a list of members. Output: as one member.
    """

    def call(self, members):
        return ops.mean(stacked(members), axis=1)


def stacked(members):
    """A list of predictions as one tensor, members along axis 1."""
    return ops.stack(members, axis=1) if isinstance(members, list) else members
