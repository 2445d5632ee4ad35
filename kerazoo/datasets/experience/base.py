"""What every way to live has in common."""

import collections
import json

import keras
import numpy as np
from keras import ops

from kerazoo.datasets.experience.player import Player


class Experience(keras.utils.PyDataset):
    """Base of the ways to live: it counts, acts, and knows when a generation is spent.

    A subclass gives `live()`, which acts and prepares `updates` batches, and
    `batch(index)`, which slices them.

    Args:
        model: the agent, compiled.
        environment: where it acts, as the model sees it.
        batch_size: steps in a batch.
        updates: batches, and so updates, in a generation.
        seed: fixes actions and order.
    """

    def __init__(self, model, environment, *, batch_size, updates, seed=None):
        super().__init__()
        self.environment = environment
        self.batch_size = batch_size
        self.updates = updates
        self.random = np.random.default_rng(seed)
        self.steps = 0
        self.returns = collections.deque(maxlen=100)
        self.observations = None
        self._lived_at = None
        self.attach(model)

    def attach(self, model):
        """Acts with `model` from now on."""
        self.model = model
        self.player = Player(model, self.environment)

    @property
    def num_batches(self):
        return self.updates

    def on_epoch_begin(self):
        # Keras asks for batches before the first epoch to learn their shapes, and on
        # JAX begins an epoch for that: what was lived is good until it was learned.
        if self._lived_at != self._updates_made():
            self._live()

    def __getitem__(self, index):
        if self._lived_at is None:
            self._live()
        return self.batch(index)

    def _live(self):
        if self.observations is None:
            self.observations = self.environment.reset()
            self._gained = np.zeros(self.environment.count)
        self.live()
        self._lived_at = self._updates_made()

    def _updates_made(self):
        return int(ops.convert_to_numpy(self.model.optimizer.iterations))

    def live(self):
        """Acts for a generation and prepares its batches."""
        raise NotImplementedError

    def batch(self, index):
        """Inputs, targets and perhaps weights of one update."""
        raise NotImplementedError

    def step(self, actions):
        """Plays in every game; keeps count of steps and returns."""
        step = self.environment.step(self.player.legal(actions))
        self.steps += self.environment.count
        self._gained += step.rewards
        ended = step.terminated | step.truncated
        self.returns.extend(self._gained[ended])
        self._gained[ended] = 0
        self.observations = step.observations
        return step

    def state(self):
        """What a continued run needs, as a mapping of arrays. Games start afresh."""
        return {
            "steps": np.array(self.steps),
            "returns": np.array(self.returns),
            "random": np.array(json.dumps(self.random.bit_generator.state)),
        }

    def restore(self, state):
        """Takes up where `state` was taken."""
        self.steps = int(state["steps"])
        self.returns.extend(state["returns"])
        self.random.bit_generator.state = json.loads(str(state["random"]))


def check_choice(environment, method):
    """Raises ValueError where an action is no choice but a vector of numbers."""
    if environment.actions is None:
        raise ValueError(
            f"{method} needs a choice of actions, and this environment takes vectors "
            "of numbers. An agent for it: kerazoo.ppo."
        )


class Progress(keras.callbacks.Callback):
    """Adds to an epoch's logs the mean `return` of the last 100 episodes, and `steps`.

    It must come before callbacks that read them.

    Args:
        experience: what the model is fitted to.
    """

    def __init__(self, experience):
        super().__init__()
        self.experience = experience

    def on_epoch_end(self, epoch, logs=None):
        if self.experience.returns:
            logs["return"] = float(np.mean(self.experience.returns))
        logs["steps"] = self.experience.steps
