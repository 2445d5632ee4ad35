"""Deep Q-networks (Mnih et al., 2013 and 2015), Double and Dueling.

A convolutional network sees the screen of a game and estimates for every action the
sum of rewards to come. It learns these values from its own play: the value of an action
is the reward plus the discounted best value of what follows, as a slowly changing copy
of the network estimates it, on steps drawn from a large memory. One network, one
algorithm and one set of numbers learned 49 games, many beyond human play.

The memory, the copy and the play are `kerazoo.datasets.experience.Replay`, named in the
recipe; the loss sees `(action, value)`.
"""

import math

import keras
from keras import layers, ops

from kerazoo.architecture import architecture
from kerazoo.layers.observation import as_vector


@keras.saving.register_keras_serializable(package="kerazoo")
class TemporalDifference(keras.losses.Loss):
    """Huber's loss on the value of the action that was taken.

    The error is clipped to -1..1 in its gradient, which the paper says in words; other
    actions have no gradient. Targets `(batch, 2)`: action and value; predictions
    `(batch, actions)`. Summed over the batch, as the authors' code does.

    Args:
        reduction: as in `keras.losses.Loss`.
        name: of the loss.
    """

    def __init__(self, reduction="sum", name="temporal_difference"):
        super().__init__(name=name, reduction=reduction)

    def call(self, y_true, y_pred):
        actions = ops.cast(y_true[:, 0], "int32")
        taken = ops.one_hot(actions, ops.shape(y_pred)[-1], dtype=y_pred.dtype)
        error = y_true[:, 1] - ops.sum(taken * y_pred, axis=-1)
        size = ops.abs(error)
        return ops.where(size < 1, 0.5 * ops.square(error), size - 0.5)

    def get_config(self):
        return {"reduction": self.reduction, "name": self.name}


def torch7(fan_in):
    """Torch7's initialisers, which the authors used: uniform in +-1 / sqrt(fan_in)."""
    limit = 1 / math.sqrt(fan_in)
    return {
        "kernel_initializer": keras.initializers.RandomUniform(-limit, limit),
        "bias_initializer": keras.initializers.RandomUniform(-limit, limit),
    }


def dense(x, units, activation, name, dtype=None):
    """A dense layer with the initialisers of Torch7."""
    initializers = torch7(x.shape[-1])
    return layers.Dense(
        units, activation=activation, dtype=dtype, name=name, **initializers
    )(x)


def convolutions(input_shape, filters, kernel_sizes, strides):
    """Input of pixels, and the flat features that convolutions make of them."""
    x = inputs = keras.Input(input_shape)
    x = layers.Rescaling(1 / 255, name="rescaling")(x)  # 84x84x4
    sizes = zip(filters, kernel_sizes, strides, strict=True)
    for index, (channels, size, stride) in enumerate(sizes, 1):
        x = layers.Conv2D(
            channels,
            size,
            stride,
            activation="relu",
            name=f"conv{index}",
            **torch7(x.shape[-1] * size**2),
        )(x)  # 20x20x32, 9x9x64, 7x7x64
    return inputs, layers.Flatten(name="flatten")(x)  # 3136


def q_network(input_shape, actions, filters, kernel_sizes, strides, units):
    """Convolutions, one hidden layer, a linear value for every action."""
    inputs, x = convolutions(input_shape, filters, kernel_sizes, strides)
    x = dense(x, units, "relu", "hidden")  # 512
    x = dense(x, actions, None, "values", dtype="float32")
    return keras.Model(inputs, x)


