"""Experience: what an agent lives through, as batches for plain `keras.Model.fit`.

One epoch is one generation. `on_epoch_begin` acts in the environment with the weights
of that moment and works out every target of the updates to come; `__getitem__` only
slices arrays. It must not call the model: inside `fit` JAX has taken the variables
away, TensorFlow reads ahead with weights of a step before.
"""

from kerazoo import catalog
from kerazoo.datasets import environments
from kerazoo.datasets.experience.base import Experience, Progress
from kerazoo.datasets.experience.player import Player, evaluate, play, returns, watch
from kerazoo.datasets.experience.policy import Episodes, Rollouts, advantages
from kerazoo.datasets.experience.replay import Memory, Replay

__all__ = [
    "Episodes",
    "Experience",
    "Memory",
    "Player",
    "Progress",
    "Replay",
    "Rollouts",
    "advantages",
    "evaluate",
    "of",
    "play",
    "returns",
    "watch",
]


def of(model, name, maker, batch_size, seed):
    """The experience that a model's recipe names, in an environment.

    Args:
        model: the agent.
        name: of the environment, for errors.
        maker: function `(count, seed) -> Environment`.
        batch_size: steps in a batch.
        seed: fixes games, actions and order.
    """
    recipe = getattr(model, "recipe", None) or {}
    if "experience" not in recipe:
        raise ValueError(
            f"{name!r} is an environment, but {model.name!r} is no agent: its recipe "
            "has no experience. Agents: kerazoo.list_models(domain='reinforcement')."
        )
    kinds = {"Replay": Replay, "Rollouts": Rollouts, "Episodes": Episodes}
    kind, config = recipe["experience"]["class_name"], recipe["experience"]["config"]
    if kind not in kinds:
        raise ValueError(catalog.unknown("experience", kind, kinds))
    config = {k: v for k, v in config.items() if k != "evaluation"}
    environment = maker(config.pop("environments", 1), seed)
    environment = environments.fitted(environment, name, model)
    return kinds[kind](model, environment, batch_size=batch_size, seed=seed, **config)
