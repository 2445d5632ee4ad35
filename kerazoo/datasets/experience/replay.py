"""Acting by values, learned from a memory of the last steps."""

import contextlib

import numpy as np

from kerazoo.datasets.experience.base import Experience, check_choice


class Memory:
    """The last steps of several games, frame by frame, each game in a ring of its own.

    A stack of frames is put together when it is read. An episode that was cut short has
    a last frame after which nothing was done; what follows a terminated one is never
    asked for.

    Args:
        games: number of games.
        length: frames kept of each.
        shape, dtype: of a frame.
        stack: frames that make an observation.
    """

    def __init__(self, games, length, shape, dtype, stack=1):
        self.length, self.stack = length, stack
        self.data = {
            "frames": np.zeros((games, length, *shape), dtype),
            "ages": np.zeros((games, length), "int32"),  # frames before, in an episode
            "actions": np.full((games, length), -1, "int32"),  # -1: a last frame
            "rewards": np.zeros((games, length), "float32"),
            "terminated": np.zeros((games, length), bool),
        }
        self.written = np.zeros(games, "int64")
        self._age = np.zeros(games, "int32")

    def __len__(self):
        return int(np.minimum(self.written, self.length).sum())

    def add(self, frames, actions, step, following):
        """One step of every game.

        Args:
            frames: what was seen.
            actions: what was done.
            step: `Step` that it led to.
            following: the newest frame of `step.following`.
        """
        games = np.arange(len(frames))
        self._write(
            games, frames=frames, ages=self._age, actions=actions,
            rewards=step.rewards, terminated=step.terminated,
        )  # fmt: skip
        self._age += 1
        cut = np.flatnonzero(step.truncated & ~step.terminated)
        self._write(
            cut, frames=following[cut], ages=self._age[cut], actions=-1, rewards=0,
            terminated=False,
        )  # fmt: skip
        self._age[step.terminated | step.truncated] = 0

    def _write(self, games, **values):
        for key, value in values.items():
            self.data[key][games, self.written[games] % self.length] = value
        self.written[games] += 1

    def draw(self, count, random):
        """Steps at random, each as likely: arrays of games and of places in them."""
        # The frame after it must be there, and those before it that it stacks.
        oldest = np.maximum(self.written - self.length, 0)
        oldest += (self.stack - 1) * (oldest > 0)
        choices = self.written - 1 - oldest
        found = []
        while sum(len(games) for games, _ in found) < count:
            games = random.integers(len(choices), size=count)
            places = oldest[games] + random.integers(choices[games])
            acted = self.data["actions"][games, places % self.length] >= 0
            found.append((games[acted], places[acted]))
        games, places = zip(*found, strict=True)
        return np.concatenate(games)[:count], np.concatenate(places)[:count]

    def read(self, key, games, places):
        """`"actions"`, `"rewards"` or `"terminated"` of steps."""
        return self.data[key][games, places % self.length]

    def observations(self, games, places):
        """What was seen at steps: stacks of frames, oldest first."""
        ages = self.read("ages", games, places)
        frames = []
        for back in reversed(range(self.stack)):
            frame = self.read("frames", games, places - back)
            frame[ages < back] = 0
            frames.append(frame)
        return frames[0] if self.stack == 1 else np.concatenate(frames, axis=-1)

    def state(self):
        """The memory as a mapping of arrays, as far as it is filled."""
        filled = min(self.written.max(), self.length)
        kept = {key: value[:, :filled] for key, value in self.data.items()}
        return {**kept, "written": self.written}

    def restore(self, state):
        """Takes the memory from `state`; the games that were under way are cut off."""
        self.written[:] = state["written"]
        for key, values in self.data.items():
            values[:, : state[key].shape[1]] = state[key]
        newest = (self.written - 1) % self.length
        self.data["actions"][np.arange(len(newest)), newest] = -1