@architecture(
    title="Deep Q-network",
    paper="Mnih et al., 2015, Human-level control through deep reinforcement learning, "
    "Nature 518",
    year=2015,
    url="doi:10.1038/nature14236",
    task="acting by values",
    lectures=[
        "000: Reinforcement learning (Mnih et al, 2014)",
        "001: Google DeepMind's Deep Q-learning playing Atari",
        "002: Atari Games - DeepMind 2016",
        "003: Reinforcement learning",
        "004: Reinforcement learning",
    ],
    dataset="ALE/Breakout-v5",
    offline="catch",
    params=1_686_180,
    macs=9_345_024,
    variants={
        "6 actions (Pong)": {"config": {"actions": 6}, "params": 1_687_206},
        "18 actions": {"config": {"actions": 18}, "params": 1_693_362},
    },
    recipe={
        "optimizer": {
            "class_name": "RMSprop",
            "config": {
                "learning_rate": 0.00025,
                "rho": 0.95,
                "epsilon": 0.01,
                "centered": True,
            },
        },
        "loss": "kerazoo>TemporalDifference",
        "batch_size": 32,
        "epochs": 50_000,
        "experience": {
            "class_name": "Replay",
            "config": {
                "environments": 8,
                "steps": 1_000,
                "updates": 250,
                "memory": 1_000_000,
                "warmup": 50_000,
                "epsilon": [1.0, 0.1, 1_000_000],
                "gamma": 0.99,
                "target_every": 10,
                "clip_rewards": True,
                "evaluation": {"episodes": 30, "epsilon": 0.05},
            },
        },
    },
    published=[
        "mean of 30 episodes with epsilon 0.05 (Extended Data Table 2): Breakout "
        "401.2, Pong 18.9, Enduro 301.8, Seaquest 5286, Space Invaders 1976; human "
        "31.8, 9.3, 309.6, 20182, 1652"
    ],
    deviations=[
        "an epoch acts for 1,000 steps with the weights at its start, then makes 250 "
        "updates; the paper updates after every 4 steps",
        "8 games are played side by side, the paper plays one",
        "frames are made 84x84 by the emulator's own resizing of grey, by areas; the "
        "paper resizes luminance bilinearly",
    ],
    tiny={
        "input_shape": (10, 5, 1),
        "actions": 3,
        "filters": (16,),
        "kernel_sizes": (3,),
        "strides": (1,),
        "units": 64,
    },
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "loss": {
            "class_name": "kerazoo>TemporalDifference",
            "config": {"reduction": "sum_over_batch_size"},
        },
        "epochs": 30,
        "experience": {
            "class_name": "Replay",
            "config": {
                "environments": 16,
                "steps": 256,
                "updates": 64,
                "memory": 10_000,
                "warmup": 256,
                "epsilon": [1.0, 0.05, 3_000],
                "gamma": 0.99,
                "evaluation": {"episodes": 100},
            },
        },
    },
    learns={"return": 0.95},
)
def dqn(
    *, input_shape=(84, 84, 4), actions=4, filters=(32, 64, 64),
    kernel_sizes=(8, 4, 3), strides=(4, 2, 1), units=512,
):  # fmt: skip
    """The network that plays Atari from pixels (Mnih et al., 2015).

    Args:
        input_shape: height, width and channels; where an environment gives fewer
            channels, as many of its newest frames are stacked.
        actions: how many actions there are to choose from.
        filters: channels of the convolutions.
        kernel_sizes: their kernels' height and width.
        strides: their strides.
        units: width of the dense layer.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` pixels of 0..255 to
        `(batch, actions)` values.

    Example:
        >>> model = kerazoo.create("dqn", tiny=True)
        >>> kerazoo.fit(model, "catch")
        >>> kerazoo.evaluate(model, "catch")

    Reference:
        doi:10.1038/nature14236, Methods, Extended Data Table 1.
    """
    return q_network(input_shape, actions, filters, kernel_sizes, strides, units)


