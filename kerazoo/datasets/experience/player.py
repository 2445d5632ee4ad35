"""Agents at play: a compiled model that acts, greedy episodes, their returns."""

import keras
import numpy as np
from keras import ops

from kerazoo.datasets import environments
from kerazoo.layers.compilation import compiled
from kerazoo.layers.gaussian import LOG_STD_RANGE


class Player:
    """A model as it acts: compiled, from arrays to arrays, of any number of rows.

    Args:
        model: gives action values or logits, or the means and log standard deviations
            of numbers; or a mapping in which they are the `"policy"`.
        environment: where it acts.
    """

    ROWS = 1024  # at most, in one call

    def __init__(self, model, environment):
        self._run = compiled(lambda x: model(x, training=False), model)
        self._bounds = environment.bounds

    def __call__(self, observations):
        """The model's outputs as NumPy arrays."""
        parts = range(0, len(observations), self.ROWS)
        outputs = [self._part(observations[i : i + self.ROWS]) for i in parts]
        return keras.tree.map_structure(lambda *o: np.concatenate(o), *outputs)

    def _part(self, observations):
        # Few sizes, as each is compiled for itself: powers of two.
        count = len(observations)
        padded = np.zeros((1 << (count - 1).bit_length(), *observations.shape[1:]))
        padded = padded.astype(observations.dtype)
        padded[:count] = observations
        outputs = self._run(ops.convert_to_tensor(padded))
        return keras.tree.map_structure(
            lambda o: ops.convert_to_numpy(o)[:count], outputs
        )

    def best(self, observations):
        """The greedy actions."""
        policy = _policy(self(observations))
        if self._bounds is None:
            return policy.argmax(axis=-1)
        return self.legal(np.split(policy, 2, axis=-1)[0])

    def draw(self, outputs, random):
        """Actions drawn from the policy, and their log-probabilities.

        Args:
            outputs: what calling the player gave.
            random: NumPy generator.
        """
        policy = _policy(outputs).astype("float32")
        if self._bounds is None:
            logits = policy - policy.max(axis=-1, keepdims=True)
            log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
            actions = (log_p + random.gumbel(size=log_p.shape)).argmax(axis=-1)
            return actions, np.take_along_axis(log_p, actions[:, None], -1)[:, 0]
        mean, log_std = np.split(policy, 2, axis=-1)
        log_std = log_std.clip(*LOG_STD_RANGE)
        noise = random.standard_normal(mean.shape).astype("float32")
        log_p = -0.5 * noise**2 - log_std - 0.5 * np.log(2 * np.pi)
        return mean + np.exp(log_std) * noise, log_p.sum(axis=-1)

    def legal(self, actions):
        """The actions as the environment takes them: numbers within their bounds."""
        return actions if self._bounds is None else np.clip(actions, *self._bounds)


def _policy(outputs):
    return outputs["policy"] if isinstance(outputs, dict) else outputs


def play(player, environment, *, epsilon=0.0, random=None, watch=None):
    """One greedy episode in every game of an environment.

    Args:
        player: a `Player`.
        environment: where it acts; all games start afresh.
        epsilon: share of random actions among choices.
        random: NumPy generator behind them.
        watch: function called before every action of the first game's episode; its
            end is not seen, as the next game begins with it.

    Returns:
        The returns, sums of rewards, an array `(count,)`.
    """
    observations = environment.reset()
    gained = np.zeros(environment.count)
    playing = np.ones(environment.count, bool)
    while playing.any():
        if watch is not None and playing[0]:
            watch()
        actions = player.best(observations)
        if epsilon:
            at_random = random.random(environment.count) < epsilon
            others = random.integers(environment.actions, size=environment.count)
            actions = np.where(at_random, others, actions)
        step = environment.step(actions)
        gained += np.where(playing, step.rewards, 0)
        playing &= ~(step.terminated | step.truncated)
        observations = step.observations
    return gained


def returns(model, source, split="test", *, episodes=None, epsilon=None, seed=0):
    """Returns of greedy episodes, an array with one for each.

    Args:
        model: the agent.
        source: `Source` of an environment.
        split: `"test"`: whole games.
        episodes: how many; those of the recipe by default, else 20.
        epsilon: share of random actions; that of the recipe by default, else 0.
        seed: fixes the games.
    """
    settings = _evaluation(model)
    episodes = settings["episodes"] if episodes is None else episodes
    epsilon = settings["epsilon"] if epsilon is None else epsilon
    if not isinstance(episodes, int) or episodes < 1:
        raise ValueError(
            f"`episodes` must be a positive integer. Received: {episodes!r}"
        )
    environment = source.read(split)(episodes, seed)
    environment = environments.fitted(environment, source.name, model)
    return play(
        Player(model, environment),
        environment,
        epsilon=epsilon,
        random=np.random.default_rng(seed),
    )


def evaluate(model, source, split="test", **keywords):
    """Mean and deviation of the returns of greedy episodes; keywords as `returns`.

    Returns:
        `{"return": mean, "return_std": standard deviation}`.
    """
    gained = returns(model, source, split, **keywords)
    return {"return": float(gained.mean()), "return_std": float(gained.std())}


def watch(model, source, *, seed=0):
    """Pictures of one greedy episode, a list of uint8 arrays, and its return.

    Args:
        model: the agent.
        source: `Source` of an environment.
        seed: fixes the game.
    """
    environment = source.read("test")(1, seed)
    seen = environments.fitted(environment, source.name, model)
    pictures = []
    gained = play(
        Player(model, seen),
        seen,
        epsilon=_evaluation(model)["epsilon"],
        random=np.random.default_rng(seed),
        watch=lambda: pictures.append(environment.picture()),
    )
    return pictures, float(gained[0])


def _evaluation(model):
    """Settings by which the recipe measures: `episodes` and `epsilon`."""
    recipe = getattr(model, "recipe", None) or {}
    config = recipe.get("experience", {}).get("config", {})
    return {"episodes": 20, "epsilon": 0.0, **config.get("evaluation", {})}
