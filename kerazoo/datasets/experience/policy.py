"""Acting by a policy, learned from its own steps."""

import numpy as np

from kerazoo.datasets.experience.base import Experience, check_choice


def advantages(rewards, values, following, terminated, ended, *, gamma, lambda_):
    """Generalised advantage estimates (Schulman et al., 2016, equation 16).

    Args:
        rewards: `(steps, games)`, as all of them.
        values: of the states acted in.
        following: values of the states that the actions led to.
        terminated: whether the game was over there, and the value is none.
        ended: whether the episode ended there, terminated or cut short.
        gamma: discount of a step.
        lambda_: weight of later steps, 0 for one step, 1 for the whole episode.
    """
    surprise = rewards + gamma * following * ~terminated - values
    result = np.zeros_like(values)
    later = np.zeros_like(values[0])
    for t in reversed(range(len(rewards))):
        later = surprise[t] + gamma * lambda_ * later * ~ended[t]
        result[t] = later
    return result


class Rollouts(Experience):
    """Steps of the present policy, used several times (Schulman et al., 2017).

    A generation acts for `length` steps in every game and passes over them `passes`
    times in random order. Targets are packed: of the `"policy"` `(action, its
    log-probability, advantage)`, advantages standardised in every batch; of the
    `"value"` the return.

    Args:
        model: gives a mapping of `"policy"` and `"value"`.
        environment: where it acts.
        batch_size: steps in a batch.
        length: steps in a generation, in each game.
        passes: how often each step is learned from.
        gamma: discount of a step.
        lambda_: weight of later steps in the advantage.
        seed: fixes actions and order.
    """

    def __init__(
        self, model, environment, *, batch_size, length, passes, gamma, lambda_,
        seed=None,
    ):  # fmt: skip
        per_pass = length * environment.count // batch_size
        if not per_pass:
            raise ValueError(
                f"`batch_size` must be at most the {length * environment.count} steps "
                f"of a generation. Received: {batch_size}"
            )
        super().__init__(
            model, environment, batch_size=batch_size, updates=passes * per_pass,
            seed=seed,
        )  # fmt: skip
        self.length, self.passes = length, passes
        self.gamma, self.lambda_ = gamma, lambda_

    def live(self):
        games, length = self.environment.count, self.length
        shape = (length, games)
        seen = np.zeros((*shape, *self.environment.shape), self.environment.dtype)
        values, following, rewards, log_p = np.zeros((4, *shape), "float32")
        terminated, ended = np.zeros((2, *shape), bool)
        done, cut = [], []
        for t in range(length):
            outputs = self.player(self.observations)
            actions, log_p[t] = self.player.draw(outputs, self.random)
            seen[t], values[t] = self.observations, outputs["value"][:, 0]
            step = self.step(actions)
            rewards[t], terminated[t] = step.rewards, step.terminated
            ended[t] = step.terminated | step.truncated
            done.append(actions.reshape(games, -1))
            where = np.flatnonzero(step.truncated & ~step.terminated)
            cut += [(t, game, step.following[game]) for game in where]
        following[:-1] = values[1:]
        following[-1] = self.player(self.observations)["value"][:, 0]
        if cut:  # what would have followed, had time not been up
            times, where, last = zip(*cut, strict=True)
            following[times, where] = self.player(np.stack(last))["value"][:, 0]
        gained = advantages(
            rewards, values, following, terminated, ended, gamma=self.gamma,
            lambda_=self.lambda_,
        )  # fmt: skip
        self._seen = seen.reshape(-1, *self.environment.shape)
        packed = [np.stack(done), log_p[..., None], gained[..., None]]
        self._policy = np.concatenate(packed, axis=-1).astype("float32")
        self._policy = self._policy.reshape(length * games, -1)
        self._value = (gained + values).reshape(-1, 1)
        used = self.updates // self.passes * self.batch_size
        order = [self.random.permutation(len(self._seen)) for _ in range(self.passes)]
        self._order = np.concatenate([one[:used] for one in order])

    def batch(self, index):
        part = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        policy = self._policy[part]
        gained = policy[:, -1]
        policy[:, -1] = (gained - gained.mean()) / (gained.std() + 1e-8)
        return self._seen[part], {"policy": policy, "value": self._value[part]}


class Episodes(Experience):
    """Whole episodes of the present policy for one update (Williams, 1992).

    A generation plays rounds, one episode in every game, until there are `batch_size`
    steps, and draws as many of them for its one update. Targets are the actions; each
    is weighted by its reward-to-go less a baseline, the mean or, where the model gives
    one, the `"value"`; and scaled to standard deviation 1.

    Args:
        model: gives logits, or a mapping of `"policy"` and `"value"`.
        environment: with a choice of actions.
        batch_size: steps in the batch.
        gamma: discount of a step.
        seed: fixes actions and draw.
    """

    def __init__(self, model, environment, *, batch_size, gamma, seed=None):
        check_choice(environment, "REINFORCE")
        super().__init__(
            model, environment, batch_size=batch_size, updates=1, seed=seed
        )
        self.gamma = gamma

    def live(self):
        rounds = []
        while sum(len(to_go) for _, _, to_go in rounds) < self.batch_size:
            rounds.append(self._round())
        steps = [np.concatenate(part) for part in zip(*rounds, strict=True)]
        drawn = self.random.permutation(len(steps[0]))[: self.batch_size]
        self._seen, self._actions, self._to_go = (part[drawn] for part in steps)
        outputs = self.player(self._seen)
        self._has_value = isinstance(outputs, dict)
        weights = self._to_go - (outputs["value"][:, 0] if self._has_value else 0)
        if not self._has_value:
            weights = weights - weights.mean()
        self._weights = (weights / (weights.std() + 1e-8)).astype("float32")

    def _round(self):
        """Observations, actions and rewards-to-go of an episode of every game."""
        observations = self.environment.reset()
        playing = np.ones(self.environment.count, bool)
        seen, actions, rewards, counts = [], [], [], []
        while playing.any():
            drawn, _ = self.player.draw(self.player(observations), self.random)
            step = self.environment.step(drawn)
            seen.append(observations)
            actions.append(drawn)
            rewards.append(np.where(playing, step.rewards, 0))
            counts.append(playing.copy())
            playing &= ~(step.terminated | step.truncated)
            observations = step.observations
        counts, to_go = np.stack(counts), np.stack(rewards)
        self.steps += int(counts.sum())
        self.returns.extend(to_go.sum(axis=0))
        for t in reversed(range(len(to_go) - 1)):
            to_go[t] += self.gamma * to_go[t + 1]
        return np.stack(seen)[counts], np.stack(actions)[counts], to_go[counts]

    def batch(self, index):
        actions = self._actions.astype("int32")
        if not self._has_value:
            return self._seen, actions, self._weights
        targets = {"policy": actions, "value": self._to_go[:, None]}
        weights = {"policy": self._weights, "value": np.ones_like(self._weights)}
        return self._seen, targets, weights