@architecture(
    variant_of="dqn",
    title="Deep Q-network of 2013",
    paper="Mnih et al., 2013, Playing Atari with Deep Reinforcement Learning, NIPS "
    "Deep Learning Workshop",
    year=2013,
    url="arXiv:1312.5602",
    params=677_172,
    macs=2_966_528,
    variants={
        "6 actions (Pong)": {"config": {"actions": 6}, "params": 677_686},
        "18 actions": {"config": {"actions": 18}, "params": 680_770},
    },
    recipe={
        "optimizer": {
            "class_name": "RMSprop",
            "config": {
                "learning_rate": 0.00025,
                "rho": 0.95,
                "epsilon": 0.01,
                "centered": True,
            },
        },
        "loss": "kerazoo>TemporalDifference",
        "batch_size": 32,
        "epochs": 40_000,
        "experience": {
            "class_name": "Replay",
            "config": {
                "environments": 1,
                "steps": 250,
                "updates": 250,
                "memory": 1_000_000,
                "warmup": 50_000,
                "epsilon": [1.0, 0.1, 1_000_000],
                "gamma": 0.99,
                "clip_rewards": True,
                "evaluation": {"episodes": 30, "epsilon": 0.05},
            },
        },
    },
    published=[
        "average score with epsilon 0.05 (Table 1): Breakout 168, Pong 20, Enduro 470, "
        "Seaquest 1705, Space Invaders 581"
    ],
    deviations=[
        "targets are of the weights at an epoch's start, 250 updates at most ago; the "
        "paper has no target network",
        "the error is clipped, as in 2015",
        "optimizer, discount and warm-up are those of 2015; the paper names RMSProp "
        "with batches of 32 alone",
        "frames are resized to 84x84 whole; the paper crops the playing area",
    ],
    tiny={
        "input_shape": (10, 5, 1),
        "actions": 3,
        "filters": (16,),
        "kernel_sizes": (3,),
        "strides": (1,),
        "units": 64,
    },
)
def dqn_2013(
    *, input_shape=(84, 84, 4), actions=4, filters=(16, 32), kernel_sizes=(8, 4),
    strides=(4, 2), units=256,
):  # fmt: skip
    """The first network that played Atari from pixels (Mnih et al., 2013).

    Keywords as `dqn`.
    """
    return q_network(input_shape, actions, filters, kernel_sizes, strides, units)


@architecture(
    variant_of="dqn",
    title="Double DQN",
    paper="van Hasselt, Guez & Silver, 2016, Deep Reinforcement Learning with Double "
    "Q-learning, AAAI",
    year=2016,
    url="arXiv:1509.06461",
    params=1_686_180,
    macs=9_345_024,
    variants={
        "6 actions (Pong)": {"config": {"actions": 6}, "params": 1_687_206},
        "18 actions": {"config": {"actions": 18}, "params": 1_693_362},
    },
    recipe={
        "optimizer": {
            "class_name": "RMSprop",
            "config": {
                "learning_rate": 0.00025,
                "rho": 0.95,
                "epsilon": 0.01,
                "centered": True,
            },
        },
        "loss": "kerazoo>TemporalDifference",
        "batch_size": 32,
        "epochs": 50_000,
        "experience": {
            "class_name": "Replay",
            "config": {
                "environments": 8,
                "steps": 1_000,
                "updates": 250,
                "memory": 1_000_000,
                "warmup": 50_000,
                "epsilon": [1.0, 0.1, 1_000_000],
                "gamma": 0.99,
                "target_every": 10,
                "double": True,
                "clip_rewards": True,
                "evaluation": {"episodes": 30, "epsilon": 0.05},
            },
        },
    },
    deviations=[
        "the network that chooses has the weights at an epoch's start, 250 updates at "
        "most ago",
        "an epoch acts for 1,000 steps with the weights at its start, then makes 250 "
        "updates; the paper updates after every 4 steps",
        "8 games are played side by side, the paper plays one",
        "frames are made 84x84 by the emulator's own resizing of grey, by areas",
        "the tuned version with one bias for all actions is left out",
    ],
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "loss": {
            "class_name": "kerazoo>TemporalDifference",
            "config": {"reduction": "sum_over_batch_size"},
        },
        "epochs": 60,
        "experience": {
            "class_name": "Replay",
            "config": {
                "environments": 16,
                "steps": 128,
                "updates": 32,
                "memory": 10_000,
                "warmup": 256,
                "epsilon": [1.0, 0.05, 3_000],
                "gamma": 0.99,
                "target_every": 2,
                "double": True,
                "evaluation": {"episodes": 100},
            },
        },
    },
)
def double_dqn(
    *, input_shape=(84, 84, 4), actions=4, filters=(32, 64, 64),
    kernel_sizes=(8, 4, 3), strides=(4, 2, 1), units=512,
):  # fmt: skip
    """DQN that chooses by one network, values by the other (van Hasselt et al., 2016).

    The network is that of 2015 and the target differs: the best value of a noisy
    estimate is too high, the other network's value of that choice is not. Keywords as
    `dqn`.
    """
    return q_network(input_shape, actions, filters, kernel_sizes, strides, units)


