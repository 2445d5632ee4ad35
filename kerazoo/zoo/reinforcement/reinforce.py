"""REINFORCE, learning by the gradient of the policy (Williams, 1992).

A network gives the probabilities of actions. Each action that was taken is made more
probable in proportion to the reward that came after it, less a baseline: on average
that is the gradient of the expected reward. As a loss it is the cross-entropy of the
actions taken, weighted by what came of them, and nothing else.

Play and weights are `kerazoo.datasets.experience.Episodes`, named in the recipe.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture
from kerazoo.layers.observation import as_vector


def hidden(inputs, units):
    """The hidden layer, on a flat input."""
    return layers.Dense(units, activation="relu", name="hidden")(as_vector(inputs))


@architecture(
    title="REINFORCE",
    paper="Williams, 1992, Simple statistical gradient-following algorithms for "
    "connectionist reinforcement learning, Machine Learning 8",
    year=1992,
    url="doi:10.1007/BF00992696",
    task="acting by a policy",
    lectures=[
        "001: Reinforcement learning",
        "003: Strategy games (Silver et al., 2016)",
        "004: Strategy games (Silver et al., 2016)",
    ],
    dataset="CartPole-v1",
    offline="catch",
    params=450,
    macs=384,
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 5e-3}},
        "loss": {
            "class_name": "SparseCategoricalCrossentropy",
            "config": {"from_logits": True},
        },
        "batch_size": 1024,
        "epochs": 100,
        "experience": {
            "class_name": "Episodes",
            "config": {"environments": 4, "gamma": 0.99},
        },
    },
    deviations=[
        "the paper prescribes neither network nor task nor optimizer: the hidden layer "
        "of 64 and Adam are ours",
        "an update takes 1,024 steps drawn from whole episodes, at weights divided by "
        "their standard deviation",
        "an episode cut short by a time limit counts as ended",
    ],
    tiny={"input_shape": (10, 5, 1), "actions": 3},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 1e-2}},
        "batch_size": 256,
        "epochs": 150,
        "experience": {
            "class_name": "Episodes",
            "config": {
                "environments": 32,
                "gamma": 0.99,
                "evaluation": {"episodes": 100},
            },
        },
    },
    learns={"return": 0.9},
)
def reinforce(*, input_shape=(4,), actions=2, units=64):
    """A policy with one hidden layer, learned by REINFORCE (Williams, 1992).

    Args:
        input_shape: shape of what the environment shows.
        actions: how many actions there are to choose from.
        units: width of the hidden layer.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` to `(batch, actions)` logits.

    Example:
        >>> model = kerazoo.create("reinforce", tiny=True)
        >>> kerazoo.fit(model, "catch")
        >>> kerazoo.evaluate(model, "catch")

    Reference:
        doi:10.1007/BF00992696, section 4.
    """
    inputs = keras.Input(input_shape)
    x = hidden(inputs, units)  # 64
    return keras.Model(inputs, layers.Dense(actions, dtype="float32", name="logits")(x))


@architecture(
    variant_of="reinforce",
    title="REINFORCE with a learned baseline",
    params=515,
    macs=448,
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 5e-3}},
        "loss": {
            "policy": {
                "class_name": "SparseCategoricalCrossentropy",
                "config": {"from_logits": True},
            },
            "value": "mean_squared_error",
        },
        "batch_size": 1024,
        "epochs": 100,
        "experience": {
            "class_name": "Episodes",
            "config": {"environments": 4, "gamma": 0.99},
        },
    },
    deviations=[
        "the paper prescribes neither network nor task nor optimizer: the hidden layer "
        "of 64, which policy and baseline share, and Adam are ours",
        "an update takes 1,024 steps drawn from whole episodes, at weights divided by "
        "their standard deviation",
        "an episode cut short by a time limit counts as ended",
    ],
)
def reinforce_baseline(*, input_shape=(4,), actions=2, units=64):
    """REINFORCE with the expected reward-to-go as its baseline (Williams, 1992).

    Keywords as `reinforce`. Gives a mapping of `"policy"`, the logits, and `"value"`.
    """
    inputs = keras.Input(input_shape)
    x = hidden(inputs, units)  # 64
    outputs = {
        "policy": layers.Dense(actions, dtype="float32", name="policy")(x),
        "value": layers.Dense(1, dtype="float32", name="value")(x),
    }
    return keras.Model(inputs, outputs)