class Replay(Experience):
    """Q-learning from a memory of the last steps (Mnih et al., 2015).

    A generation acts for `steps` steps, epsilon-greedily with the weights at its
    start, then draws all its batches from the memory and works out their targets with
    the target network. Targets are packed as `(action, value)`.

    Args:
        model: gives a value for every action.
        environment: with a choice of actions.
        batch_size: steps in a batch.
        updates: updates in a generation.
        steps: steps in a generation, over all games.
        memory: steps kept.
        warmup: random steps before the first update.
        epsilon: share of random actions: `(first, last, steps from one to the other)`.
        gamma: discount of a step.
        target_every: generations between copies of the weights to the target network.
        double: whether the network itself chooses the action that the target network
            values (van Hasselt et al., 2016).
        clip_rewards: whether rewards are clipped to -1..1 for learning.
        seed: fixes actions and order.
    """

    def __init__(
        self, model, environment, *, batch_size, updates, steps, memory, warmup,
        epsilon, gamma, target_every=1, double=False, clip_rewards=False, seed=None,
    ):  # fmt: skip
        check_choice(environment, "Q-learning")
        super().__init__(
            model, environment, batch_size=batch_size, updates=updates, seed=seed
        )
        self.generation_steps = steps
        self.warmup, self.epsilon, self.gamma = warmup, epsilon, gamma
        self.target_every, self.double = target_every, double
        self.clip_rewards = clip_rewards
        *extent, channels = environment.shape
        length = memory // environment.count
        if length < environment.frames + 2:
            raise ValueError(
                f"`memory` must hold more than {environment.frames + 1} steps of each "
                f"of the {environment.count} games. Received: memory={memory}"
            )
        self.channels = channels // environment.frames
        self.memory = Memory(
            environment.count, length, (*extent, self.channels), environment.dtype,
            environment.frames,
        )  # fmt: skip
        self.generations = 0
        self.target = None

    def live(self):
        if self.generations % self.target_every == 0:
            self.target = self.model.get_weights()
        end = self.steps + self.generation_steps
        if self.steps < self.warmup:
            end = self.warmup + self.generation_steps
        while self.steps < end:
            seen = self.observations[..., -self.channels :]
            actions = self._choose()
            step = self.step(actions)
            following = step.following[..., -self.channels :]
            self.memory.add(seen, actions, step, following)
        self._games, self._places = self.memory.draw(
            self.updates * self.batch_size, self.random
        )
        self._targets = self._work_out()
        self.generations += 1

    def _choose(self):
        first, last, duration = self.epsilon
        done = min(max(self.steps - self.warmup, 0) / duration, 1)
        epsilon = 1 if self.steps < self.warmup else first + (last - first) * done
        count = self.environment.count
        at_random = self.random.random(count) < epsilon
        actions = self.random.integers(self.environment.actions, size=count)
        if at_random.all():
            return actions
        return np.where(at_random, actions, self.player.best(self.observations))

    def _work_out(self):
        rewards = self.memory.read("rewards", self._games, self._places)
        if self.clip_rewards:
            rewards = rewards.clip(-1, 1)
        over = self.memory.read("terminated", self._games, self._places)
        choices = self._following(lambda q: q.argmax(-1)) if self.double else None
        with self._target_network():
            if self.double:
                values = self._following(lambda q: q)
                values = np.take_along_axis(values, choices[:, None], -1)[:, 0]
            else:
                values = self._following(lambda q: q.max(-1))
        targets = rewards + self.gamma * np.where(over, 0, values)
        actions = self.memory.read("actions", self._games, self._places)
        return np.stack([actions, targets], axis=-1).astype("float32")

    def _following(self, function):
        """`function` of the values of actions after each drawn step."""
        games, places, rows = self._games, self._places + 1, self.player.ROWS
        parts = [slice(i, i + rows) for i in range(0, len(games), rows)]
        return np.concatenate(
            [
                function(self.player(self.memory.observations(games[p], places[p])))
                for p in parts
            ]
        )

    @contextlib.contextmanager
    def _target_network(self):
        """The model with the weights of the target network."""
        if self.generations % self.target_every == 0:
            yield  # they are its own
            return
        own = self.model.get_weights()
        self.model.set_weights(self.target)
        yield
        self.model.set_weights(own)

    def batch(self, index):
        part = slice(index * self.batch_size, (index + 1) * self.batch_size)
        seen = self.memory.observations(self._games[part], self._places[part])
        return seen, self._targets[part]

    def state(self):
        target = {f"target/{i}": value for i, value in enumerate(self.target)}
        memory = {f"memory/{key}": value for key, value in self.memory.state().items()}
        generations = {"generations": np.array(self.generations)}
        return {**super().state(), **generations, **target, **memory}

    def restore(self, state):
        super().restore(state)
        self.generations = int(state["generations"])
        count = sum(key.startswith("target/") for key in state)
        self.target = [state[f"target/{i}"] for i in range(count)]
        memory = {
            key.removeprefix("memory/"): value
            for key, value in state.items()
            if key.startswith("memory/")
        }
        self.memory.restore(memory)