@architecture(
    variant_of="double_dqn",
    title="Dueling DQN",
    paper="Wang et al., 2016, Dueling Network Architectures for Deep Reinforcement "
    "Learning, ICML",
    year=2016,
    url="arXiv:1511.06581",
    params=3_292_837,
    macs=10_951_168,
    variants={"18 actions": {"config": {"actions": 18}, "params": 3_300_019}},
    recipe={
        "optimizer": {
            "class_name": "RMSprop",
            "config": {
                "learning_rate": 6.25e-5,
                "rho": 0.95,
                "epsilon": 0.01,
                "centered": True,
                "global_clipnorm": 10.0,
            },
        },
        "loss": "kerazoo>TemporalDifference",
        "batch_size": 32,
        "epochs": 50_000,
        "experience": {
            "class_name": "Replay",
            "config": {
                "environments": 8,
                "steps": 1_000,
                "updates": 250,
                "memory": 1_000_000,
                "warmup": 50_000,
                "epsilon": [1.0, 0.1, 1_000_000],
                "gamma": 0.99,
                "target_every": 10,
                "double": True,
                "clip_rewards": True,
                "evaluation": {"episodes": 30, "epsilon": 0.05},
            },
        },
    },
)
def dueling_dqn(
    *, input_shape=(84, 84, 4), actions=4, filters=(32, 64, 64),
    kernel_sizes=(8, 4, 3), strides=(4, 2, 1), units=512,
):  # fmt: skip
    """DQN of two streams, a value and each action's advantage (Wang et al., 2016).

    Q = V + A - mean A, equation 9. Keywords as `dqn`; both streams have a dense layer
    of `units`.
    """
    inputs, x = convolutions(input_shape, filters, kernel_sizes, strides)
    # Two streams' gradients meet here: the paper scales them by 1 / sqrt(2).
    scale = 1 / math.sqrt(2)
    x = scale * x + (1 - scale) * ops.stop_gradient(x)
    value = dense(x, units, "relu", "value_hidden")
    value = dense(value, 1, None, "value", dtype="float32")
    advantage = dense(x, units, "relu", "advantage_hidden")
    advantage = dense(advantage, actions, None, "advantage", dtype="float32")
    mean = ops.mean(advantage, axis=-1, keepdims=True)
    return keras.Model(inputs, value + advantage - mean)


@architecture(
    variant_of="dqn",
    title="Deep Q-network for few numbers",
    params=67_586,
    macs=67_072,
    dataset="CartPole-v1",
    variants={
        "CleanRL's widths": {"config": {"units": (120, 84)}, "params": 10_934},
    },
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 2.3e-3}},
        "loss": {
            "class_name": "kerazoo>TemporalDifference",
            "config": {"reduction": "sum_over_batch_size"},
        },
        "batch_size": 64,
        "epochs": 191,
        "experience": {
            "class_name": "Replay",
            "config": {
                "environments": 8,
                "steps": 256,
                "updates": 128,
                "memory": 100_000,
                "warmup": 1_000,
                "epsilon": [1.0, 0.04, 8_000],
                "gamma": 0.99,
                "evaluation": {"episodes": 20},
            },
        },
    },
    published=[],
    deviations=[
        "no network of the paper: its algorithm for environments that show numbers, "
        "with the widths and settings of Stable-Baselines3's RL Zoo for CartPole",
    ],
    tiny={"input_shape": (10, 5, 1), "actions": 3, "units": (64,)},
)
def dqn_mlp(*, input_shape=(4,), actions=2, units=(256, 256)):
    """Deep Q-learning for environments that show a few numbers, such as CartPole.

    Args:
        input_shape: shape of what the environment shows.
        actions: how many actions there are to choose from.
        units: widths of the hidden layers.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` to `(batch, actions)` values.

    Example:
        >>> model = kerazoo.dqn_mlp()
        >>> kerazoo.fit(model, "CartPole-v1")

    Reference:
        doi:10.1038/nature14236, algorithm 1.
    """
    inputs = keras.Input(input_shape)
    x = as_vector(inputs)
    for index, width in enumerate(units, 1):
        x = dense(x, width, "relu", f"hidden{index}")
    x = dense(x, actions, None, "values", dtype="float32")
    return keras.Model(inputs, x)
