"""Proximal policy optimisation (Schulman et al., 2017).

A policy gradient that may use each step several times: what counts is by how much the
policy now prefers an action against when it was taken, and that ratio is clipped, so
that there is nothing to win by going far from the policy that gathered the steps.

Play and advantages are `kerazoo.datasets.experience.Rollouts`, named in the recipe; the
loss sees `(action, its log-probability then, advantage)`.
"""

import math

import keras
from keras import layers, ops

from kerazoo.architecture import architecture
from kerazoo.layers.gaussian import log_density, moments
from kerazoo.layers.observation import as_vector


@keras.saving.register_keras_serializable(package="kerazoo")
class ClippedSurrogate(keras.losses.Loss):
    """Equation 7 with an entropy bonus, for a choice of actions.

    Targets `(batch, 3)`: the action, its log-probability when it was taken, and its
    advantage; predictions `(batch, actions)`, logits.

    Args:
        clip: by how much the ratio of probabilities may leave 1.
        entropy: weight of the policy's entropy.
        name: of the loss.
    """

    def __init__(self, clip=0.2, entropy=0.0, name="clipped_surrogate"):
        super().__init__(name=name)
        self.clip, self.entropy = clip, entropy

    def call(self, y_true, y_pred):
        actions, before = y_true[:, :-2], y_true[:, -2]
        advantage = y_true[:, -1]
        log_p, entropy = self.distribution(actions, y_pred)
        ratio = ops.exp(log_p - before)
        clipped = ops.clip(ratio, 1 - self.clip, 1 + self.clip)
        gain = ops.minimum(ratio * advantage, clipped * advantage)
        return -gain - self.entropy * entropy

    def distribution(self, actions, y_pred):
        """Log-probabilities of actions, and entropies, both `(batch,)`."""
        log_p = ops.log_softmax(y_pred, axis=-1)
        taken = ops.one_hot(ops.cast(actions[:, 0], "int32"), ops.shape(y_pred)[-1])
        return ops.sum(taken * log_p, -1), -ops.sum(ops.exp(log_p) * log_p, -1)

    def get_config(self):
        return {"clip": self.clip, "entropy": self.entropy, "name": self.name}


@keras.saving.register_keras_serializable(package="kerazoo")
class GaussianClippedSurrogate(ClippedSurrogate):
    """The same for vectors of numbers, drawn from independent normal distributions.

    Targets `(batch, numbers + 2)`; predictions `(batch, 2 numbers)`, means and log
    standard deviations.
    """

    def distribution(self, actions, y_pred):
        mean, log_std = moments(y_pred)
        log_p = log_density(actions, mean, log_std)
        entropy = log_std + 0.5 * math.log(2 * math.pi * math.e)
        return ops.sum(log_p, -1), ops.sum(entropy, -1)


@keras.saving.register_keras_serializable(package="kerazoo")
class LogStandardDeviation(layers.Layer):
    """Appends to means their log standard deviations, weights that start at zero."""

    def build(self, input_shape):
        self.log_std = self.add_weight(
            shape=(input_shape[-1],), initializer="zeros", name="log_std"
        )

    def call(self, mean):
        log_std = ops.broadcast_to(ops.cast(self.log_std, mean.dtype), ops.shape(mean))
        return ops.concatenate([mean, log_std], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2 * input_shape[-1])


def tanh_network(x, units, outputs, gain, name):
    """Hidden tanh layers and a linear one, orthogonal as in the authors' code."""
    orthogonal = keras.initializers.Orthogonal
    for index, width in enumerate(units, 1):
        x = layers.Dense(
            width,
            activation="tanh",
            kernel_initializer=orthogonal(math.sqrt(2)),
            name=f"{name}_hidden{index}",
        )(x)
    return layers.Dense(
        outputs, kernel_initializer=orthogonal(gain), dtype="float32", name=name
    )(x)


def actor_critic(input_shape, actions, units, continuous):
    """Two networks that share nothing: one acts, one knows what to expect."""
    inputs = keras.Input(input_shape)
    x = as_vector(inputs)
    if continuous:
        policy = tanh_network(x, units, actions, 0.01, "mean")
        policy = LogStandardDeviation(dtype="float32", name="policy")(policy)
    else:
        policy = tanh_network(x, units, actions, 0.01, "policy")
    value = tanh_network(x, units, 1, 1.0, "value")
    return keras.Model(inputs, {"policy": policy, "value": value})


@architecture(
    title="Proximal policy optimisation",
    paper="Schulman, Wolski, Dhariwal, Radford & Klimov, 2017, Proximal Policy "
    "Optimization Algorithms",
    year=2017,
    url="arXiv:1707.06347",
    task="acting by a policy",
    lectures=["000: Learning to walk (2017)"],
    dataset="Walker2d-v5",
    offline="catch",
    params=11_085,
    macs=10_816,
    variants={
        "Hopper": {"config": {"input_shape": (11,), "actions": 3}, "params": 10_119},
    },
    recipe={
        "optimizer": {
            "class_name": "Adam",
            "config": {"learning_rate": 3e-4, "epsilon": 1e-5, "global_clipnorm": 0.5},
        },
        "loss": {
            "policy": "kerazoo>GaussianClippedSurrogate",
            "value": "mean_squared_error",
        },
        "loss_weights": {"policy": 1.0, "value": 0.5},
        "batch_size": 64,
        "epochs": 488,
        "experience": {
            "class_name": "Rollouts",
            "config": {
                "environments": 1,
                "length": 2048,
                "passes": 10,
                "gamma": 0.99,
                "lambda_": 0.95,
            },
        },
    },
    deviations=[
        "advantages are standardised in every batch, gradients clipped to norm 0.5 and "
        "weights orthogonal, as in the authors' code; the paper does not say so",
        "observations and rewards are not normalised, as the authors' code does",
        "MuJoCo's environments of today, version 5 of Gymnasium, for the paper's "
        "version 1",
    ],
    tiny={"input_shape": (10, 5, 1), "actions": 3, "continuous": False},
    tiny_recipe={
        "optimizer": {
            "class_name": "Adam",
            "config": {"learning_rate": 3e-3, "epsilon": 1e-5, "global_clipnorm": 0.5},
        },
        "loss": {"policy": "kerazoo>ClippedSurrogate", "value": "mean_squared_error"},
        "schedule": {"kind": "linear"},
        "epochs": 25,
        "batch_size": 128,
        "experience": {
            "class_name": "Rollouts",
            "config": {
                "environments": 16,
                "length": 32,
                "passes": 8,
                "gamma": 0.98,
                "lambda_": 0.95,
                "evaluation": {"episodes": 100},
            },
        },
    },
    learns={"return": 0.9},
)
def ppo(*, input_shape=(17,), actions=6, units=(64, 64), continuous=True):
    """An actor and a critic for continuous control (Schulman et al., 2017).

    Args:
        input_shape: shape of what the environment shows.
        actions: how many numbers an action has, or how many actions there are to
            choose from.
        units: widths of the hidden layers of both networks.
        continuous: whether actions are numbers, drawn from normal distributions;
            else the loss is to be `"kerazoo>ClippedSurrogate"`, as for `ppo_cartpole`.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` to a mapping of `"policy"`,
        `(batch, 2 actions)` means and log standard deviations, or `(batch, actions)`
        logits, and `"value"`, `(batch, 1)`.

    Example:
        >>> model = kerazoo.create("ppo", tiny=True)
        >>> kerazoo.fit(model, "catch")
        >>> kerazoo.evaluate(model, "catch")

    Reference:
        arXiv:1707.06347, equations 7 and 9, section 6.1, table 3.
    """
    return actor_critic(input_shape, actions, units, continuous)


@architecture(
    variant_of="ppo",
    title="Proximal policy optimisation for CartPole",
    dataset="CartPole-v1",
    params=9_155,
    macs=8_896,
    recipe={
        "optimizer": {
            "class_name": "Adam",
            "config": {"learning_rate": 1e-3, "epsilon": 1e-5, "global_clipnorm": 0.5},
        },
        "loss": {"policy": "kerazoo>ClippedSurrogate", "value": "mean_squared_error"},
        "loss_weights": {"policy": 1.0, "value": 0.5},
        "schedule": {"kind": "linear"},
        "batch_size": 256,
        "epochs": 175,
        "experience": {
            "class_name": "Rollouts",
            "config": {
                "environments": 8,
                "length": 32,
                "passes": 20,
                "gamma": 0.98,
                "lambda_": 0.8,
            },
        },
    },
    deviations=[
        "no network of the paper: its networks with logits, and the settings of "
        "Stable-Baselines3's RL Zoo for CartPole, but for a constant clipping range",
        "advantages are standardised in every batch, gradients clipped to norm 0.5 and "
        "weights orthogonal, as in the authors' code; the paper does not say so",
    ],
    tiny={"input_shape": (10, 5, 1), "actions": 3},
)
def ppo_cartpole(*, input_shape=(4,), actions=2, units=(64, 64)):
    """An actor and a critic for a choice of actions, as `ppo` (Schulman et al., 2017).

    Example:
        >>> model = kerazoo.ppo_cartpole()
        >>> kerazoo.fit(model, "CartPole-v1")
    """
    return actor_critic(input_shape, actions, units, continuous=False)
